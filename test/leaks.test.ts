import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ErrorRequestHandler, Express } from 'express';
import { providers } from 'express-connect-auth';
import { deriveKey } from '../src/keys.ts';
import { type ApiServer, startApiServer } from './support/api-server.ts';
import type { TestApp, TestAppOptions } from './support/app.ts';
import { setUpBed } from './support/bed.ts';
import type { BrowserClient, Callback } from './support/browser-client.ts';
import { type IssuedSecrets, watchIssued } from './support/issued-tokens.ts';
import { createLeakWatch } from './support/leak-watch.ts';
import { json } from './support/scripted-answers.ts';
import { readSessionId } from './support/session-records.ts';
import { startTcpFaultProxy } from './support/tcp-fault-proxy.ts';

const SECRET = 'a secret of the tests that must not be seen anywhere';
const CLIENT_SECRET = 'the-secret-of-the-app-at-the-provider';
const PASSWORD = 'a-password-of-redis-that-nobody-may-see';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
const XHR = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

/** What leaves the application by any way, and apart from it what lies in Redis. */
const outside = createLeakWatch();
const store = createLeakWatch();
/** Only the browser may have these, so that they are in its answers and nowhere else. */
const unspoken = createLeakWatch();
const bearers: string[] = [];
let issued: IssuedSecrets;
let api: ApiServer;

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;
const seeWarning = (warning: Error) => seeInside('a warning', warning);
beforeAll(async () => {
  issued = watchIssued(bed.op);
  api = await startApiServer();
  for (const method of METHODS) {
    jest.spyOn(console, method).mockImplementation((...args) => seeInside('the console', args));
  }
  process.on('warning', seeWarning);
});
afterAll(async () => {
  jest.restoreAllMocks();
  process.off('warning', seeWarning);
  await api.close();
});

function seeInside(where: string, what: unknown): void {
  outside.see(where, what);
  unspoken.see(where, what);
}

/** An application that uses all there is, shows its errors to a handler, and is watched. */
async function start(options: Partial<TestAppOptions> = {}) {
  const app = await bed.start({
    ...{ redis: bed.redis.url, secret: SECRET, now: bed.clock.now, storeTimeoutMs: 500 },
    ...{ apiOrigins: [api.origin], handlers: addWatchedRoutes, ...options },
  });
  seeInside('the middleware', app.auth);
  const browser = outside.watchBrowser(app.browser());
  return { app, browser };
}

function addWatchedRoutes(server: Express): void {
  server.get('/use', async (req, res) => {
    await req.auth.getAccessToken();
    const { status } = await req.auth.fetch(api.origin);
    await req.auth.fetchUserInfo();
    seeInside('req.auth', req.auth);
    outside.see('the request', req);
    outside.see('the response', res);
    res.json({ status });
  });
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json(req.auth);
  });
  server.get('/elsewhere', async (req) => {
    await req.auth.fetch('https://elsewhere.example');
  });
  const see: ErrorRequestHandler = (error, _req, _res, next) => {
    seeInside('an error', error);
    next(error); // To Express's own handler, which shows the stack.
  };
  server.use(see);
}

/** Looks through all that was told to hooks and all that is in Redis by now. */
async function lookAround({ app, browser }: { app: TestApp; browser: BrowserClient }): Promise<void> {
  for (const { req, res, ...event } of [...app.logins, ...app.logouts, ...app.errors] as object[] &
    { req?: unknown; res?: unknown }[]) {
    seeInside('an event', event);
    outside.see('the request of an event', req);
    outside.see('the response of an event', res);
  }
  store.see('Redis', await bed.redis.dump());
  for (const { value } of browser.jar.all()) {
    bearers.push(
      ...decodeURIComponent(value)
        .split(/[.:]/)
        .filter((part) => part.length > 20),
    );
  }
}

function expectNoLeak(): void {
  const { accessTokens, refreshTokens, idTokens, codes, verifiers } = issued;
  const tokens = { accessTokens, refreshTokens, idTokens, codes, verifiers };
  const keys = ['cookie signature', 'tokens', 'login'].map((purpose) =>
    Buffer.from(deriveKey(SECRET, purpose)).toString('base64url'),
  );
  const configured = { secrets: [SECRET, CLIENT_SECRET, PASSWORD], keys };
  for (const values of Object.values(tokens)) expect(values.length).toBeGreaterThan(0);
  expect(bearers.length).toBeGreaterThan(0);
  const { codes: _, ...withoutCodes } = tokens;
  expect(outside.find({ ...withoutCodes, ...configured })).toEqual([]);
  expect(unspoken.find({ codes, bearers })).toEqual([]);
  expect(store.find({ ...tokens, ...configured, bearers })).toEqual([]);
}

