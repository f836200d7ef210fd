import { afterEach, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';
import { ask } from '../support/token-routes.ts';
import { useTwoProcesses } from '../support/two-processes.ts';
import { until } from '../support/until.ts';

const { op, redis, logIn, processes, clock } = await useTwoProcesses((app) => {
  app.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json('renewed');
  });
});
const database = redis.client();
afterEach(async () => {
  for (const { gate } of processes) gate.onCommand = () => undefined;
  await database.flushdb();
});

/** Holds the first process back before a command, until it is let go. */
function holdAt(command: string) {
  const [arrived, released] = [createGate(), createGate()];
  processes[0].gate.onCommand = async (name) => {
    if (name !== command) return;
    arrived.open();
    await released.opened;
  };
  return { arrived: arrived.opened, release: () => released.open() };
}

/** What becomes of a lock whose owner stands still beyond its lease. */
const loseLock = async () => void (await database.del(await database.keys('*lock:*')));

it.each([
  'connectAuth:writeLogin',
  'connectAuth:rotateSession',
])('a change of id that stood still beyond its lease, at %s, loses no tokens that were refreshed meanwhile (N-13)', async (command) => {
  const { one, two, given } = await logIn();
  const held = holdAt(command);
  const renewing = one.get('/renew', { accept: 'application/json' });
  await held.arrived;
  await loseLock();
  const refreshed = await ask(two);
  expect(refreshed.status).toBe(200);
  held.release();
  expect((await renewing).status).toBe(200);
  expect(await ask(one)).toMatchObject({ status: 200, token: refreshed.token });
  // The refresh token that came with it is not spent.
  clock.advance(3_600_000);
  expect((await ask(one)).status).toBe(200);
  const sent = op.requests('token').map(({ params }) => params.get('refresh_token'));
  expect(sent).toEqual(given.slice(0, 2));
  expect(await whoIs(two)).toBeNull();
});

it('a change of id that stood still beyond its lease waits for a refresh that has been sent meanwhile', async () => {
  const { one, two, given } = await logIn();
  const held = holdAt('connectAuth:rotateSession');
  const renewing = one.get('/renew', { accept: 'application/json' });
  await held.arrived;
  await loseLock();
  const [arrived, released] = [createGate(), createGate()];
  processes[1].gate.onCommand = async (name) => {
    if (name !== 'connectAuth:swapTokens') return;
    arrived.open();
    await released.opened;
  };
  const refreshing = ask(two);
  await arrived.opened;
  let tries = 0;
  processes[0].gate.onCommand = (name) => {
    if (name === 'connectAuth:rotateSession') tries += 1;
  };
  held.release();
  await until(() => tries > 1);
  released.open();
  const refreshed = await refreshing;
  expect(refreshed.status).toBe(200);
  expect((await renewing).status).toBe(200);
  expect(await ask(one)).toMatchObject({ status: 200, token: refreshed.token });
  expect(op.requests('token').map(({ params }) => params.get('refresh_token'))).toEqual(given.slice(0, 1));
});

it('a change of id that stood still beyond its lease ends when a refresh has said so meanwhile', async () => {
  const { one, two } = await logIn();
  const held = holdAt('connectAuth:rotateSession');
  const renewing = one.get('/renew', { accept: 'application/json' });
  await held.arrived;
  await loseLock();
  const end = Math.floor(clock.now() / 1000) + 1800;
  op.script({ claims: (claims) => ({ ...claims, session_expiry: end }) });
  expect((await ask(two)).status).toBe(200);
  held.release();
  expect((await renewing).status).toBe(200);
  clock.advance(1_795_000);
  expect(await whoIs(one)).toBe('ada');
  clock.advance(10_000);
  expect(await whoIs(one)).toBeNull();
});
