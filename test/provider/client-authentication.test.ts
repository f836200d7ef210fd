import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { json, send } from '../support/scripted-answers.ts';
import type { Script } from '../support/scripted-provider.ts';
import { startScriptedProvider } from '../support/scripted-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const announces = (methods: unknown): Script => ({
  discovery: (document) => ({ ...document, token_endpoint_auth_methods_supported: methods }),
});

/** Servers read the two halves of HTTP Basic in three ways. */
const READERS = {
  'decodes forms': (part: string) => new URLSearchParams(`value=${part}`).get('value'),
  'decodes percent signs only': (part: string) => decodeURIComponent(part),
  'compares the bytes': (part: string) => part,
};

/** How the client proved itself: by its only token request. The provider takes Basic alone, and says so. */
function proofOf(provider = op) {
  const request = provider.requests('token').at(-1)!;
  provider.violations.length = 0;
  const basic = /^Basic (.+)$/.exec(String(request.headers.authorization))?.[1];
  return {
    basic: basic === undefined ? undefined : Buffer.from(basic, 'base64').toString(),
    body: request.params.get('client_secret'),
    assertion: request.params.get('client_assertion'),
    clientId: request.params.get('client_id'),
  };
}

describe('id and secret by HTTP Basic', () => {
  it.each([
    ['-_.~', ['decodes forms', 'decodes percent signs only', 'compares the bytes']],
    ["a!b*c'd(e)f", ['decodes forms', 'decodes percent signs only', 'compares the bytes']],
    ['a b', ['decodes forms', 'decodes percent signs only']],
    ['ünïcode+plus%41&=/', ['decodes forms', 'decodes percent signs only']],
    // Of kinds that nobody listed: a secret in base64, and one with quotes and a character beyond 16 bits.
    ['q83vEjRWeJA+/w==', ['decodes forms', 'decodes percent signs only']],
    ['"quoted\\" 🔑 ;,', ['decodes forms', 'decodes percent signs only']],
  ] as const)('with %j are read by a server that does not decode, or does: as far as that can be (R-30)', async (secret, readers) => {
    const app = await start({ op, oidc: { clientId: 'app-1_2.3', clientSecret: secret } });
    await tryLogin(app);
    const [id = '', given = '', ...rest] = proofOf().basic!.split(':');
    const understood = Object.entries(READERS).filter(([, read]) => read(given) === secret);
    expect(understood.map(([name]) => name)).toEqual(readers);
    expect([id, rest]).toEqual(['app-1_2.3', []]);
  });

  it('go raw where the server compares bytes and that is configured (R-30)', async () => {
    const clientSecret = 'a+b/c:d=%41';
    const app = await start({ op, oidc: { clientSecret, quirks: { basicEncoding: 'raw' } } });
    await tryLogin(app);
    expect(proofOf()).toEqual({
      ...{ basic: `${op.clientId}:${clientSecret}`, body: null, assertion: null, clientId: op.clientId },
    });
  });
});

