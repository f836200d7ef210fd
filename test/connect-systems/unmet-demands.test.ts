import { describe, expect, it } from '@jest/globals';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createDidEmulator } from '../emulators/did.ts';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { atConnectis, atDid, atFewlines, atTelenor } from '../support/connect-systems.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { walkProvider } from '../support/provider-walk.ts';
import { setUpSystem } from '../support/system-bed.ts';

const fewlines = setUpSystem(createFewlinesEmulator);
const did = setUpSystem(createDidEmulator);
const telenor = setUpSystem(createTelenorEmulator);
const connectis = setUpSystem(createConnectisEmulator);

/** Follows a browser to where it comes to rest, and counts how often it was sent to the provider. */
async function walk(app: TestApp, browser: BrowserClient, path: string) {
  let answer = await browser.get(path);
  let trips = 0;
  for (let hop = 0; hop < 40; hop += 1) {
    const location = answer.headers.get('location');
    if (!location) break;
    if (location.startsWith('/')) {
      answer = await browser.get(location);
    } else {
      trips += 1;
      answer = await browser.deliver(await walkProvider(location, createCookieJar(), { person: '' }));
    }
  }
  return { status: answer.status, trips, error: app.errors.at(-1)?.error.code };
}

const insufficient = { status: 403, error: 'login_insufficient' };

describe('a system that says nothing of when and how a person logged in', () => {
  it.each([
    ['Fewlines', '/strong', () => fewlines.start(atFewlines(fewlines.emulator))],
    ['Fewlines', '/fresh', () => fewlines.start(atFewlines(fewlines.emulator))],
    ['DID.app', '/strong', () => did.start(atDid(did.emulator))],
    ['DID.app', '/fresh', () => did.start(atDid(did.emulator))],
  ])('is asked for nothing of it: %s at %s (N-02)', async (_name, path, start) => {
    const app = await start();
    const browser = app.browser();
    expect(await walk(app, browser, path)).toEqual({ ...insufficient, trips: 0 });
    expect(await walk(app, browser, '/me')).toMatchObject({ status: 200, trips: 1 });
    expect(await walk(app, browser, path)).toEqual({ ...insufficient, trips: 0 });
    expect((await browser.get('/me')).status).toBe(200);
  });

  it.each([
    ['acrValues', { acrValues: ['2'] }, /acr/],
    ['maxAgeSeconds', { maxAgeSeconds: 60 }, /auth_time/],
  ])('is not asked for it by a handler either: %s (N-02)', async (_name, asked, message) => {
    const app = await fewlines.start(atFewlines(fewlines.emulator), {
      handlers: (server) => {
        server.get('/ask', (req, _res, next) => {
          req.auth.login({ ...asked, returnTo: '/' }).catch(next);
        });
        server.use(((error, _req, res, _next) => {
          res.status(error.status).json({ error: error.code, message: error.message });
        }) as import('express').ErrorRequestHandler);
      },
    });
    const answer = await app.browser().get('/ask');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('location')).toBeNull();
    const told = app.errors[0]?.error ?? (await answer.json());
    expect(told.message).toMatch(message);
  });
});

describe('a system that could say it, and does not', () => {
  it.each([
    ['an old auth_time', '/fresh', 'stale-auth-time'],
    ['a lower acr', '/strong', 'lower-acr'],
  ] as const)('gets one login and a page: Telenor with %s (N-02, N-03)', async (_what, path, attack) => {
    const app = await telenor.start(atTelenor(telenor.emulator));
    telenor.emulator.set({ attack });
    expect(await walk(app, app.browser(), path)).toEqual({ ...insufficient, trips: 1 });
  });

  it.each(['/fresh', '/strong'])('gets one login and a page: Connectis at %s (N-02, N-03)', async (path) => {
    const app = await connectis.start(atConnectis(connectis.emulator));
    expect(await walk(app, app.browser(), path)).toEqual({ ...insufficient, trips: 1 });
  });

  it.each([
    '/fresh',
    '/strong',
  ])('gets one login and a page: Connectis by the implicit flow, at %s (N-02, N-03)', async (path) => {
    const options = { dangerouslyUseImplicitFlow: true };
    const app = await connectis.start(atConnectis(connectis.emulator, { options }));
    expect(await walk(app, app.browser(), path)).toEqual({ ...insufficient, trips: 1 });
  });
});
