import { describe, expect, it, jest } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import {
  beginLogin,
  deliverToEnd,
  loggedIn,
  lookAt,
  readAnswer,
  refused,
  tryLogin,
  withAnswer,
} from '../support/login-outcome.ts';
import { json, redirect } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey } from '../support/scripted-keys.ts';
import { type Script, startScriptedProvider } from '../support/scripted-provider.ts';
import { notStarted, started, tryStart } from '../support/start-outcome.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const announces = (changed: Claims): Script => ({ discovery: (document) => ({ ...document, ...changed }) });

describe('what discovery announces and the options say otherwise', () => {
  it.each<[string, Claims, object, [expected: string, got: string, option: string]]>([
    [
      'the algorithm of ID tokens',
      { id_token_signing_alg_values_supported: ['ES256', 'EdDSA'] },
      {},
      ['RS256', '["ES256", "EdDSA"]', 'idTokenSigningAlgorithm'],
    ],
    [
      'that of a system without keys',
      { id_token_signing_alg_values_supported: ['HS256'] },
      {},
      ['RS256', '["HS256"]', 'idTokenSigningAlgorithm'],
    ],
    [
      'the way of the answer',
      { response_modes_supported: ['query', 'fragment'] },
      { responseMode: 'form_post' },
      ['form_post', '["query", "fragment"]', 'responseMode'],
    ],
    [
      'a form where the query is wanted',
      { response_modes_supported: ['form_post'] },
      {},
      ['query', '["form_post"]', 'responseMode'],
    ],
    ['PKCE', { code_challenge_methods_supported: ['plain'] }, {}, ['S256', '["plain"]', 'quirks.pkce']],
    [
      'what it may be prompted for',
      { prompt_values_supported: ['none', 'login'] },
      { authorizationParams: { prompt: 'login select_account' } },
      ['select_account', '["none", "login"]', 'authorizationParams.prompt'],
    ],
    [
      'keys that it does not take',
      { token_endpoint_auth_methods_supported: ['tls_client_auth'] },
      { clientAuthentication: 'client_secret_basic' },
      ['client_secret_basic', '["tls_client_auth"]', 'clientAuthentication'],
    ],
  ])('is told, naming both, for %s; and the login goes on (R-36)', async (_, changed, oidc, told) => {
    op.script(announces(changed));
    const app = await start({ op, oidc });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    const [expected, got, option] = told;
    expect(app.errors.map(({ error, during }) => ({ ...error, during }))).toEqual([
      expect.objectContaining({
        code: 'provider_conflict',
        during: 'session',
        fault: {
          asked: `GET ${op.issuer}.well-known/openid-configuration`,
          member: Object.keys(changed)[0],
          expected: `${expected}, as is configured`,
          got,
          option,
        },
      }),
    ]);
  });

  it('is told each by itself, once, and again only when it comes anew (R-36)', async () => {
    const clock = createTestClock();
    const two = { code_challenge_methods_supported: [], id_token_signing_alg_values_supported: ['ES256'] };
    op.script(announces(two));
    const app = await start({ op, now: clock.now });
    const afterAnHour = async () => {
      clock.advance(3_601_000);
      await tryStart(app);
      return app.errors.length;
    };
    await tryStart(app);
    expect(app.errors).toHaveLength(2);
    expect(await afterAnHour()).toBe(2);
    op.script(announces({ ...two, response_modes_supported: ['fragment'] }));
    expect(await afterAnHour()).toBe(3);
    op.script();
    expect(await afterAnHour()).toBe(3);
    op.script(announces(two));
    expect(await afterAnHour()).toBe(5);
  });

  it.each<[string, Claims]>([
    [
      'a list that is absent',
      {
        code_challenge_methods_supported: undefined,
        id_token_signing_alg_values_supported: undefined,
        response_modes_supported: undefined,
      },
    ],
    ['something that is no list', { code_challenge_methods_supported: 'S256', response_modes_supported: 7 }],
    ['scopes', { scopes_supported: ['openid'] }],
  ])('is nothing to tell of for %s (R-36)', async (_, changed) => {
    op.script(announces(changed));
    expect(await tryLogin(await start({ op }))).toEqual(loggedIn);
  });

  it('is not looked at where the endpoints are given by hand', async () => {
    op.script(announces({ id_token_signing_alg_values_supported: ['ES256'] }));
    const metadata = {
      authorization_endpoint: `${op.issuer}authorize`,
      token_endpoint: `${op.issuer}token`,
      jwks_uri: `${op.issuer}jwks`,
    };
    expect(await tryLogin(await start({ op, oidc: { metadata } }))).toEqual(loggedIn);
  });

  it('is warned of, each once, where nobody listens (R-36)', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    op.script(
      announces({
        code_challenge_methods_supported: ['plain'],
        id_token_signing_alg_values_supported: ['ES256'],
      }),
    );
    await tryStart(await start({ op, onError: undefined as never }));
    const said = warn.mock.calls.map(([message]) => String(message));
    warn.mockRestore();
    expect(said).toEqual([
      expect.stringMatching(/expected RS256, as is configured, got \["ES256"\].*idTokenSigningAlgorithm/),
      expect.stringMatching(/expected S256, as is configured, got \["plain"\].*quirks\.pkce/),
    ]);
  });
});