describe('the way to prove the client', () => {
  it.each<[string, unknown, 'basic' | 'body', conflict: boolean]>([
    ['no list', undefined, 'basic', false],
    ['something that is no list', 'client_secret_post', 'basic', false],
    ['Basic and the body', ['client_secret_post', 'client_secret_basic'], 'basic', false],
    ['the body alone', ['client_secret_post'], 'body', false],
    ['the body, and keys', ['private_key_jwt', 'client_secret_post'], 'body', false],
    ['the body, and no proof at all', ['none', 'client_secret_post'], 'body', false],
    ['keys alone', ['private_key_jwt'], 'basic', true],
    ['certificates alone', ['tls_client_auth', 'self_signed_tls_client_auth'], 'basic', true],
    ['no proof alone', ['none'], 'basic', true],
    ['an empty list', [], 'basic', true],
  ])('is chosen where the options do not say and the provider announces %s (R-54)', async (_, methods, way, conflict) => {
    op.script(announces(methods));
    const app = await start({ op });
    await tryLogin(app);
    expect(op.requests('token')).toHaveLength(1);
    const { basic, body } = proofOf();
    expect([basic !== undefined, body !== null]).toEqual([way === 'basic', way === 'body']);
    const told = app.errors.filter(({ error }) => error.code === 'provider_conflict');
    expect(told).toHaveLength(conflict ? 1 : 0);
    if (conflict)
      expect(told[0]!.error.message).toMatch(/expected client_secret_basic.*clientAuthentication/);
  });

  it('is as configured, whatever is announced (R-54)', async () => {
    op.script(announces(['client_secret_basic']));
    const app = await start({ op, oidc: { clientAuthentication: 'client_secret_post' } });
    await tryLogin(app);
    expect(proofOf()).toMatchObject({ basic: undefined, body: op.clientSecret });
    expect(app.errors[0]?.error).toMatchObject({
      code: 'provider_conflict',
      fault: {
        member: 'token_endpoint_auth_methods_supported',
        expected: 'client_secret_post, as is configured',
        got: '["client_secret_basic"]',
        option: 'clientAuthentication',
      },
    });
  });

  it('of a public client sends no secret, and one beside it is refused (R-54)', async () => {
    const app = await start({ op, oidc: { clientSecret: undefined } });
    await tryLogin(app);
    expect(proofOf()).toMatchObject({ basic: undefined, body: null, clientId: op.clientId });
    const make = (options: object) =>
      providers.oidc({ issuer: op.issuer, clientId: 'app', clientAuthentication: 'none', ...options });
    expect(() => make({ clientSecret: 'x' })).toThrow(/clientAuthentication "none" sends no clientSecret/);
    expect(() => make({ clientSecret: () => 'x' })).toThrow(/sends no clientSecret/);
    expect(make({}).clientAuthentication).toBe('none');
    // There the secret is not for the token endpoint.
    const signed = { idTokenSigningAlgorithm: 'HS256', clientSecret: 'x'.repeat(32) };
    expect(make(signed).clientAuthentication).toBe('none');
  });
});

describe('a client that is refused', () => {
  const basic = { clientAuthentication: 'client_secret_basic' } as const;
  const refusals: [string, Script['token']][] = [
    ['by the standard', () => json(401, { error: 'invalid_client' })],
    ['as one that may not do this', () => json(400, { error: 'unauthorized_client' })],
    ['by a challenge', () => send(401, '', { 'www-authenticate': 'Basic realm="idp"' })],
    ['by a page', () => send(403, '<h1>Forbidden</h1>', { 'content-type': 'text/html' })],
  ];

  it.each(refusals)('%s is told what may help, and is not sent again (R-30, R-54)', async (_, token) => {
    op.script({ token: token!, ...announces(['client_secret_basic', 'client_secret_post']) });
    const app = await start({ op, oidc: basic });
    await tryLogin(app);
    const { message } = app.errors[0]!.error;
    expect(message).toContain("basicEncoding: 'raw'");
    expect(message).toContain("clientAuthentication: 'client_secret_post'");
    expect(message).toContain('It announces client_secret_basic, client_secret_post.');
    expect(message).not.toContain(op.clientSecret);
    expect(op.requests('token')).toHaveLength(1);
  });

  it.each([
    ['the body', { clientAuthentication: 'client_secret_post' }, /client_secret_basic/],
    ['raw Basic', { ...basic, quirks: { basicEncoding: 'raw' } }, /basicEncoding: 'form'/],
    ['nothing', { clientSecret: undefined }, /clientSecret or clientKey/],
  ] as const)('is told of the other way when it was by %s', async (_, oidc, advice) => {
    const refusing = async (url: string, init: RequestInit) =>
      new URL(url).pathname.endsWith('/token')
        ? Response.json({ error: 'invalid_client' }, { status: 401 })
        : fetch(url, init);
    const app = await start({ op, oidc, fetch: refusing });
    expect(await tryLogin(app)).toEqual(refused('provider_refused'));
    expect(app.errors[0]!.error.message).toMatch(advice);
  });

  it('at a revocation is told as much (R-30, R-54)', async () => {
    const app = await start({ op, oidc: basic });
    const browser = app.browser();
    await app.logIn(browser);
    op.script({ revocation: () => json(401, { error: 'invalid_client' }) });
    await browser.post('/logout');
    expect(app.errors.map(({ error }) => error.message)).toEqual([
      expect.stringContaining("basicEncoding: 'raw'"),
    ]);
  });

  it('whose code was refused is told nothing of the kind', async () => {
    op.script({ token: () => json(400, { error: 'invalid_grant' }) });
    const app = await start({ op });
    await tryLogin(app);
    expect(app.errors[0]!.error.message).not.toMatch(/basicEncoding|clientAuthentication/);
  });
});

