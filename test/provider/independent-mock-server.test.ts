import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OAuth2Server } from 'oauth2-mock-server';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { walkProvider } from '../support/provider-walk.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps } from '../support/use-apps.ts';

// A server that others wrote, and that many test with. It announces that it wants no proof of the client, takes any, does
// not decode what HTTP Basic brings, names the client in `aud` as it came, and has scopes of its own in its answers.
const server = new OAuth2Server();
const startApp = useApps();
beforeAll(async () => {
  await server.issuer.keys.generate('RS256');
  await server.start(undefined, 'localhost');
});
afterAll(() => server.stop());

const start = (oidc: TestAppOptions['oidc'] = {}) =>
  startApp({
    op: {
      registerApp: async () => ({
        issuer: server.issuer.url!,
        clientId: 'the-app_1.0~x',
        clientSecret: 'a-secret_of.many~parts',
      }),
      signIn: (url, { jar = createCookieJar() } = {}) => walkProvider(url, jar, { person: '' }),
    },
    handlers: addTokenRoutes,
    oidc,
  });

describe('oauth2-mock-server', () => {
  it('logs in with issuer, id and secret, refreshes and logs out; the operator is told of what it announces (R-30, R-36)', async () => {
    const app = await start();
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(303);
    expect(await whoIs(browser)).toBe('johndoe');
    const { token } = await ask(browser);
    expect(token).toMatch(/^eyJ/);
    expect(await ask(browser, '/userinfo')).toMatchObject({ claims: { sub: 'johndoe' } });
    const left = await browser.post('/logout');
    expect(left.headers.get('location')).toContain(`${server.issuer.url}/endsession`);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(
        /expected client_secret_basic, as is configured, got \["none"\].*clientAuthentication/,
      ),
    ]);
  });

  it('logs in as a public client, with which it agrees', async () => {
    const app = await start({ clientSecret: undefined as never });
    expect(await tryLogin(app)).toEqual({ ...loggedIn, user: 'johndoe' });
  });

  it('that refuses is named, with its own words for the operator (F-49)', async () => {
    const app = await start({ clientSecret: undefined as never });
    server.service.once('beforeResponse', (response) => {
      response.body = { error: 'invalid_grant', error_description: 'The code is too old.' };
      response.statusCode = 400;
    });
    expect(await tryLogin(app)).toEqual({ ...refused('provider_refused') });
    expect(app.errors[0]!.error).toMatchObject({
      oauthError: 'invalid_grant',
      oauthErrorDescription: 'The code is too old.',
    });
  });
});
