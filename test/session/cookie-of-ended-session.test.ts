import { expect, it } from '@jest/globals';
import { setUpBed, whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';

const bed = setUpBed();
const IDLE_SECONDS = 600;

it.each([
  'redis',
  'memory',
])('a slow request that finds its session over takes no newer login away, in %s', async (kind) => {
  const [arrived, released] = [createGate(), createGate()];
  const app = await bed.start({
    ...{ redis: kind === 'redis' ? bed.redis.url : 'memory', now: bed.clock.now },
    session: { idleTimeoutSeconds: IDLE_SECONDS },
    handlers: (server) =>
      server.get('/slow', async (req, res) => {
        arrived.open();
        await released.opened;
        res.json(req.auth.isAuthenticated);
      }),
  });
  const browser = app.browser();
  await app.logIn(browser);
  bed.clock.advance((IDLE_SECONDS + 1) * 1000);
  const answering = browser.get('/slow');
  await arrived.opened;
  expect(app.logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
  await app.logIn(browser);
  released.open();
  expect(await (await answering).json()).toBe(false);
  expect(await whoIs(browser)).toBe('ada');
});
