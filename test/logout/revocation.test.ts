import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { cut, hang, json, type RawAnswer } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, now: clock.now, handlers: addTokenRoutes, ...options });

/** Notes what the provider hands out, beside whatever else a script does. */
function noteTokens(script: Script = {}): Claims[] {
  const given: Claims[] = [];
  const note = (answer: Claims) => {
    given.push(answer);
    return answer;
  };
  op.script({ token: note, refresh: note, ...script });
  return given;
}

async function logIn(options: Partial<TestAppOptions> = {}, as = 'ada') {
  const app = await start(options);
  const browser = app.browser();
  await app.logIn(browser, { as });
  return { app, browser };
}

const revoked = () => op.requests('revocation').map(({ params }) => [...params]);
/** Both tokens of an answer, as a revocation names them. */
const both = (answer: Claims | undefined) => [
  [
    ['token_type_hint', 'refresh_token'],
    ['token', answer?.refresh_token],
  ],
  [
    ['token_type_hint', 'access_token'],
    ['token', answer?.access_token],
  ],
];

describe('a refresh of a session that another took the place of', () => {
  it('leaves no token behind, when that one was logged out meanwhile (F-71)', async () => {
    const { app, browser } = await logIn();
    const [asked, released] = [createGate(), createGate()];
    let brought: Claims = {};
    op.script({
      refresh: (answer) => {
        brought = answer;
        return (res) => {
          asked.open();
          void released.opened.then(() => json(200, answer)(res));
        };
      },
    });
    clock.advance(3_600_000);
    const refreshing = ask(app.browser(browser.jar.clone()));
    await asked.opened;
    await app.logIn(browser);
    await browser.post('/logout');
    released.open();
    expect(await refreshing).toMatchObject({ status: 401 });
    await until(() => revoked().length === 4);
    expect(revoked().slice(2)).toEqual(both(brought));
  });
});

describe('a session whose browser is there as it ends', () => {
  it('has its tokens revoked, when it ends by req.session.destroy() (R-55)', async () => {
    const given = noteTokens();
    const { app, browser } = await logIn({
      handlers: (server) =>
        void server.get('/destroy', (req, res) => void req.session.destroy(() => res.end())),
    });
    await browser.get('/destroy');
    expect(revoked()).toEqual(both(given[0]));
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['destroyed']);
  });
});

