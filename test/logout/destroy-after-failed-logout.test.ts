import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { whoIs } from '../support/bed.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const END = 'connectAuth:endSessionBuffer';

function addRoutes(server: Express): void {
  server.get('/destroy', (req, res) => {
    req.session.destroy((error) => void res.status(error ? error.status : 200).end());
  });
  server.get('/logout-by-hand', async (req) => {
    await req.auth.logout();
  });
}

/**
 * A browser that is logged in, and has the cookie of a logout that failed before, whose session can still not be ended:
 * by a process that is gone since, so that nobody goes on with it.
 */
async function logInAfterFailedLogout() {
  const gate = gateRedis(redis.client());
  const first = await startApp({ op, redis: gate.client, handlers: addRoutes });
  const browser = first.browser();
  await first.logIn(browser);
  const fail = () => {
    gate.onCommand = (name) => {
      if (name === END) throw new Error('read ECONNRESET');
    };
  };
  fail();
  expect((await browser.post('/logout')).status).toBe(503);
  await first.auth.close();

  const app = await startApp({ op, redis: gate.client, handlers: addRoutes, baseUrl: first.origin });
  const here = app.browser(browser.jar);
  const callback = await op.signIn((await here.get('/login')).headers.get('location')!);
  const { pathname, search } = new URL(callback.url);
  expect((await here.get(pathname + search)).status).toBe(303);
  op.forgetRequests();
  // What ends first is the session of the browser; the older one is not reached.
  let ends = 0;
  gate.onCommand = (name) => {
    ends += name === END ? 1 : 0;
    if (ends > 1) throw new Error('read ECONNRESET');
  };
  const restore = () => {
    gate.onCommand = () => undefined;
  };
  return { app, browser: here, restore };
}

describe('an earlier logout that cannot be made up for', () => {
  it.each([
    ['req.session.destroy()', 'destroyed', '/destroy'],
    ['req.auth.logout()', 'logout', '/logout-by-hand'],
  ])('keeps %s neither from telling nor from revoking (N-23)', async (_, reason, path) => {
    const { app, browser, restore } = await logInAfterFailedLogout();
    const old = app.browser(browser.jar.clone());
    expect((await browser.get(path)).status).toBe(503);
    expect(app.logouts.map((event) => event.reason)).toEqual([reason]);
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    restore();
    expect(await whoIs(browser)).toBeNull();
    expect(await whoIs(old)).toBeNull();
  });

  it('is made up for by the next one, which both are told of (N-23)', async () => {
    const { app, browser, restore } = await logInAfterFailedLogout();
    restore();
    expect((await browser.get('/destroy')).status).toBe(200);
    expect(app.logouts.map(({ reason }) => reason).sort()).toEqual(['destroyed', 'logout']);
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    expect(await whoIs(browser)).toBeNull();
  });
});
