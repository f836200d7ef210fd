import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers, type RequestAuth } from 'express-connect-auth';
import { decodeJwt } from 'jose';
import { createSecret } from '../../src/secret.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { json } from '../support/scripted-answers.ts';
import { keysOf, readSessionId, redisKeysOf } from '../support/session-records.ts';
import { RESOURCES, setUpStrictBed } from '../support/strict-provider.ts';

const bed = setUpStrictBed(RESOURCES, { accessTokenSeconds: 300 });
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const [ONE, TWO, THREE] = ['https://one.example', 'urn:example:two', 'https://three.example/v1?x=1'];
const OVER = 310_000;

type Task = (auth: RequestAuth) => Promise<unknown>;

/** An application with a page that does as the test says. */
async function start(options: Partial<TestAppOptions> = {}) {
  let task: Task = async () => undefined;
  const app = await bed.start({
    now: bed.clock.now,
    apiOrigins: [api.origin],
    oidc: { resource: [ONE, TWO, THREE], scope: 'openid offline_access', userinfoAtLogin: false },
    ...options,
    handlers: (server) => {
      server.get('/do', async (req, res) => {
        const failed = (error: Error & { code?: string; oauthError?: string }) => ({
          failed: error.code,
          oauthError: error.oauthError,
        });
        res.json(await task(req.auth).catch(failed));
      });
    },
  });
  const run = async (browser: { get(path: string): Promise<Response> }, work: Task): Promise<unknown> => {
    task = work;
    return (await browser.get('/do')).json();
  };
  return { app, run };
}

/** The same, with somebody logged in. */
async function open(options: Partial<TestAppOptions> = {}) {
  const { app, run } = await start(options);
  const browser = app.browser();
  await app.logIn(browser);
  bed.op.resetRequests();
  return { app, browser, run: (work: Task) => run(browser, work) };
}

const audienceOf = (token: unknown) => decodeJwt(String(token)).aud;
const get =
  (resource?: string): Task =>
  (auth) =>
    auth.getAccessToken(resource === undefined ? {} : { resource });

