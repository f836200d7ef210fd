import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { type BetterAuthProvider, startBetterAuthProvider } from '../support/better-auth-provider.ts';
import { createTestClock } from '../support/clock.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps } from '../support/use-apps.ts';

// A server that others wrote, for applications of its own kind. It signs by EdDSA unless told otherwise, shows no form but
// wants its pages written, consents once, rotates refresh tokens, and calls a token it no longer knows an invalid request.
const start = useApps();
const SCOPE = 'openid profile email offline_access';
let op: BetterAuthProvider;
let unlike: BetterAuthProvider;
beforeAll(async () => {
  [op, unlike] = await Promise.all([startBetterAuthProvider('RS256'), startBetterAuthProvider()]);
});
afterAll(() => Promise.all([op?.close(), unlike?.close()]));

describe('Better Auth', () => {
  it('logs in with issuer, id and secret, and tells who it is (R-54)', async () => {
    const app = await start({ op });
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await (await browser.get('/me')).json()).toMatchObject({
      sub: expect.any(String),
      name: 'Ada Lovelace',
      email: 'ada@example.org',
    });
    expect(app.errors.map(({ error }) => error.message)).toEqual([]);
  });

  it.each([
    ['by RS256', () => op, {}],
    ['by EdDSA, as it comes', () => unlike, { idTokenSigningAlgorithm: 'EdDSA' }],
  ] as const)('that signs %s: the login is refreshed, and ends here and there', async (_, server, oidc) => {
    const [clock, jar] = [createTestClock(), createCookieJar()];
    const app = await start({
      op: server(),
      oidc: { scope: SCOPE, ...oidc },
      now: clock.now,
      handlers: addTokenRoutes,
    });
    const browser = app.browser();
    await app.logIn(browser, { jar });
    const { token } = await ask(browser);
    const sub = await whoIs(browser);
    expect(await ask(browser, '/userinfo')).toMatchObject({ status: 200, claims: { sub } });
    clock.advance(45_000);
    const refreshed = await ask(browser);
    expect(refreshed).toMatchObject({ status: 200, token: expect.any(String), user: { sub } });
    expect(refreshed.token).not.toBe(token);

    const left = await browser.post('/logout');
    expect(await whoIs(browser)).toBeNull();
    const away = await server().visit(left.headers.get('location')!, jar);
    expect(away.headers.get('location')).toBe(`${app.origin}/`);
    expect(jar.all()).toEqual([]);
    const userinfo = `${server().issuer}/oauth2/userinfo`;
    const { status } = await fetch(userinfo, { headers: { authorization: `Bearer ${refreshed.token}` } });
    expect(status).toBe(401);
    expect(app.errors.map(({ error }) => error.message)).toEqual([]);
  });

  it('that signs otherwise is refused; the operator reads which option it is, before and after (R-36)', async () => {
    const app = await start({ op: unlike });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/expected RS256, as is configured, got \["EdDSA"\].*idTokenSigningAlgorithm/),
      expect.stringMatching(/the ID token, alg: expected RS256, got "EdDSA".*idTokenSigningAlgorithm/),
    ]);
  });

  it('that does not know the secret is named, with its own words for the operator (F-49)', async () => {
    const app = await start({ op, oidc: { clientSecret: 'not-the-secret' } });
    expect(await tryLogin(app)).toEqual(refused('provider_refused'));
    expect(app.errors[0]!.error).toMatchObject({
      oauthError: 'invalid_client',
      message: expect.stringContaining('clientSecret'),
    });
  });

  it('whose person says no logs nobody in', async () => {
    const app = await start({ op });
    expect(await tryLogin(app, { cancel: true })).toEqual(refused('login_denied', 403));
  });
});