describe('a secret that a function gives', () => {
  it.each<[string, (secret: string) => () => unknown]>([
    ['at once', (secret) => () => secret],
    ['later', (secret) => async () => secret],
    ['with its life', (secret) => () => ({ value: secret, validForSeconds: 60 })],
  ])('%s proves the client (R-54)', async (_, make) => {
    const app = await start({ op, oidc: { clientSecret: make(op.clientSecret) as never } });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('is asked for at each call, or for as long as it is good (R-54)', async () => {
    const clock = createTestClock();
    const kept = await startScriptedProvider({ now: clock.now });
    let asked = 0;
    let life = 0;
    const clientSecret = () => {
      asked += 1;
      return life === 0 ? kept.clientSecret : { value: kept.clientSecret, validForSeconds: life };
    };
    const app = await start({ op: kept, oidc: { clientSecret }, now: clock.now });
    expect(asked).toBe(0);
    for (let login = 0; login < 2; login += 1) await tryLogin(app);
    expect(asked).toBe(2);
    life = 60;
    for (let login = 0; login < 3; login += 1) await tryLogin(app);
    expect(asked).toBe(3);
    clock.advance(61_000);
    await tryLogin(app);
    expect(asked).toBe(4);
    await kept.close();
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'throws',
      () => Promise.reject(new Error('the vault is sealed')),
      /clientSecret\(\) of the application threw/,
    ],
    ['throws at once', () => raise(new TypeError('no vault')), /clientSecret\(\) of the application threw/],
    ['gives nothing', () => undefined, /gave no text/],
    ['gives an object of its own', () => ({ secret: 'x' }), /gave no text/],
    [
      'gives what cannot be read',
      () => Object.defineProperty({}, 'value', { get: () => raise(new Error('no vault')) }),
      /clientSecret\(\) of the application threw/,
    ],
    ['never comes back', () => new Promise(() => undefined), /took more than 700 ms/],
  ])('that %s is a fault of the application, and nothing is sent (R-54)', async (_, clientSecret, message) => {
    const app = await start({ op, oidc: { clientSecret: clientSecret as never, timeoutMs: 700 } });
    expect(await tryLogin(app)).toEqual(refused('provider_credentials', 500));
    expect(app.errors[0]!.error.message).toMatch(message);
    expect(op.requests('token')).toEqual([]);
  });

  it('that is away costs nobody a session whose token still lives, and no refresh token (R-54)', async () => {
    const clock = createTestClock();
    const timed = await startScriptedProvider({ now: clock.now });
    let isAway = false;
    const clientSecret = () => (isAway ? raise(new Error('away')) : timed.clientSecret);
    const options = { now: clock.now, handlers: addTokenRoutes };
    const app = await start({ op: timed, oidc: { clientSecret }, ...options });
    const browser = app.browser();
    await app.logIn(browser);
    isAway = true;
    clock.advance(3_590_000);
    expect((await ask(browser)).status).toBe(200);
    clock.advance(20_000);
    expect(await ask(browser)).toMatchObject({ status: 500, error: 'provider_credentials' });
    isAway = false;
    clock.advance(60_000);
    expect((await ask(browser)).status).toBe(200);
    await timed.close();
  });

  it('verifies ID tokens by it as it is at that moment, and must be long enough for that (R-11)', async () => {
    const hs = { idTokenSigningAlgorithm: 'HS256' } as const;
    const app = await start({ op, oidc: { ...hs, clientSecret: async () => op.clientSecret } });
    op.script({ key: op.clientSecret });
    expect(await tryLogin(app)).toEqual(loggedIn);
    const short = await start({ op, oidc: { ...hs, clientSecret: () => 'short' } });
    expect(await tryLogin(short)).toEqual(refused('provider_credentials', 500));
    expect(short.errors[0]!.error.message).toContain('fewer than 32 bytes');
  });
});

function raise(error: Error): never {
  throw error;
}