describe('a provider that is told resources (RFC 8707)', () => {
  it('hears of all of them at the login, whose own token is for the first', async () => {
    const { app } = await start();
    const browser = app.browser();
    const location = (await browser.get('/login')).headers.get('location')!;
    expect(new URL(location).searchParams.getAll('resource')).toEqual([ONE, TWO, THREE]);
    await browser.deliver(await bed.op.signIn(location));
    const { run } = await open();
    expect(audienceOf(await run(get()))).toBe(ONE);
    expect(audienceOf(await run(get(ONE)))).toBe(ONE);
    expect(bed.op.requests().token).toBe(0);
  });

  it('gives a token for each of the others, which are kept side by side and got anew when they end', async () => {
    const { run } = await open();
    const first = [await run(get(TWO)), await run(get(THREE)), await run(get(ONE))];
    expect(first.map(audienceOf)).toEqual([TWO, THREE, ONE]);
    expect([await run(get(TWO)), await run(get(THREE)), await run(get())]).toEqual(first);
    expect(bed.op.requests().token).toBe(2);
    bed.clock.advance(OVER);
    const second = [await run(get(TWO)), await run(get()), await run(get(THREE))];
    expect(second.map(audienceOf)).toEqual([TWO, ONE, THREE]);
    expect(new Set([...first, ...second]).size).toBe(6);
    expect(bed.op.requests().token).toBe(5);
  });

  it('is asked once for each by any number of requests to two processes, each of whose refresh tokens is good once', async () => {
    const shared = { redis: bed.redis.url };
    const one = await open(shared);
    const two = await start({ ...shared, baseUrl: one.app.origin });
    const browser = two.app.browser(one.browser.jar.clone());
    await one.run(get(TWO));
    bed.clock.advance(OVER);
    bed.op.resetRequests();
    const wishes = [ONE, TWO, THREE, ONE, TWO, THREE];
    const all: Task = (auth) => Promise.all(wishes.map((resource) => auth.getAccessToken({ resource })));
    const [first, second] = (await Promise.all([one.run(all), two.run(browser, all)])) as string[][];
    expect(first!.map(audienceOf)).toEqual(wishes);
    expect(second).toEqual(first);
    expect(bed.op.requests().token).toBe(3);
    expect(await whoIs(one.browser)).toBe('ada');
  });

  it('is called for by req.auth.fetch(), which tries once more with another token of the same', async () => {
    const { run } = await open();
    const refused = await run(get(TWO));
    bed.clock.advance(60_000);
    api.answer = ({ headers }) => json(headers.authorization === `Bearer ${refused}` ? 401 : 200, {});
    const call: Task = async (auth) => (await auth.fetch(api.origin, { resource: TWO })).status;
    expect(await run(call)).toBe(200);
    const sent = api.requests.map(({ headers }) => headers.authorization!.replace('Bearer ', ''));
    expect(sent[0]).toBe(refused);
    expect(sent.map(audienceOf)).toEqual([TWO, TWO]);
    expect(await run((auth) => auth.fetch(api.origin, { resource: 'none' }))).toEqual({
      failed: 'configuration',
    });
  });

  it('refuses one, which says nothing of the login, and is not asked again at once', async () => {
    const { browser, run } = await open();
    const refused = { failed: 'provider_refused', oauthError: 'invalid_target' };
    bed.op.answerNext('token', { status: 400, body: { error: 'invalid_target' } });
    expect(await run(get(THREE))).toEqual(refused);
    expect(await run(get(THREE))).toEqual(refused);
    expect(bed.op.requests().token).toBe(1);
    expect(audienceOf(await run(get(TWO)))).toBe(TWO);
    expect(await run(get('https://unknown.example'))).toEqual({ failed: 'configuration' });
    expect(bed.op.requests().token).toBe(2);
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each([
    true,
    false,
  ])('refuses the grant for one: the login ends only if its own refresh is refused (%s)', async (both) => {
    const { browser, run } = await open();
    const before = await run(get());
    const refusal = { status: 400, body: { error: 'invalid_grant' } };
    for (let times = both ? 2 : 1; times > 0; times -= 1) bed.op.answerNext('token', refusal);
    const failed = both
      ? { failed: 'login_required' }
      : { failed: 'provider_refused', oauthError: 'invalid_grant' };
    expect(await run(get(TWO))).toEqual(failed);
    expect(bed.op.requests().token).toBe(2);
    expect(await whoIs(browser)).toBe(both ? null : 'ada');
    if (!both) expect(await run(get())).not.toBe(before);
  });

  it('is away: a token that lives is used, and nobody loses the session', async () => {
    const { browser, run } = await open();
    const token = await run(get(TWO));
    bed.clock.advance(285_000);
    bed.op.answerNext('token', { status: 503 });
    expect(await run(get(TWO))).toBe(token);
    bed.clock.advance(30_000);
    bed.op.answerNext('token', { status: 503 });
    expect(await run(get(TWO))).toMatchObject({ failed: 'provider_unavailable' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('costs a session that has none of it not a byte', async () => {
    const { app, browser } = await open({ redis: bed.redis.url, oidc: {} });
    const keys = keysOf(app);
    const sealer = createSealer([createSecret('a secret of the tests, long enough to be one')], keys);
    const id = readSessionId(browser);
    const key = keys.sessionKey(id);
    const sealed = await bed.redis.client().getBuffer(redisKeysOf(app, id).tokens);
    const kept = sealer.open(sealed!, { purpose: 'tokens', record: `t:${key}`, salt: id });
    expect(Object.keys(kept as object).sort()).toEqual([
      'accessToken',
      'expiresAt',
      'expiryAssumed',
      'idToken',
      'receivedAt',
      'refreshToken',
      'renewed',
      'scope',
    ]);
  });

  it('gives none without a refresh token', async () => {
    const { run } = await open({
      oidc: { resource: [ONE, TWO], scope: 'openid', userinfoAtLogin: false },
      op: {
        ...bed.op,
        registerApp: (base) => bed.op.registerApp(base, { grant_types: ['authorization_code'] }),
      },
    });
    expect(await run(get(TWO))).toEqual({ failed: 'token_unavailable' });
  });

  it('revokes the grant of all of them at a logout', async () => {
    const { app, browser, run } = await open();
    await run(get(TWO));
    expect((await browser.post('/logout')).status).toBe(303);
    expect(bed.op.requests().revocation).toBe(3);
    expect(app.logouts).toHaveLength(1);
    expect(await run(get(TWO))).toEqual({ failed: 'login_required' });
  });
});

describe('the option resource', () => {
  const base = { issuer: 'https://id.example', clientId: 'app', clientSecret: 'secret' };

  it('is one absolute URI or several, without a fragment', () => {
    expect(providers.oidc({ ...base, resource: ONE }).resource).toEqual([ONE]);
    expect(providers.oidc({ ...base, resource: [ONE, TWO, ONE] }).resource).toEqual([ONE, TWO]);
    expect(providers.oidc(base).resource).toBeUndefined();
    for (const wrong of ['', 'api', '/api', 'https://api.example/#x', 'https://a b', [], [ONE, 'x'], 7])
      expect(() => providers.oidc({ ...base, resource: wrong as string })).toThrow(/resource/);
  });
});
