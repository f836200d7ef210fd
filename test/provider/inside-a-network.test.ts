import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { construct } from '../support/construct.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { notStarted, started, tryStart } from '../support/start-outcome.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const KEYCLOAK = 'http://keycloak:8080';

/** What the names of a network stand for: the provider, and an API. */
const resolve = (url: string) => url.replace(KEYCLOAK, op.origin).replace('http://orders:3000', api.origin);
const inNetwork = (url: string, init: RequestInit) => fetch(resolve(url), init);

/** The document of a provider that names addresses inside the network for what only servers call. */
const backChannel = (names: readonly string[]) => ({
  discovery: (document: Claims) => ({
    ...document,
    ...Object.fromEntries(names.map((name) => [name, String(document[name]).replace(op.origin, KEYCLOAK)])),
  }),
});
const BACK = ['token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'revocation_endpoint'];

describe('endpoints on plain http', () => {
  it('are called where their origin is listed, and none else (R-34)', async () => {
    op.script(backChannel(BACK));
    const oidc = { dangerouslyAllowHttp: [KEYCLOAK], userinfoAtLogin: true };
    const app = await start({ op, oidc, fetch: inNetwork });
    expect(await tryLogin(app)).toEqual(loggedIn);
    const other = await start({
      op,
      oidc: { dangerouslyAllowHttp: ['http://keycloak:8081', 'http://keycloak'] },
      fetch: inNetwork,
    });
    expect(await tryStart(other)).toEqual(notStarted('provider_invalid_response', 502));
    expect(other.errors[0]!.error.message).toMatch(
      /token_endpoint.*"http:\/\/keycloak:8080.*dangerouslyAllowHttp/,
    );
  });

  it.each([
    'authorization_endpoint',
    'end_session_endpoint',
  ])('are never those that browsers go to: %s (R-34)', async (name) => {
    op.script(backChannel([name]));
    const app = await start({ op, oidc: { dangerouslyAllowHttp: [KEYCLOAK] }, fetch: inNetwork });
    expect(await tryStart(app)).toEqual(notStarted('provider_invalid_response', 502));
    expect(app.errors[0]!.error.message).not.toContain('dangerouslyAllowHttp');
  });

  it('may be given by hand, and be where the document is', async () => {
    const metadata = {
      authorization_endpoint: `${op.issuer}authorize`,
      token_endpoint: `${op.issuer}token`.replace(op.origin, KEYCLOAK),
      jwks_uri: `${op.issuer}jwks`.replace(op.origin, KEYCLOAK),
    };
    const oidc = { metadata, dangerouslyAllowHttp: [KEYCLOAK] };
    expect(await tryLogin(await start({ op, oidc, fetch: inNetwork }))).toEqual(loggedIn);
    const discoveryUrl = `${op.issuer}.well-known/openid-configuration`.replace(op.origin, KEYCLOAK);
    const found = { discoveryUrl, dangerouslyAllowHttp: [KEYCLOAK] };
    expect(await tryStart(await start({ op, oidc: found, fetch: inNetwork }))).toEqual(started);
  });

  it.each<[string, object, RegExp]>([
    [
      'endpoint that is not listed',
      { metadata: 'http://keycloak:8080/t' },
      /metadata.token_endpoint must begin with https/,
    ],
    [
      'document that is not listed',
      { discoveryUrl: 'http://keycloak:8080/d' },
      /discoveryUrl must begin with https/,
    ],
    [
      'origin with a path',
      { dangerouslyAllowHttp: ['http://keycloak:8080/'] },
      /dangerouslyAllowHttp\[0\] must be an origin/,
    ],
    [
      'origin on https',
      { dangerouslyAllowHttp: ['https://keycloak'] },
      /dangerouslyAllowHttp\[0\] must be an origin/,
    ],
    ['pattern', { dangerouslyAllowHttp: ['http://*.svc'] }, /dangerouslyAllowHttp\[0\] must be an origin/],
    [
      'single text',
      { dangerouslyAllowHttp: 'http://keycloak:8080' },
      /dangerouslyAllowHttp must be an array/,
    ],
    ['switch for everything', { dangerouslyAllowHttp: true }, /dangerouslyAllowHttp must be an array/],
  ])('are refused as an option: an %s (R-34, F-123)', (_, {
    metadata,
    ...options
  }: { metadata?: string }, message) => {
    const endpoints = metadata && {
      authorization_endpoint: 'https://id.example.com/a',
      token_endpoint: metadata,
    };
    expect(() =>
      providers.oidc({
        ...{ issuer: 'https://id.example.com', clientId: 'app' },
        ...(endpoints ? { metadata: endpoints } : {}),
        ...options,
      }),
    ).toThrow(message);
  });
});

describe('APIs on plain http', () => {
  it('are called where they are listed twice (R-58)', async () => {
    const app = await start({
      op,
      handlers: addTokenRoutes,
      fetch: inNetwork,
      apiOrigins: ['http://orders:3000'],
      dangerouslyAllowHttp: ['http://orders:3000'],
    });
    const browser = app.browser();
    await app.logIn(browser);
    const url = encodeURIComponent('http://orders:3000/list?page=2');
    expect(await ask(browser, `/call?url=${url}`)).toMatchObject({ status: 200, upstream: 200 });
    expect(api.requests.at(-1)).toMatchObject({ url: '/list?page=2' });
    expect(api.requests.at(-1)!.headers.authorization).toMatch(/^Bearer /);
  });

  it.each([
    [
      'without the other',
      { apiOrigins: ['http://orders:3000'] },
      /apiOrigins: http:\/\/orders:3000 must begin with https/,
    ],
    [
      'for another port',
      { apiOrigins: ['http://orders:3000'], dangerouslyAllowHttp: ['http://orders'] },
      /apiOrigins: http:\/\/orders:3000 must begin with https/,
    ],
    [
      'with a path',
      { apiOrigins: ['http://orders:3000/v1'], dangerouslyAllowHttp: ['http://orders:3000'] },
      /without a path/,
    ],
  ])('are refused %s (R-58, F-123)', (_, changes, message) => {
    expect(construct(changes)).toMatch(message);
  });
});

describe('a fetch of the application', () => {
  it('makes every request to the provider and to APIs, and none goes past it', async () => {
    const asked: string[] = [];
    const app = await start({
      op,
      oidc: { userinfoAtLogin: true },
      handlers: addTokenRoutes,
      apiOrigins: [api.origin],
      fetch: (url, init) => {
        asked.push(`${init.method ?? 'GET'} ${new URL(url).pathname}`);
        return fetch(url, init);
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    await ask(browser, `/call?url=${encodeURIComponent(`${api.origin}/hello`)}`);
    await browser.post('/logout');
    const base = '/test/a/app';
    expect(asked).toEqual([
      `GET ${base}/.well-known/openid-configuration`,
      ...[`POST ${base}/token`, `GET ${base}/jwks`, `GET ${base}/userinfo`, 'GET /hello'],
      ...[`POST ${base}/revoke`, `POST ${base}/revoke`],
    ]);
    const own = op.requests().filter(({ endpoint }) => !['authorization', 'endSession'].includes(endpoint));
    expect(own).toHaveLength(asked.length - 1);
  });

  it('may be of another library, whose answers are of its own making', async () => {
    const foreign = async (url: string, init: RequestInit) => {
      const { status, headers, body } = await fetch(url, init);
      return { status, statusText: '', headers, body, redirected: false, url } as unknown as Response;
    };
    expect(await tryLogin(await start({ op, fetch: foreign }))).toEqual(loggedIn);
  });

  it.each<[string, (url: string, init: RequestInit) => Promise<unknown>, string, number, RegExp]>([
    [
      'never answers',
      () => new Promise(() => undefined),
      'provider_unavailable',
      503,
      /within 700 ms, got none/,
    ],
    [
      'answers without end',
      async () => neverEnding(),
      'provider_unavailable',
      503,
      /within 700 ms, got none/,
    ],
    [
      'answers more than anybody reads',
      async () => huge(),
      'provider_invalid_response',
      502,
      /at most 1 MiB/,
    ],
    ['gives nothing', async () => undefined, 'provider_invalid_response', 502, /expected a Response.*fetch/],
    [
      'gives the body alone',
      async () => ({ issuer: 'x' }),
      'provider_invalid_response',
      502,
      /expected a Response/,
    ],
    [
      'is broken',
      () => Promise.reject(new Error('no proxy')),
      'provider_unavailable',
      503,
      /fault of the network/,
    ],
    ['throws a text', () => Promise.reject('no'), 'provider_unavailable', 503, /fault of the network/],
    [
      'throws at once',
      () => {
        throw Object.assign(new Error('bad'), { code: 'ERR_PROXY' });
      },
      'provider_unavailable',
      503,
      /ERR_PROXY/,
    ],
  ])('that %s is bounded and told (F-48)', async (_, broken, code, status, message) => {
    const app = await start({ op, oidc: { timeoutMs: 700 }, fetch: broken as never });
    const began = performance.now();
    expect(await tryStart(app)).toEqual(notStarted(code, status));
    expect(performance.now() - began).toBeLessThan(5000);
    expect(app.errors[0]!.error.message).toMatch(message);
  });

  it('that follows redirects by itself is found out (F-48)', async () => {
    const app = await start({
      op,
      fetch: (url, init) => fetch(url, { ...init, redirect: 'follow' }),
    });
    op.script({
      token: () => json(307, {}, { location: `${api.origin}/token` }),
    });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors[0]!.error.message).toMatch(
      /POST .*\/token: expected no redirect.*option for it is fetch/,
    );
  });

  it('must be a function (F-123)', () => {
    expect(construct({ fetch: 'undici' })).toMatch(/fetch must be a function/);
    expect(construct({ httpAgent: {} })).toMatch(/Use fetch/);
  });
});

function neverEnding(): Response {
  return new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }));
}

function huge(): Response {
  return new Response(' '.repeat(2 * 1024 * 1024));
}