describe('a provider that demands pushed authorization requests', () => {
  it('starts no login, and says why; who is logged in stays so (R-36)', async () => {
    const clock = createTestClock();
    const demanding = await startScriptedProvider({ now: clock.now });
    const app = await start({ op: demanding, now: clock.now, handlers: addTokenRoutes });
    const browser = app.browser();
    await app.logIn(browser);
    demanding.script(announces({ require_pushed_authorization_requests: true }));
    clock.advance(3_601_000);
    expect(await tryStart(app)).toEqual(notStarted('provider_unsupported', 501));
    expect(app.errors.at(-1)!.error.message).toMatch(/require_pushed_authorization_requests.*PAR, RFC 9126/);
    expect((await browser.get('/me')).status).toBe(200);
    expect((await ask(browser, '/userinfo')).status).toBe(200);
    expect(demanding.requests('token')).toHaveLength(2);
    await demanding.close();
  });
});

describe('the iss of a callback', () => {
  const answerWith = async (change: (answer: URLSearchParams) => void, oidc = {}) => {
    const app = await start({ op, oidc });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    change(answer);
    const result = await deliverToEnd(browser, withAnswer(callback, answer));
    return { outcome: await lookAt(app, browser, result), error: app.errors.at(-1)?.error };
  };

  it('that is announced and missing refuses a code, naming the switch (C-71)', async () => {
    const { outcome, error } = await answerWith((answer) => answer.delete('iss'));
    expect(outcome).toEqual(refused('provider_invalid_response'));
    expect(error!.message).toMatch(/the callback, iss: expected http.*, got nothing.*quirks\.responseIssuer/);
    expect(op.requests('token')).toEqual([]);
  });

  it('may be missing where that is configured, and is never taken when it is wrong (C-71)', async () => {
    const oidc = { quirks: { responseIssuer: 'optional' } };
    expect((await answerWith((answer) => answer.delete('iss'), oidc)).outcome).toEqual(loggedIn);
    const wrong = await answerWith((answer) => answer.set('iss', 'https://evil.example/'), oidc);
    expect(wrong.outcome).toEqual(refused('provider_invalid_response'));
    expect(wrong.error!.message).toContain('got "https://evil.example/"');
  });

  it.each([
    'access_denied',
    'server_error',
  ])('may be missing beside the error %s, which stays what it is', async (given) => {
    const { error } = await answerWith((answer) => {
      for (const name of ['iss', 'code']) answer.delete(name);
      answer.set('error', given);
    });
    expect(error).toMatchObject({ oauthError: given });
    expect(error!.code).not.toBe('provider_invalid_response');
  });
});