describe('a logout', () => {
  it('revokes the refresh token, then the access token, each by a POST of the client (R-54, R-55)', async () => {
    const given = noteTokens();
    const { browser } = await logIn();
    const answer = await browser.post('/logout');
    expect(answer.status).toBe(303);
    expect(revoked()).toEqual(both(given[0]));
    const [{ headers: atToken } = {}] = op.requests('token').map(({ headers }) => ({ headers }));
    for (const { method, url, headers } of op.requests('revocation')) {
      expect([method, url]).toEqual(['POST', '/test/a/app/revoke']);
      expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
      expect(headers.authorization).toBe(atToken?.authorization);
    }
    expect(answer.headers.get('location')).not.toContain(given[0]!.access_token);
  });

  it('proves the client by its secret in the body where that is configured (R-54)', async () => {
    // The provider takes Basic alone, so that this login fails; what was sent is all that counts.
    const { app } = await logIn({ oidc: { clientAuthentication: 'client_secret_post' } });
    const [request] = op.requests('token');
    expect(request!.headers.authorization).toBeUndefined();
    expect(request!.params.get('client_id')).toBe(op.clientId);
    expect(request!.params.get('client_secret')).toBe(op.clientSecret);
    expect(app.errors).toMatchObject([{ error: { code: 'provider_refused' } }]);
    op.violations.length = 0;
  });

  it('revokes the tokens that the last refresh brought', async () => {
    const given = noteTokens();
    const { browser } = await logIn();
    clock.advance(3_600_000);
    await ask(browser);
    await browser.post('/logout');
    expect(given).toHaveLength(2);
    expect(revoked()).toEqual(both(given[1]));
  });

  it('asks nobody where the provider advertises no revocation (R-55, C-02)', async () => {
    op.script({ discovery: ({ revocation_endpoint: _, ...document }) => document });
    const { app, browser } = await logIn();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(revoked()).toEqual([]);
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it.each<[string, () => RawAnswer]>([
    ['200, also for a token that it does not know (R-56)', () => json(200, {})],
    ['that it cannot revoke this kind (R-57)', () => json(400, { error: 'unsupported_token_type' })],
  ])('is well when the provider says %s', async (_, revocation) => {
    op.script({ revocation });
    const { app, browser } = await logIn();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(revoked()).toHaveLength(2);
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it('is well when the access token went with the refresh token, and is called an invalid request (R-57)', async () => {
    const answers = [json(200, {}), json(400, { error: 'invalid_request' })];
    op.script({ revocation: () => answers.shift()! });
    const { app, browser } = await logIn();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(revoked()).toHaveLength(2);
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });

  it.each<[string, () => RawAnswer, object]>([
    [
      'an invalid request for both',
      () => json(400, { error: 'invalid_request' }),
      { code: 'provider_refused', oauthError: 'invalid_request' },
    ],
    [
      '503 and says when',
      () => json(503, {}, { 'retry-after': '30' }),
      { code: 'provider_unavailable', retryAfterSeconds: 30 },
    ],
    ['500', () => json(500, {}), { code: 'provider_unavailable' }],
    [
      'a refusal',
      () => json(401, { error: 'invalid_client' }, { 'www-authenticate': 'Basic' }),
      { code: 'provider_refused', oauthError: 'invalid_client' },
    ],
    ['nothing, and is gone', () => cut(), { code: 'provider_unavailable' }],
  ])('is complete here when the provider answers by %s; both are tried, and the operator is told (R-56)', async (_, revocation, error) => {
    op.script({ revocation });
    const { app, browser } = await logIn();
    const answer = await browser.post('/logout');
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toContain(`${op.issuer}end_session`);
    expect(await whoIs(browser)).toBeNull();
    expect(revoked()).toHaveLength(2);
    expect(app.errors).toMatchObject([{ during: 'logout', error }]);
  });

  it('waits for a provider that says nothing no longer than a person does (R-56, F-78)', async () => {
    op.script({ revocation: () => hang() });
    const { browser } = await logIn({ oidc: { timeoutMs: 20_000 } });
    const begin = performance.now();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(performance.now() - begin).toBeLessThan(3000);
    expect(await whoIs(browser)).toBeNull();
  });
});

describe('a login that comes to nothing after the provider gave tokens', () => {
  it('is answered by 503 when Redis fails just then, and its tokens are revoked (F-63)', async () => {
    const proxy = await startTcpFaultProxy(redis);
    const given: Claims[] = [];
    op.script({
      token: (answer) => (res) => {
        given.push(answer);
        void proxy.refuse().then(() => json(200, answer)(res));
      },
    });
    const app = await start({ redis: proxy.url, storeTimeoutMs: 300 });
    const browser = app.browser();
    const answer = await app.logIn(browser);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(browser.jar.get('session')).toBeUndefined();
    expect(revoked()).toEqual(both(given[0]));
    await proxy.pass();
    expect(await whoIs(browser)).toBeNull();
    await proxy.close();
  });

  it.each<[string, Partial<TestAppOptions>]>([
    ['mapUser', { mapUser: refuse }],
    ['onLogin', { onLogin: refuse }],
  ])('because of %s leaves them with nobody', async (_, options) => {
    const given = noteTokens();
    const { browser } = await logIn(options);
    expect(await whoIs(browser)).toBeNull();
    expect(revoked()).toEqual(both(given[0]));
  });

  it('is answered in time when the revocation is not', async () => {
    op.script({ revocation: () => hang() });
    const begin = performance.now();
    await logIn({ mapUser: refuse, oidc: { timeoutMs: 20_000 } });
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  function refuse(): never {
    throw new Error('Not this one.');
  }
});

describe('a login in a browser where somebody is logged in', () => {
  it('revokes the tokens of another person (F-59)', async () => {
    const given = noteTokens();
    const { app, browser } = await logIn();
    await app.logIn(browser, { as: 'grace' });
    expect(await whoIs(browser)).toBe('grace');
    expect(revoked()).toEqual(both(given[0]));
  });

  it('revokes nothing of the same person, whose grant may be the same one', async () => {
    const { app, browser } = await logIn();
    await app.logIn(browser);
    expect(revoked()).toEqual([]);
  });
});
