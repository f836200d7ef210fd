import { describe, expect, it } from '@jest/globals';
import type { ErrorRequestHandler } from 'express';
import { providers } from 'express-connect-auth';
import { listen } from '../support/listen.ts';
import { beginLogin, tryLogin } from '../support/login-outcome.ts';
import { started, tryStart } from '../support/start-outcome.ts';
import { until } from '../support/until.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const create = (options: object) =>
  providers.oidc({ issuer: 'https://id.example.com', clientId: 'app', ...options });

/** A client that sends none of what browsers add. */
const BARE = {
  'sec-fetch-site': undefined,
  'sec-fetch-mode': undefined,
  'sec-fetch-dest': undefined,
  accept: undefined,
};

/** Names of the parameters that a login asks with, when nobody asks for more. */
const STANDARD = [
  ...[
    'client_id',
    'code_challenge',
    'code_challenge_method',
    'nonce',
    'redirect_uri',
    'response_type',
    'scope',
  ],
  'state',
];

describe('what a login asks the provider', () => {
  it('has the scopes that are configured and no other, openid always among them (R-01, R-53)', async () => {
    const standard = await beginLogin((await start({ op })).browser());
    expect(standard.searchParams.get('scope')).toBe('openid profile email');
    const chosen = await beginLogin((await start({ op, oidc: { scope: 'custom openid' } })).browser());
    expect(chosen.searchParams.get('scope')).toBe('custom openid');
    for (const scope of ['profile', 'openid2', 'OPENID', '', ' '])
      expect(() => create({ scope })).toThrow(/scope/);
  });

  it('asks for a code and nothing else (R-37, C-03)', async () => {
    const url = await beginLogin((await start({ op })).browser());
    expect(url.searchParams.get('response_type')).toBe('code');
    expect([...url.searchParams.keys()].filter((name) => name !== 'tenant').sort()).toEqual(STANDARD);
    expect(url.hash).toBe('');
    for (const responseType of ['id_token', 'token', 'code'])
      expect(() => create({ responseType })).toThrow(/responseType/);
    expect(() => create({ authorizationParams: { response_type: 'token' } })).toThrow(/response_type/);
  });

  it('proves itself by S256 also to a provider that announces plain alone, or nothing (R-36, R-40)', async () => {
    for (const methods of [['plain'], undefined]) {
      const app = await start({ op });
      op.script({ discovery: (document) => ({ ...document, code_challenge_methods_supported: methods }) });
      const { searchParams } = await beginLogin(app.browser());
      expect(searchParams.get('code_challenge_method')).toBe('S256');
    }
  });

  it('names the callback of baseUrl, byte for byte the same in both requests (R-02)', async () => {
    const app = await start({ op });
    const headers = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    const browser = app.browser();
    const answer = await browser.get('/login', headers);
    await browser.deliver(await op.signIn(answer.headers.get('location')!), headers);
    const uris = [...op.requests('authorization'), ...op.requests('token')].map(({ params }) =>
      params.get('redirect_uri'),
    );
    expect(uris).toEqual([`${app.origin}/oauth/callback`, `${app.origin}/oauth/callback`]);
  });

  it.each([
    ...['state', 'nonce', 'redirect_uri', 'client_id', 'response_type', 'response_mode', 'scope'],
    ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
  ])('cannot be given another %s by options (R-04)', (name) => {
    expect(() => create({ authorizationParams: { [name]: 'x' } })).toThrow(name);
  });

  it('cannot be given anything by the query of the login route that options do not allow (R-04)', async () => {
    const app = await start({ op });
    const query = STANDARD.map((name) => `${name}=evil`).join('&');
    const more = 'prompt=none&max_age=0&acr_values=x&login_hint=x&ui_locales=x&request=x&claims=x&audience=x';
    const url = await beginLogin(app.browser(), `/login?${query}&${more}`);
    expect([...url.searchParams.keys()].filter((name) => name !== 'tenant').sort()).toEqual(STANDARD);
    expect(url.href).not.toContain('evil');
  });

  it('takes from the query what options allow, and each of it once (R-04)', async () => {
    const app = await start({ op, loginParameters: { prompt: ['create'], loginHint: true } });
    const url = await beginLogin(
      app.browser(),
      '/login?prompt=create&login_hint=a%26state%3Devil&ui_locales=de&prompt=none',
    );
    expect(url.searchParams.get('prompt')).toBe('create');
    expect(url.searchParams.get('login_hint')).toBe('a&state=evil');
    expect(url.searchParams.has('ui_locales')).toBe(false);
    expect(url.searchParams.getAll('state')).toHaveLength(1);
    const other = await beginLogin(app.browser(), `/login?prompt=none&login_hint=${'x'.repeat(257)}`);
    expect(other.searchParams.has('prompt')).toBe(false);
    expect(other.searchParams.has('login_hint')).toBe(false);
  });

  it.each<['login' | 'logout' | 'renew']>([
    ['login'],
    ['logout'],
    ['renew'],
  ])('says what is wrong when a handler answers without waiting for req.auth.%s()', async (method) => {
    const faults: unknown[] = [];
    const app = await start({
      op,
      handlers: (server) => {
        server.get('/hasty', async (req, res) => {
          const work = req.auth[method]().catch((error) => faults.push(error.message));
          res.end('done');
          await work;
        });
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/hasty');
    await until(() => faults.length > 0);
    expect(faults).toEqual([`req.auth.${method}() must be called, and awaited, before the response begins.`]);
  });

  it.each<[object, RegExp]>([
    [{ state: 'evil' }, /^req\.auth\.login\(\) has no option "state"/],
    [{ redirect_uri: 'https://evil.example' }, /has no option "redirect_uri"/],
    [{ return_to: '/' }, /has no option "return_to"\. Did you mean "returnTo"\?/],
    [{ acrValues: 5 }, /^req\.auth\.login\(\): acrValues must be a string, or an array of some; it is 5\./],
    [{ acrValues: [] }, /acrValues must be a string, or an array of some/],
    [{ maxAgeSeconds: 0 }, /maxAgeSeconds must be a number from 1 to 31536000; it is 0\./],
    [
      { max_age: 60, acr: 'gold' },
      /"max_age"\. Did you mean "maxAgeSeconds"\?\n.*"acr"\. Did you mean "acrValues"\?/,
    ],
    [{ maxAgeSeconds: '60' }, /maxAgeSeconds must be a number/],
    [{ display: 'window' }, /display must be one of "page", "popup"/],
  ])('refuses that a handler asks for %j (R-04, F-123)', async (ask, message) => {
    const faults: unknown[] = [];
    const app = await start({
      op,
      handlers: (server) => {
        server.get('/ask', async (req, res) => {
          await req.auth.login(ask).catch((error) => faults.push(error.message));
          res.end();
        });
      },
    });
    await app.browser().get('/ask');
    expect(faults).toEqual([expect.stringMatching(message)]);
  });

  it('keeps what a handler asks for apart from the protocol (R-04)', async () => {
    const app = await start({
      op,
      oidc: { authorizationParams: { prompt: 'login', audience: 'api', max_age: '99' } },
      handlers: (server) => {
        server.get('/ask', (req) =>
          req.auth.login({
            prompt: 'consent&state=evil',
            loginHint: '# &nonce=evil',
            acrValues: ['a+b', '&client_id=evil'],
            maxAgeSeconds: 60,
          }),
        );
      },
    });
    const { searchParams } = await beginLogin(app.browser(), '/ask');
    expect([...searchParams.keys()].length).toBe(new Set(searchParams.keys()).size);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      audience: 'api',
      prompt: 'consent&state=evil',
      max_age: '60',
      client_id: op.clientId,
      redirect_uri: `${app.origin}/oauth/callback`,
    });
    for (const name of ['state', 'nonce']) expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
  });
});

describe('a login', () => {
  const methods = ['OPTIONS', 'PUT', 'DELETE', 'PATCH', 'POST'];

  it.each(methods)('does not start by %s (F-64)', async (method) => {
    const app = await start({ op });
    const browser = app.browser();
    const answer = await browser.request(method, '/login');
    expect([answer.status, answer.headers.get('allow'), answer.headers.get('location')]).toEqual([
      405,
      'GET, HEAD',
      null,
    ]);
    expect(browser.jar.all()).toEqual([]);
    expect(op.requests()).toEqual([]);
  });

  it.each([
    'OPTIONS',
    'PUT',
    'DELETE',
    'PATCH',
  ])('is not finished by %s, nor spoilt (F-64)', async (method) => {
    const app = await start({ op });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href);
    const answer = await browser.request(
      method,
      new URL(callback.url).pathname + new URL(callback.url).search,
    );
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect(op.requests('token')).toEqual([]);
    expect((await browser.deliver(callback)).status).toBe(303);
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['a browser that loads ahead', { 'sec-purpose': 'prefetch' }],
    ['a browser that renders ahead', { 'sec-purpose': 'prefetch;prerender' }],
    ['an old browser that loads ahead', { ...BARE, accept: 'text/html', purpose: 'prefetch' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['a frame of another site', { 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'cross-site' }],
    ['an object', { 'sec-fetch-dest': 'object' }],
    ['a fetch', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a blind fetch', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'empty' }],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', 'sec-fetch-site': 'cross-site' }],
    ['a script', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
  ])('is not started by %s, which gets 401 and no cookie (F-64, F-65)', async (_, headers) => {
    const app = await start({ op });
    const browser = app.browser();
    const answer = await browser.get('/login', headers);
    expect([answer.status, answer.headers.get('location')]).toEqual([401, null]);
    expect(browser.jar.all()).toEqual([]);
    expect(app.errors[0]?.error.code).toBe('login_required');
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['a link on another site', { 'sec-fetch-site': 'cross-site' }],
    ['a client that says nothing of itself', BARE],
  ])('is started by %s (R-67)', async (_, headers) => {
    const app = await start({ op });
    expect((await app.browser().get('/login', headers)).status).toBe(302);
  });

  it.each([
    ['what fits', `/${'x'.repeat(300)}?q=1#there`, `/${'x'.repeat(300)}?q=1#there`],
    ['what fits without its query', `/${'x'.repeat(200)}?${'q'.repeat(1000)}`, `/${'x'.repeat(200)}`],
    ['home in place of what does not fit', `/${'x'.repeat(2000)}?q=1`, '/'],
  ])('keeps its headers below 3.5 KB, and leads to %s (F-113)', async (_, returnTo, reached) => {
    const app = await start({ op, loginParameters: { loginHint: true } });
    const browser = app.browser();
    const query = `returnTo=${encodeURIComponent(returnTo)}&login_hint=${'y'.repeat(256)}`;
    const sizes: number[] = [];
    for (let tab = 0; tab < 8; tab += 1) {
      const begun = await browser.get(`/login?${query}`);
      sizes.push(JSON.stringify([...begun.headers]).length);
      if (tab < 7) continue;
      const ended = await browser.deliver(await op.signIn(begun.headers.get('location')!));
      expect(ended.headers.get('location')).toBe(reached);
      sizes.push(JSON.stringify([...ended.headers]).length);
    }
    expect(Math.max(...sizes)).toBeLessThan(3500);
  });

  it('fetches nothing that a request or a token names (F-119, R-25, R-29)', async () => {
    const hits: string[] = [];
    const trap = await listen((req, res) => {
      hits.push(req.url ?? '');
      res.end();
    });
    const app = await start({ op });
    const url = encodeURIComponent(`${trap.origin}/evil`);
    expect(
      await tryStart(app, `/login?iss=${url}&issuer=${url}&target_link_uri=${url}&request_uri=${url}`),
    ).toEqual(started);
    await app.browser().get(`/oauth/callback?code=x&state=y&iss=${url}&response_uri=${url}`);
    op.script({
      header: (header) => ({ ...header, jku: `${trap.origin}/jku`, x5u: `${trap.origin}/x5u` }),
      claims: (claims) => ({
        ...claims,
        _claim_names: { address: 'source' },
        _claim_sources: { source: { endpoint: `${trap.origin}/claims`, access_token: 'x' } },
        picture: `${trap.origin}/picture`,
      }),
    });
    await tryLogin(app);
    expect(app.logins).toHaveLength(1);
    expect(hits).toEqual([]);
    await trap.close();
  });
});

describe('a handler that passes on what a query brings', () => {
  it.each([
    'a\nFAKE LOG LINE',
    '\u001b[31mred',
    'b\u2028next\u0085line',
    'x'.repeat(5000),
  ])('puts no more of it into an error than one short line: %j (F-107)', async (name) => {
    const told: string[] = [];
    const app = await start({
      op,
      handlers: (server) => {
        server.get('/by-provider', (req) => req.auth.login({ provider: String(req.query.name) }));
        server.get('/by-name', (req) => req.auth.login({ [String(req.query.name)]: 'x' }));
        server.get('/out', (req) => req.auth.logout({ [String(req.query.name)]: 'x' }));
        server.use(((error, _req, res, _next) => {
          told.push(error.message);
          res.status(error.status).end();
        }) satisfies ErrorRequestHandler);
      },
    });
    for (const path of ['/by-provider', '/by-name', '/out']) {
      const answer = await app.browser().get(`${path}?name=${encodeURIComponent(name)}`);
      expect(answer.status).toBe(500);
    }
    expect(told).toHaveLength(3);
    for (const message of told) expect(message).toMatch(/^[ -~…]{20,300}$/);
  });
});
