import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { withFreePort } from '../support/free-port.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    op,
    handlers: (server) => {
      server.get('/join', (req) =>
        req.auth.login({ authorizationParams: req.query as Record<string, string> }),
      );
      server.get('/invited', (req) => {
        const { organization, invitation } = req.query as Record<string, string | undefined>;
        return req.auth.login({ authorizationParams: { organization, invitation } });
      });
      server.get('/silent', (req) => req.auth.login({ prompt: 'none' }));
    },
    ...options,
  });

const paramsOf = async (path: string, options: Partial<TestAppOptions> = {}) =>
  Object.fromEntries((await beginLogin((await start(options)).browser(), path)).searchParams);

describe('parameters of one login', () => {
  it.each<[string, Record<string, string>]>([
    ['an invitation of Auth0', { organization: 'org 1&x', invitation: 'ticket' }],
    ['a broker’s choice', { kc_idp_hint: 'saml' }],
    ['a domain', { hd: 'example.com', domain_hint: 'organizations' }],
    ['claims', { claims: '{"userinfo":{"picture":null}}' }],
  ])('are what a handler adds: %s', async (_, params) => {
    expect(await paramsOf(`/join?${new URLSearchParams(params)}`)).toMatchObject(params);
  });

  it('leave out what a query did not bring, and win over those of the options', async () => {
    const options = { oidc: { authorizationParams: { organization: 'default', audience: 'api' } } };
    expect(await paramsOf('/invited?organization=mine', options)).toMatchObject({
      organization: 'mine',
      audience: 'api',
    });
    const params = await paramsOf('/invited', options);
    expect([params.organization, params.invitation]).toEqual(['default', undefined]);
  });

  it.each([
    ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
    ...['code_challenge', 'code_challenge_method', 'request', 'request_uri', 'id_token_hint'],
    ...['prompt', 'max_age', 'acr_values', 'login_hint', 'ui_locales'],
  ])('never are the protocol’s own: %s', async (name) => {
    const app = await start();
    const answer = await app.browser().get(`/join?${name}=1`);
    expect([answer.status, answer.headers.get('location')]).toEqual([500, null]);
    expect(await answer.text()).toContain(name);
    const allowed = start({ loginParameters: { authorizationParams: [name] } });
    await expect(allowed).rejects.toMatchObject({ code: 'configuration' });
  });

  it.each([
    'returnTo',
    'provider',
    'display',
  ])('are none that the query of /login has itself: %s', async (name) => {
    const app = start({ loginParameters: { authorizationParams: [name] } });
    await expect(app).rejects.toMatchObject({ code: 'configuration' });
  });
});

describe('the query of /login', () => {
  const allowed = { loginParameters: { authorizationParams: ['organization', 'invitation', 'connection'] } };

  it('brings what is allowed, and nothing else', async () => {
    const params = await paramsOf(
      '/login?organization=o&connection=c&screen_hint=signup&audience=x',
      allowed,
    );
    expect(params).toMatchObject({ organization: 'o', connection: 'c' });
    expect(Object.keys(params)).not.toEqual(expect.arrayContaining(['screen_hint']));
    expect(Object.keys(params)).not.toEqual(expect.arrayContaining(['audience']));
    expect((await paramsOf('/login?organization=o')).organization).toBeUndefined();
  });

  it.each([
    ['empty', '', undefined],
    ['256 characters', 'a'.repeat(256), 'a'.repeat(256)],
    ['257 characters', 'a'.repeat(257), undefined],
    ['another parameter in it', 'x&scope=admin', 'x&scope=admin'],
  ])('may bring one that is %s', async (_, value, expected) => {
    const params = await paramsOf(`/login?${new URLSearchParams({ organization: value })}`, allowed);
    expect(params.organization).toBe(expected);
    expect(params.scope).toBe('openid profile email');
  });

  it('keeps it over the page that asks for a provider', async () => {
    const provider = providers.oidc(await op.registerApp('http://localhost:1'));
    const app = await start({ ...allowed, providers: { one: provider, two: provider } });
    const page = await (await app.browser().get('/login?organization=o%26&screen_hint=x')).text();
    expect(page).toContain('provider=one&amp;organization=o%26');
    expect(page).not.toContain('screen_hint');
  });
});

describe('a silent login', () => {
  const hintOf = (url: URL) => url.searchParams.get('id_token_hint');

  it('says whom it is about, by the ID token of the session', async () => {
    let issued = '';
    const app = await start({ loginParameters: { prompt: ['none'] } });
    const browser = app.browser();
    op.script({ idToken: (jwt) => (issued = jwt) });
    await app.logIn(browser);
    for (const path of ['/silent', '/login?prompt=none']) {
      expect(hintOf(await beginLogin(browser, path))).toBe(issued);
    }
    // It is no other login's business.
    expect(hintOf(await beginLogin(browser, '/login'))).toBeNull();
  });

  it('says so where the options ask for no page at every login', async () => {
    const app = await start({ oidc: { authorizationParams: { prompt: 'none' } } });
    expect(hintOf(await beginLogin(await logInWith(op, app)))).toMatch(/^eyJ/);
  });

  it('says nothing where nobody is logged in, and where the token is too long for an address', async () => {
    const app = await start();
    expect(hintOf(await beginLogin(app.browser(), '/silent'))).toBeNull();
    const groups = Array.from({ length: 400 }, (_, at) => `group-${at}`);
    expect(hintOf(await beginLogin(await logInWith(op, app, { groups }), '/silent'))).toBeNull();
  });

  it('gives way where the rest of the request needs its room', async () => {
    const groups = 'x'.repeat(800);
    for (const [length, hint] of [
      [10, /^eyJ/],
      [900, /^$/],
    ] as const) {
      const oidc = { authorizationParams: { resource: 'r'.repeat(length) } };
      const app = await start({ oidc });
      const url = await beginLogin(await logInWith(op, app, { groups }), '/silent');
      expect(hintOf(url) ?? '').toMatch(hint);
      expect(url.searchParams.get('resource')).toHaveLength(length);
    }
  });

  it('tells one provider nothing of a session with another', async () => {
    const app = await withFreePort(async (port) => {
      const define = async (name: string, clientId = op.clientId) =>
        providers.oidc(
          await op.registerApp(`http://localhost:${port}`, {
            callbackPath: `/oauth/callback/${name}`,
            clientId,
          }),
        );
      const both = { one: await define('one'), two: await define('two', 'another app') };
      return start({
        port,
        providers: both,
        handlers: (server) =>
          void server.get('/silent/:provider', (req) =>
            req.auth.login({ prompt: 'none', provider: String(req.params.provider) }),
          ),
      });
    });
    const browser = app.browser();
    await app.logIn(browser, { path: '/login?provider=one' });
    expect(hintOf(await beginLogin(browser, '/silent/one'))).toMatch(/^eyJ/);
    expect(hintOf(await beginLogin(browser, '/silent/two'))).toBeNull();
  });
});
