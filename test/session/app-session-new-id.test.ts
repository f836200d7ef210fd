import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Express, Request } from 'express';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';

const bed = setUpBed();

/** Touches the session and changes it, waits, goes on, and answers. */
function addSlowRoute(server: Express, goOn: (req: Request) => Promise<unknown>) {
  const [arrived, released] = [createGate(), createGate()];
  server.get('/slow', async (req, res) => {
    Object.assign(req.session, { slow: true });
    arrived.open();
    await released.opened;
    await goOn(req).catch(() => undefined);
    res.json(req.user?.sub ?? null);
  });
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.end();
  });
  server.get('/regenerate', async (req, res) => {
    await promisify(req.session.regenerate.bind(req.session))();
    res.end();
  });
  return { arrived: arrived.opened, release: released.open };
}

describe.each([
  'redis',
  'memory',
] as const)('req.session of a request whose session gets another id, in %s,', (kind) => {
  const redis = () => (kind === 'redis' ? bed.redis.url : 'memory');

  it.each([
    ['touched by session.describe', { describe: true, onLogout: false }],
    ['touched by onLogout of the session that is replaced', { describe: false, onLogout: true }],
  ])('is that of the login, though it was %s', async (_name, touches) => {
    const app = await bed.start({
      redis: redis(),
      session: {
        describe: (req) => {
          if (touches.describe) Object.assign(req.session, { seen: 'before' });
          return 'a browser';
        },
      },
      onLogout: ({ req }) => {
        if (touches.onLogout && req) Object.assign(req.session, { seen: 'before' });
      },
      onLogin: ({ req }) => void Object.assign(req.session, { welcome: true }),
    });
    const browser = app.browser();
    await browser.get('/save?cart=3');
    await app.logIn(browser, { as: 'bob' });
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('ada');
    expect(await dataOf(browser)).toEqual({ welcome: true });
  });

  describe.each([false, true])('persistent: %s,', (persistent) => {
    it.each([
      ['and asks for a token', '/renew', (req: Request) => req.auth.getAccessToken()],
      ['and asks for a token', '/regenerate', (req: Request) => req.auth.getAccessToken()],
      ['and goes on', '/renew', async () => undefined],
      ['and goes on', '/regenerate', async () => undefined],
    ] as const)('does not set the cookie of the old one again: %s after %s elsewhere', async (_name, path, goOn) => {
      let slow!: ReturnType<typeof addSlowRoute>;
      const app = await bed.start({
        redis: redis(),
        session: { persistent },
        handlers: (server) => {
          slow = addSlowRoute(server, goOn);
        },
      });
      const browser = app.browser();
      await app.logIn(browser);
      const answering = browser.get('/slow');
      await slow.arrived;
      await browser.get(path);
      slow.release();
      expect((await answering).headers.getSetCookie()).toEqual([]);
      expect(await whoIs(browser)).toBe('ada');
    });
  });

  it('is a new one of nobody where the login is found to be over, and what is written then stays', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await bed.start({
      redis: redis(),
      handlers: (server) => {
        slow = addSlowRoute(server, async (req) => {
          await req.auth.getAccessToken().catch(() => undefined);
          Object.assign(req.session, { after: true });
        });
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    const answering = browser.get('/slow');
    await slow.arrived;
    await app.browser(browser.jar.clone()).post('/logout');
    slow.release();
    await answering;
    expect(await whoIs(browser)).toBeNull();
    expect(await dataOf(browser)).toEqual({ after: true });
  });

  it('of nobody is not brought back to a browser that somebody has logged in with meanwhile', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await bed.start({
      redis: redis(),
      session: { persistent: true },
      handlers: (server) => {
        slow = addSlowRoute(server, async () => undefined);
      },
    });
    const browser = app.browser();
    await browser.get('/save?cart=3');
    const answering = browser.get('/slow');
    await slow.arrived;
    await app.logIn(browser);
    slow.release();
    await answering;
    expect(await whoIs(browser)).toBe('ada');
  });
});
