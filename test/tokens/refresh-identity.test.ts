import { describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { createSecret } from '../../src/secret.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { hang, json, send } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { keysOf, readSessionId, redisKeysOf, redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const SECRET = 'a secret of the tests, long enough to be one';
const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    ...{ op, now: clock.now, redis: redis.url, secret: SECRET, handlers: addTokenRoutes },
    ...options,
  });

/** Logs in, and lets the token come to its end. */
async function logIn(options?: Partial<TestAppOptions>) {
  const app = await start(options);
  const browser = app.browser();
  await app.logIn(browser);
  const { token } = await ask(browser);
  clock.advance(3_600_000);
  return { app, browser, token };
}

/** What lies sealed in Redis, opened with the secret and the cookie. */
async function readTokens(app: TestApp, browser: BrowserClient) {
  const salt = readSessionId(browser);
  const { key, tokens } = redisKeysOf(app, salt);
  const sealed = await redis.client().getBuffer(tokens);
  const sealer = createSealer([createSecret(SECRET)], keysOf(app));
  return sealed && (sealer.open(sealed, { purpose: 'tokens', record: `t:${key}`, salt }) as Claims);
}

const nonceOfLogin = () => op.requests('authorization').at(-1)?.params.get('nonce');
const change = (claims: Claims): Script => ({ claims: (honest) => ({ ...honest, ...claims }) });
const KEY = createScriptedKey('RS256', 'a key of tomorrow');