describe('the discovery document', () => {
  const at = '.well-known/openid-configuration';

  it.each([
    [301, `${at}/`],
    [302, 'moved/document'],
    [307, `${at}?version=2`],
    [308, `../${at}`],
  ])('is found behind a redirect by %d on its origin (R-31)', async (status, path) => {
    const document = { value: '' };
    op.script({
      discovery: (honest) => {
        document.value = JSON.stringify(honest);
        return redirect(new URL(path, op.issuer).href, status);
      },
    });
    const elsewhere: typeof fetch = async (url, init) =>
      String(url) === new URL(path, op.issuer).href
        ? new Response(document.value, { headers: { 'content-type': 'application/json' } })
        : fetch(url, init);
    const app = await start({ op, fetch: (url, init) => elsewhere(url, init) });
    expect(await tryStart(app)).toEqual(started);
  });

  it.each([
    ['on another host', 'http://127.0.0.1:9/x'],
    ['on another port', 'http://localhost:9/x'],
    ['in another scheme', 'data:application/json,{}'],
    ['that cannot be read', 'http://['],
  ])('is not looked for %s (R-31, F-48)', async (_, location) => {
    op.script({ discovery: () => redirect(location, 301) });
    const app = await start({ op });
    expect(await tryStart(app)).toEqual(notStarted('provider_invalid_response', 502));
    expect(app.errors[0]!.error.message).toMatch(/GET http.*\/\.well-known\/openid-configuration.*redirect/);
    expect(op.requests()).toHaveLength(1);
  });

  it('is not looked for in a circle (R-31, F-48)', async () => {
    op.script({ discovery: () => redirect(`${op.issuer}${at}`, 301) });
    expect(await tryStart(await start({ op }))).toEqual(notStarted('provider_invalid_response', 502));
    expect(op.requests()).toHaveLength(4);
  });

  it.each<[string, Script['discovery'], RegExp]>([
    ['is not there', () => json(404, {}), /status 404/],
    [
      'is of somebody else',
      (d) => ({ ...d, issuer: 'https://other.example' }),
      /got "https:\/\/other.example"/,
    ],
    ['is off by a slash', (d) => ({ ...d, issuer: op.issuer.slice(0, -1) }), /ends with a slash/],
    [
      'has an endpoint on http',
      (d) => ({ ...d, jwks_uri: 'http://keys:80/a' }),
      /jwks_uri.*dangerouslyAllowHttp/,
    ],
    ['is down', () => json(503, {}), /status 503/],
  ])('that %s is told with the address that was asked (R-33)', async (_, discovery, message) => {
    op.script({ discovery: discovery! });
    const app = await start({ op });
    await tryStart(app);
    expect(app.errors[0]!.error.message).toContain(`GET ${op.issuer}${at}`);
    expect(app.errors[0]!.error.message).toMatch(message);
  });

  it('needs no address of keys where a secret signs (R-33)', async () => {
    op.script({ ...announces({ jwks_uri: undefined }), key: op.clientSecret });
    const app = await start({ op, oidc: { idTokenSigningAlgorithm: 'HS256' } });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('may lie elsewhere than the issuer, whose it is all the same (R-31, R-32)', async () => {
    const issuer = `${op.origin}/tenants/7f3a/v2.0`;
    op.script(announces({ issuer }));
    const app = await start({ op, oidc: { issuer, discoveryUrl: `${op.issuer}${at}` } });
    expect(await tryStart(app)).toEqual(started);
    const other = await start({ op, oidc: { issuer: `${issuer}/`, discoveryUrl: `${op.issuer}${at}` } });
    expect(await tryStart(other)).toEqual(notStarted('provider_invalid_response', 502));
  });

  it('of a provider that signs by another algorithm explains the login that fails by it', async () => {
    const ec = createScriptedKey('ES256', 'an EC key that signs');
    op.script({ ...announces({ id_token_signing_alg_values_supported: ['ES256'] }), key: ec });
    const app = await start({ op });
    await tryLogin(app);
    expect(app.errors.map(({ error }) => error.code)).toEqual([
      'provider_conflict',
      'provider_invalid_response',
    ]);
    expect(app.errors[1]!.error.message).toMatch(
      /the ID token, alg: expected RS256, got "ES256".*idTokenSigningAlgorithm/,
    );
  });
});