describe('no token, code, verifier or secret leaves the application (R-50, F-122)', () => {
  it.each([
    'query',
    'form_post',
  ] as const)('in a login by %s, in using its tokens, and in a logout', async (responseMode) => {
    const { app, browser } = await start({ oidc: { responseMode, userinfoAtLogin: true } });
    await browser.get('/me');
    await app.logIn(browser, { path: '/me' });
    await lookAround({ app, browser });
    for (const path of ['/', '/me', '/use', '/save?a=1', '/renew', '/use', '/logout', '/login'])
      await browser.get(path);
    bed.clock.advance(300_000);
    api.answer = () => json(401, {});
    for (const path of ['/use', '/elsewhere', '/oauth/callback']) await browser.get(path);
    await browser.get('/me', XHR);
    await lookAround({ app, browser });
    expect((await browser.post('/logout', {}, XHR)).status).toBe(200);
    await browser.post('/logout');
    await lookAround({ app, browser });
    expectNoLeak();
  });

  it('in callbacks that are refused', async () => {
    const { app, browser } = await start();
    const begin = async (): Promise<Callback> => {
      const redirect = await browser.get('/login');
      return bed.op.signIn(redirect.headers.get('location')!);
    };
    const used = await begin();
    await browser.deliver(used);
    await browser.post('/logout');
    for (const change of ['state', 'code', 'iss']) {
      const url = new URL((await begin()).url);
      url.searchParams.set(change, `${url.searchParams.get(change)}x`);
      expect((await browser.deliver({ method: 'GET', url: url.href })).status).toBeGreaterThanOrEqual(400);
    }
    await browser.deliver(used);
    await app.browser().deliver(await begin());
    await browser.deliver({ ...(await begin()), method: 'POST', body: new URLSearchParams({ code: 'x' }) });
    await lookAround({ app, browser });
    expect(app.errors.length).toBeGreaterThan(3);
    expectNoLeak();
  });

  it('in faults of the provider, not even when it says itself what was sent', async () => {
    const { app, browser } = await start();
    const echo = (secret: string) => ({
      error: 'invalid_request',
      error_description: `The secret ${CLIENT_SECRET} does not fit ${secret}.`,
    });
    const faults = [
      () => bed.op.answerNext('token', { status: 400, body: echo(issued.codes.at(-1) ?? '') }),
      () => bed.op.answerNext('token', { status: 500, body: echo(CLIENT_SECRET) }),
      () =>
        bed.op.answerNext('token', { status: 200, body: { access_token: CLIENT_SECRET, token_type: 'mac' } }),
      () => bed.op.loseNextAnswer('token'),
      () => bed.op.answerNext('jwks', { status: 500 }),
    ];
    for (const fail of faults) {
      fail();
      await app.logIn(browser);
    }
    await app.logIn(browser);
    for (const fail of faults) {
      bed.clock.advance(300_000);
      fail();
      await browser.get('/use');
      await lookAround({ app, browser });
    }
    bed.op.answerNext('userinfo', { status: 401, body: echo(issued.accessTokens.at(-1)!) });
    await browser.get('/use');
    await app.logIn(browser);
    bed.op.answerNext('revocation', { status: 400, body: echo(issued.refreshTokens.at(-1)!) });
    await browser.post('/logout');
    await lookAround({ app, browser });
    expectNoLeak();
  });

  it('in faults of Redis: away, full, or refusing us (F-14, F-15)', async () => {
    const proxy = await startTcpFaultProxy(bed.redis);
    const { app, browser } = await start({ redis: proxy.url });
    await app.logIn(browser);
    const full = (bytes: number) => bed.redis.client().config('SET', 'maxmemory', bytes);
    const faults = [
      [() => proxy.refuse(), () => proxy.pass()],
      [() => full(1), () => full(0)],
    ] as const;
    for (const [fail, mend] of faults) {
      const redirect = await outside.watchBrowser(app.browser()).get('/login');
      const callback = await bed.op.signIn(redirect.headers.get('location')!);
      bed.clock.advance(300_000);
      await fail();
      for (const path of ['/', '/me', '/use', '/save?secret=1', '/renew', '/login']) await browser.get(path);
      await browser.deliver(callback);
      await browser.post('/logout');
      await mend();
      await app.logIn(browser);
      await lookAround({ app, browser });
    }
    await bed.redis
      .client()
      .call('ACL', 'SETUSER', 'poor', 'on', `>${PASSWORD}`, '~*', '+@all', '-evalsha', '-eval');
    for (const [user, password] of [
      ['poor', PASSWORD],
      ['poor', `${PASSWORD} mistyped`],
      ['nobody', PASSWORD],
    ]) {
      const redis = bed.redis.url.replace('//', `//${user}:${encodeURIComponent(password!)}@`);
      const refused = await start({ redis });
      for (const path of ['/login', '/save?a=1', '/']) await refused.browser.get(path);
      await app.logIn(browser);
      const known = outside.watchBrowser(refused.app.browser(browser.jar.clone()));
      for (const path of ['/me', '/use', '/save?a=2']) await known.get(path);
      seeInside('the health', await refused.app.auth.health());
      await lookAround(refused);
    }
    await proxy.close();
    expectNoLeak();
  });

  it('in the options and what is made of them', async () => {
    const provider = { issuer: bed.op.issuer, clientId: 'app', clientSecret: CLIENT_SECRET };
    seeInside('a definition', providers.oidc(provider));
    const wrong = { scope: 'profile' };
    await start({ secret: SECRET.slice(0, 20) }).catch((error) => seeInside('a start', error));
    await start({ oidc: wrong }).catch((error) => seeInside('a start', error));
    await start({ redis: { password: PASSWORD, keyPrefix: 'x' } }).catch((error) =>
      seeInside('a start', error),
    );
    expectNoLeak();
  });

  it('where it would be seen if it did', async () => {
    const { app, browser } = await start({
      handlers: (server) =>
        server.get('/leak', async (req, res) => void res.json(await req.auth.getAccessToken())),
    });
    await app.logIn(browser);
    const { accessTokens } = issued;
    const watch = createLeakWatch();
    await watch.watchBrowser(browser).get('/leak');
    watch.see(
      'an error',
      new Error('outer', { cause: Object.assign(new Error('inner'), { hidden: accessTokens }) }),
    );
    watch.see('an encoded form', Buffer.from(accessTokens.at(-1)!).toString('base64url'));
    expect(watch.find({ accessTokens })).toEqual([
      'accessTokens in the answer to /leak',
      'accessTokens in an error',
      'accessTokens in an encoded form',
    ]);
    expect(store.find({ sessions: [readSessionId(browser)] })).toEqual([]);
  });
});