describe('the ID token of a refresh', () => {
  it.each<[string, Script]>([
    ['another issuer (C-52, F-72)', change({ iss: 'https://elsewhere.example/' })],
    ['another person (C-53, F-72)', change({ sub: 'grace' })],
    ['no person', change({ sub: undefined })],
    ['another audience', change({ aud: 'somebody else' })],
    ['one more audience', change({ aud: ['somebody else', op.clientId] })],
    ['an azp that was not there', change({ azp: op.clientId })],
    ['another nonce', change({ nonce: 'of another login' })],
    ['a time that is over', change({ exp: 1 })],
    ['a wrong at_hash', change({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['no signature', { header: () => ({ alg: 'none' }), idToken: (jwt) => jwt.replace(/[^.]*$/, '') }],
    ['the type of another token', { header: (header) => ({ ...header, typ: 'at+jwt' }) }],
    ['no form at all', { idToken: () => 'garbage' }],
  ])('that has %s ends the session, and its tokens go to nobody (R-27)', async (_, script) => {
    const { app, browser, token } = await logIn();
    op.script(script);
    expect(await ask(browser)).toEqual({
      status: 401,
      error: 'login_required',
      name: 'LoginRequiredError',
    });
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused', sub: 'ada' }]);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['provider_identity_changed']);
    // Of what ended the tokens it had are kept for a minute, and not those that came.
    expect(await redis.client().get(redisKeysOfBrowser(app, browser).record)).toMatch(/^x /);
    expect(await readTokens(app, browser)).toMatchObject({ accessToken: token });
    expect((await browser.get('/me')).status).toBe(302);
    expect(op.requests('userinfo')).toEqual([]);
  });

  it.each<[string, Script]>([
    ['the nonce of the login', { claims: (honest) => ({ ...honest, nonce: nonceOfLogin() }) }],
    ['no nonce', change({ nonce: undefined })],
    ['no auth_time', change({ auth_time: undefined })],
    ['a later auth_time', change({ auth_time: Math.floor(clock.now() / 1000) + 1800 })],
    ['an earlier auth_time', change({ auth_time: 1 })],
    ['an auth_time that is none', change({ auth_time: 'yesterday' })],
    ['claims that nobody knows', change({ groups: ['a'], x: { y: 1 } })],
  ])('that has %s is taken (R-27, C-51)', async (_, script) => {
    const { browser, token } = await logIn();
    op.script(script);
    const answer = await ask(browser);
    expect(answer.status).toBe(200);
    expect(answer.token).not.toBe(token);
  });

  it('that is not there leaves the one of the login, which is the hint at logout (C-51, F-72)', async () => {
    const { app, browser } = await logIn();
    const before = await readTokens(app, browser);
    op.script({ refresh: ({ id_token: _, ...answer }) => answer });
    expect((await ask(browser)).status).toBe(200);
    expect(await readTokens(app, browser)).toMatchObject({ idToken: (before as Claims).idToken });
    const out = await browser.post('/logout');
    const hint = new URL(out.headers.get('location')!).searchParams.get('id_token_hint');
    expect(hint).toBe((before as Claims).idToken);
  });

  it.each([
    ['500', () => json(500, {})],
    ['something else', () => send(200, '<html>')],
    ['silence', () => hang()],
  ])('whose key cannot be had, the answer being %s, proves nothing new and costs nothing', async (_, jwks) => {
    const { app, browser, token } = await logIn({ oidc: { timeoutMs: 700 } });
    op.script({ ...change({ name: 'Somebody Unproven' }), key: KEY, jwks });
    const answer = await ask(browser);
    expect(answer.status).toBe(200);
    expect(answer.token).not.toBe(token);
    expect(answer.user).toMatchObject({ name: 'ada of the script' });
    op.script();
    clock.advance(3_600_000);
    expect((await ask(browser)).status).toBe(200);
    expect(app.errors).toEqual([]);
  });

  it('whose key cannot be had still ends the session when it names somebody else', async () => {
    const { browser } = await logIn();
    op.script({ ...change({ sub: 'grace' }), key: KEY, jwks: () => json(500, {}) });
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
  });
});

describe('the claims of a refresh', () => {
  it('are those of req.user at once and from then on', async () => {
    const { browser } = await logIn();
    op.script(change({ name: 'Ada King', email: undefined }));
    const user = { sub: 'ada', name: 'Ada King', email: 'ada@example.com' };
    expect((await ask(browser)).user).toEqual(user);
    expect(await (await browser.get('/me')).json()).toEqual(user);
  });

  it('go through mapUser as those of the login did', async () => {
    const mapUser = ({ sub, name }: { sub: string; name?: string }) => ({ sub, name: `${name}, mapped` });
    const { browser } = await logIn({ mapUser });
    op.script(change({ name: 'Ada King' }));
    expect((await ask(browser)).user).toEqual({ sub: 'ada', name: 'Ada King, mapped' });
    expect(await (await browser.get('/me')).json()).toEqual({ sub: 'ada', name: 'Ada King, mapped' });
  });

  it('stay out when mapUser fails; the tokens are kept and the operator is told', async () => {
    let works = true;
    const { app, browser, token } = await logIn({
      mapUser: (claims) => {
        if (works) return claims;
        throw new Error('The database is away.');
      },
    });
    works = false;
    op.script(change({ name: 'Ada King' }));
    const answer = await ask(browser);
    expect(answer).toMatchObject({ status: 200, user: { name: 'ada of the script' } });
    expect(answer.token).not.toBe(token);
    expect(await ask(browser)).toMatchObject({ token: answer.token });
    const error = { code: 'unexpected', message: 'mapUser of the application threw.' };
    expect(app.errors).toMatchObject([{ during: 'session', error }]);
  });

  it('stay out when they are too large together with those of the login', async () => {
    op.script(change({ first: 'x'.repeat(40_000) }));
    const { browser, token } = await logIn();
    op.script(change({ second: 'x'.repeat(40_000) }));
    const answer = await ask(browser);
    expect(answer.status).toBe(200);
    expect(answer.token).not.toBe(token);
  });

  it('wait for mapUser only after the tokens are safe, where other processes find them (F-67)', async () => {
    const asked = createGate();
    const done = createGate();
    let logins = 0;
    const { app, browser, token } = await logIn({
      mapUser: async (claims) => {
        logins += 1;
        if (logins > 1) {
          asked.open();
          await done.opened;
        }
        return claims;
      },
    });
    const other = await start({ baseUrl: app.origin });
    const slow = ask(browser);
    await asked.opened;
    const meanwhile = await ask(other.browser(browser.jar.clone()));
    expect(meanwhile.status).toBe(200);
    expect(meanwhile.token).not.toBe(token);
    done.open();
    expect((await slow).token).toBe(meanwhile.token);
    expect(op.requests('token')).toHaveLength(2);
  });
});

describe('what else a refresh brings', () => {
  it('never has more scopes than were granted, and those that were lost stay lost (R-28)', async () => {
    const { app, browser } = await logIn();
    const scopes: unknown[] = [];
    for (const scope of ['openid profile email admin', undefined, 'openid email', 'openid profile email']) {
      op.script({ refresh: (answer) => ({ ...answer, scope }) });
      await ask(browser);
      scopes.push(((await readTokens(app, browser)) as Claims).scope);
      clock.advance(3_600_000);
    }
    expect(scopes).toEqual(['openid profile email', 'openid profile email', 'openid email', 'openid email']);
    for (const { params } of op.requests('token').slice(1)) expect(params.has('scope')).toBe(false);
  });

  it('replaces the refresh token, or leaves the one before where there is none (R-28)', async () => {
    const { browser } = await logIn();
    await ask(browser);
    op.script({ refresh: ({ refresh_token: _, ...answer }) => answer });
    clock.advance(3_600_000);
    await ask(browser);
    clock.advance(3_600_000);
    await ask(browser);
    const used = op.requests('token').map(({ params }) => params.get('refresh_token'));
    expect(used).toHaveLength(4);
    expect(used[2]).not.toBe(used[1]);
    expect(used[3]).toBe(used[2]);
  });
});

describe('the auth_time of a refresh', () => {
  it.each([
    ['later', () => Math.floor(clock.now() / 1000)],
    ['earlier', () => 1_700_000_000],
  ])('that is %s makes the login neither fresher nor older (R-27)', async (_, auth_time) => {
    const { browser } = await logIn({
      handlers: (server) => {
        addTokenRoutes(server);
        server.get('/since', (req, res) => void res.json(req.auth.authTime));
        server.get('/fresh', requireAuth({ maxAgeSeconds: 600 }), (_req, res) => void res.json('fresh'));
      },
    });
    const since = await (await browser.get('/since')).json();
    op.script(change({ auth_time: auth_time() }));
    expect((await ask(browser)).status).toBe(200);
    expect(await (await browser.get('/since')).json()).toBe(since);
    expect((await browser.get('/fresh')).status).toBe(302);
  });
});
