import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type AuthRules, type BearerRules, LoginRefused, providers, requireAuth } from 'express-connect-auth';
import { startApiServer } from '../support/api-server.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { AUDIENCE, createBearerTokens } from '../support/bearer-tokens.ts';
import type { RequestHeaders } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { expressVersions } from '../support/express-versions.ts';
import { json } from '../support/scripted-answers.ts';
import { breakSignature, createScriptedKey } from '../support/scripted-keys.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const makeToken = createBearerTokens(op, clock.now);

/** A client that is no browser. */
const PROGRAM = {
  ...{ accept: '*/*', 'sec-fetch-mode': undefined, 'sec-fetch-dest': undefined, 'sec-fetch-site': undefined },
};

/** An application whose `/orders` takes a session or a token. */
async function start(
  { bearer, ...rules }: Omit<AuthRules, 'bearer'> & { bearer?: Partial<BearerRules> } = {},
  options: Partial<TestAppOptions> = {},
) {
  const ran: string[] = [];
  const app = await startApp({
    ...{ op, now: clock.now },
    handlers: (server) => {
      server.all(
        '/orders',
        requireAuth({ ...rules, bearer: { audience: AUDIENCE, ...bearer } }),
        (req, res) => {
          ran.push(req.auth.kind ?? 'nobody');
          res.json({ user: req.user, kind: req.auth.kind });
        },
      );
    },
    ...options,
  });
  return { app, ran };
}

/** Calls it as a program with this header. */
const send = (app: TestApp, authorization: string | undefined, headers: RequestHeaders = {}) =>
  app.browser().get('/orders', { ...PROGRAM, authorization, ...headers });
const call = (app: TestApp, token: string, headers: RequestHeaders = {}) =>
  send(app, `Bearer ${token}`, headers);

describe('a route that takes a session or a bearer token', () => {
  it.each(expressVersions)('sees the same person by both (%s)', async (_, createExpress) => {
    const mapUser: TestAppOptions['mapUser'] = ({ sub }, { kind, provider }) =>
      ({ sub, name: `${sub} of ${provider}`, kinds: typeof kind }) as Express.User;
    const { app } = await start({}, { createExpress, mapUser });
    const user = { sub: 'ada', name: 'ada of default', kinds: 'string' };
    const browser = await logInWith(op, app);
    expect(await (await browser.get('/orders')).json()).toEqual({ user, kind: 'session' });
    const answer = await call(app, makeToken());
    expect([answer.status, await answer.json()]).toEqual([200, { user, kind: 'bearer' }]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('takes a token of any case of "bearer", of one audience of several, and by its own algorithm', async () => {
    const key = createScriptedKey('ES256', 'of the tokens');
    op.script({ jwks: ({ keys }) => ({ keys: [...keys, key.jwk] }) });
    const { app } = await start({ bearer: { audience: ['other', AUDIENCE], algorithms: ['ES256'] } });
    const token = makeToken({ aud: ['x', AUDIENCE] }, { header: { alg: 'ES256', kid: key.kid }, key });
    expect((await send(app, `bEARER   ${token}  `)).status).toBe(200);
    expect((await call(app, makeToken())).status).toBe(401);
  });

  it('checks no origin of who brings a token, and that of who brings a cookie', async () => {
    const { app, ran } = await start();
    const foreign = { ...PROGRAM, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const post = (headers: RequestHeaders) => app.browser().request('POST', '/orders', { headers });
    expect((await post({ ...foreign, authorization: `Bearer ${makeToken()}` })).status).toBe(200);
    expect((await post({ ...foreign, authorization: 'Basic YTpi' })).status).toBe(403);
    expect(ran).toEqual(['bearer']);
  });

  it('refuses a request with both', async () => {
    const { app, ran } = await start();
    const browser = await logInWith(op, app);
    const headers = { ...PROGRAM, authorization: `Bearer ${makeToken({ sub: 'eve' })}` };
    const answer = await browser.get('/orders', headers);
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_request' }),
    ]);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_request"');
    expect(app.errors.map(({ error }) => error.code)).toEqual(['bearer_ambiguous']);
    expect(ran).toEqual([]);
    // A session of nobody is no login.
    const anonymous = app.browser();
    await anonymous.get('/save?cart=1');
    expect((await anonymous.get('/orders', headers)).status).toBe(200);
  });

  it('tells a program without either what to bring, and sends a person to the login', async () => {
    const { app } = await start();
    const answer = await send(app, undefined);
    expect(answer.headers.get('www-authenticate')).toBe(`Bearer realm="${AUDIENCE}"`);
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: 'login_required', loginUrl: '/login' },
    ]);
    expect((await app.browser().get('/orders')).status).toBe(302);
    const anywhere = await app.browser().get(`/orders?access_token=${makeToken()}`, PROGRAM);
    expect(anywhere.status).toBe(401);
  });

  it('lets nobody pass by "pass", and no bad token', async () => {
    const { app, ran } = await start({ anonymous: 'pass' });
    expect([(await send(app, undefined)).status, (await call(app, 'bad')).status]).toEqual([200, 401]);
    expect(ran).toEqual(['nobody']);
  });
});

describe('a provider of one organisation of several', () => {
  const iss = 'https://acme.eu.auth0.com/';
  const metadata = {
    issuer: iss,
    ...{ authorization_endpoint: `${iss}authorize`, token_endpoint: `${iss}token`, jwks_uri: `${iss}keys` },
  };
  const ofOrganisation: Partial<TestAppOptions> = {
    preset: () => providers.auth0({ domain: 'acme.eu.auth0.com', clientId: 'app', organization: 'org_1' }),
    fetch: async (url) => Response.json(url === metadata.jwks_uri ? { keys: [op.key.jwk] } : metadata),
  };

  it('gives tokens of that one alone, as it gives logins', async () => {
    const { app, ran } = await start({}, ofOrganisation);
    const answers = [{ org_id: 'org_2' }, {}, { org_id: ['org_1'] }].map((claims) =>
      call(app, makeToken({ iss, ...claims })),
    );
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(app.errors.map(({ error }) => error.message).join()).not.toContain('org_');
    expect((await call(app, makeToken({ iss, org_id: 'org_1' }))).status).toBe(200);
    expect(ran).toEqual(['bearer']);
  });
});

it('the functions of a guard are not given the token itself', async () => {
  const seen: unknown[] = [];
  const { app } = await start({
    roles: 'admin',
    rolesFrom: (login) => {
      seen.push(login);
      return ['admin'];
    },
  });
  const token = makeToken();
  expect((await call(app, token)).status).toBe(200);
  expect(seen).toHaveLength(1);
  expect(inspect(seen, { depth: 9, showHidden: true })).not.toContain(token);
});

describe('a bearer token that is refused', () => {
  const other = createScriptedKey('RS256', op.key.kid);
  const seconds = () => Math.floor(clock.now() / 1000);
  const pem = op.key.jwk.n as string;

  it.each<[string, () => string, RegExp]>([
    ['an ID token', () => makeToken({ nonce: 'n', aud: op.clientId }, { header: { typ: 'JWT' } }), /at\+jwt/],
    ['an ID token for this audience', () => makeToken({ nonce: 'n' }, { header: { typ: 'JWT' } }), /at\+jwt/],
    ['a JWT without a type', () => makeToken({}, { header: { typ: undefined } }), /at\+jwt/],
    ['a logout token', () => makeToken({ events: {} }, { header: { typ: 'logout+jwt' } }), /at\+jwt/],
    ['one for another API', () => makeToken({ aud: 'https://other.example.com' }), /another audience/],
    [
      'one whose audience begins alike',
      () => makeToken({ aud: `${AUDIENCE}.evil.example` }),
      /another audience/,
    ],
    ['one for nobody', () => makeToken({ aud: undefined }), /another audience/],
    ['one of another issuer', () => makeToken({ iss: 'https://evil.example/' }), /another issuer/],
    ['one of an issuer that looks alike', () => makeToken({ iss: op.issuer.slice(0, -1) }), /another issuer/],
    ['one without an issuer', () => makeToken({ iss: undefined }), /another issuer/],
    ['one that has expired', () => makeToken({ exp: seconds() - 31 }), /expired/],
    ['one without an end', () => makeToken({ exp: undefined }), /no exp/],
    ['one whose end is no number', () => makeToken({ exp: '9999999999' }), /a time that is no number/],
    ['one of tomorrow', () => makeToken({ nbf: seconds() + 31 }), /not valid yet/],
    ['one that was made tomorrow', () => makeToken({ iat: seconds() + 31 }), /not valid yet/],
    ['one of nobody', () => makeToken({ sub: undefined }), /names nobody/],
    ['one of an endless name', () => makeToken({ sub: 'x'.repeat(256) }), /names nobody/],
    ['one that is bound to a key (RFC 9449)', () => makeToken({ cnf: { jkt: 'x' } }), /bound to a key/],
    ['one that is bound to a certificate', () => makeToken({ cnf: { 'x5t#S256': 'x' } }), /bound to a key/],
    [
      'one without a signature',
      () => `${makeToken({}, { header: { alg: 'none' } }).replace(/[^.]*$/, '')}`,
      /no signed JWT/,
    ],
    ['one that says "none"', () => makeToken({}, { header: { alg: 'none' } }), /algorithm/],
    [
      'one that says HS256, by the client secret',
      () => makeToken({}, { header: { alg: 'HS256' }, key: op.clientSecret }),
      /algorithm/,
    ],
    [
      'one that says HS256, by the public key',
      () => makeToken({}, { header: { alg: 'HS256' }, key: pem }),
      /algorithm/,
    ],
    [
      'one by another algorithm',
      () => makeToken({}, { header: { alg: 'PS256' }, key: createScriptedKey('PS256', op.key.kid) }),
      /algorithm/,
    ],
    ['one by a key of nobody', () => makeToken({}, { key: other }), /signature/],
    [
      'one by a key that it brings',
      () => makeToken({}, { key: other, header: { jwk: other.jwk } }),
      /signature/,
    ],
    ['one whose signature is broken', () => breakSignature(makeToken()), /signature/],
    ['one with an extension', () => makeToken({}, { header: { crit: ['x'], x: 1 } }), /can be taken/],
    ['one that is encrypted', () => 'a.b.c.d.e', /no signed JWT/],
    ['an opaque one', () => 'opaque', /no signed JWT/],
    ['one that is no JSON', () => 'aaaa.bbbb.cccc', /no signed JWT|another issuer/],
  ])('is %s', async (_, token, reason) => {
    const { app, ran } = await start();
    const given = token();
    const answer = await call(app, given);
    const said = await answer.json();
    expect([answer.status, said.error]).toEqual([401, 'invalid_token']);
    expect(said.error_description).toMatch(reason);
    const header = answer.headers.get('www-authenticate')!;
    expect(header).toMatch(
      /^Bearer realm="https:\/\/api\.example\.com", error="invalid_token", error_description="[^"\\]+"$/,
    );
    expect(ran).toEqual([]);
    const [{ error, during }] = app.errors as [(typeof app.errors)[number]];
    expect([during, error.code]).toEqual(['guard', 'bearer_invalid']);
    expect(inspect(error)).not.toContain(given);
  });

  it.each<[string, string]>([
    ['nothing', 'Bearer'],
    ['spaces', 'Bearer    '],
    ['two tokens', 'Bearer a b'],
    ['a parameter', 'Bearer token="a"'],
    ['a comma', 'Bearer a,b'],
    ['letters of other alphabets', 'Bearer é'],
    ['no space', 'Bearer\t.a.b'],
    ['more than anybody has', `Bearer ${'a'.repeat(15 * 1024)}.b.c`],
  ])('is a malformed header: %s', async (_, authorization) => {
    const { app } = await start();
    const answer = await send(app, authorization);
    expect([answer.status, (await answer.json()).error]).toEqual([401, 'invalid_token']);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['bearer_invalid']);
  });

  it('by its type tells the operator what to do, and its sender nothing of that', async () => {
    const { app } = await start();
    const answer = await call(app, makeToken({}, { header: { typ: 'JWT' } }));
    expect(app.errors[0]?.error.message).toMatch(
      /typ is not at\+jwt\. .*see dangerouslyAcceptAnyType of bearer/,
    );
    expect(`${await answer.text()}${answer.headers.get('www-authenticate')}`).not.toContain('dangerously');
  });

  it('never leads anywhere: keys come from the provider of the options alone', async () => {
    const { app } = await start();
    await call(app, makeToken());
    op.forgetRequests();
    const evil = await startApiServer();
    for (const header of ['jku', 'x5u'])
      expect((await call(app, makeToken({}, { key: other, header: { [header]: evil.origin } }))).status).toBe(
        401,
      );
    expect((await call(app, makeToken({ iss: evil.origin }, { key: other }))).status).toBe(401);
    expect([evil.requests.length, op.requests('discovery').length]).toEqual([0, 0]);
    await evil.close();
  });

  it('costs the provider no fetch of keys each, and a new key is found when it may be looked for', async () => {
    const { app } = await start();
    expect((await call(app, makeToken())).status).toBe(200);
    op.forgetRequests();
    for (let count = 0; count < 5; count += 1)
      expect((await call(app, makeToken({}, { key: other, header: { kid: `k${count}` } }))).status).toBe(401);
    expect(op.requests('jwks')).toEqual([]);
    const old = op.key;
    op.key = createScriptedKey('RS256', 'the next key');
    clock.advance(31_000);
    expect((await call(app, makeToken())).status).toBe(200);
    expect(op.requests('jwks')).toHaveLength(1);
    op.key = old;
  });

  it('is none while the keys cannot be had: 503', async () => {
    const { app, ran } = await start();
    op.script({ jwks: () => json(503, {}) });
    const answer = await call(app, makeToken());
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: 'provider_unavailable', reference: expect.any(String) },
    ]);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(ran).toEqual([]);
  });

  it('is one of a session elsewhere: another guard without "bearer" takes none', async () => {
    const { app } = await start();
    const answer = await app.browser().get('/api/me', { ...PROGRAM, authorization: `Bearer ${makeToken()}` });
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, null]);
  });
});

describe('a provider whose access tokens have no type of their own', () => {
  it('is taken by dangerouslyAcceptAnyType, and its ID tokens are not', async () => {
    const { app } = await start({ bearer: { dangerouslyAcceptAnyType: true } });
    const statusOf = async (claims = {}, typ?: string) =>
      (await call(app, makeToken(claims, { header: { typ } }))).status;
    expect([await statusOf(), await statusOf({}, 'JWT'), await statusOf({}, 'at+jwt')]).toEqual([
      200, 200, 200,
    ]);
    for (const claims of [
      { nonce: 'n' },
      { at_hash: 'x' },
      { c_hash: 'x' },
      { events: {} },
      { aud: op.clientId },
    ])
      expect(await statusOf(claims, 'JWT')).toBe(401);
    expect(await statusOf({}, 'logout+jwt')).toBe(401);
  });

  it('cannot have the client id for an audience: ID tokens are for that', async () => {
    const { app } = await start({ bearer: { audience: op.clientId, dangerouslyAcceptAnyType: true } });
    const answer = await call(app, makeToken({ aud: op.clientId }, { header: { typ: 'JWT' } }));
    expect(answer.status).toBe(500);
    expect(app.errors[0]?.error.message).toMatch(
      /bearer\.audience must be the name of an API, not a client id/,
    );
  });
});

describe('the rules of a guard', () => {
  it('hold for tokens as they do for sessions', async () => {
    const rules: AuthRules = {
      ...{ roles: 'admin', rolesFrom: 'realm_access.roles', scopes: 'orders.read orders.write' },
      allow: ({ user }) => user?.sub === 'ada',
    };
    const { app } = await start(rules);
    const good = { realm_access: { roles: ['admin'] }, scope: 'orders.write orders.read' };
    expect((await call(app, makeToken(good))).status).toBe(200);
    expect(
      (await call(app, makeToken({ ...good, scope: undefined, scp: ['orders.read', 'orders.write'] })))
        .status,
    ).toBe(200);
    const answer = await call(app, makeToken({ ...good, scope: 'orders.read' }));
    expect([answer.status, await answer.json()]).toEqual([
      403,
      { error: 'access_denied', reference: expect.any(String), missing: { scopes: ['orders.write'] } },
    ]);
    expect(answer.headers.get('www-authenticate')).toMatch(
      /^Bearer realm="[^"]+", error="insufficient_scope", error_description="[^"]+", scope="orders\.read orders\.write"$/,
    );
    for (const bad of [{ realm_access: {} }, { sub: 'eve' }, { scope: '' }, { scope: ['orders.read', 7] }])
      expect((await call(app, makeToken({ ...good, ...bad }))).status).toBe(403);
  });

  it('ask for a fresher or stronger login as RFC 9470 has it', async () => {
    const { app } = await start({ maxAgeSeconds: 300, acrValues: ['gold', 'silver'] });
    const authTime = () => Math.floor(clock.now() / 1000);
    expect((await call(app, makeToken({ auth_time: authTime(), acr: 'silver' }))).status).toBe(200);
    for (const claims of [
      {},
      { auth_time: authTime() - 400, acr: 'gold' },
      { auth_time: authTime(), acr: 'tin' },
    ]) {
      const answer = await call(app, makeToken(claims));
      expect([answer.status, (await answer.json()).error]).toEqual([401, 'insufficient_user_authentication']);
      expect(answer.headers.get('www-authenticate')).toContain('acr_values="gold silver", max_age="300"');
    }
  });

  it('may map tokens by a function of their own, which may refuse', async () => {
    const bearer: Partial<BearerRules> = {
      mapUser: ({ sub, client_id: client }, { kind }) =>
        client === 'their-app' ? { sub, name: kind } : new LoginRefused('unknown client'),
    };
    const { app } = await start({ bearer }, { mapUser: () => raise(new Error('for sessions alone')) });
    expect(await (await call(app, makeToken())).json()).toMatchObject({
      user: { sub: 'ada', name: 'bearer' },
    });
    const refused = await call(app, makeToken({ client_id: 'another' }));
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { error: 'login_refused', reference: expect.any(String) },
    ]);
    const { app: failing } = await start({}, { mapUser: () => raise(new Error('a bug')) });
    expect((await call(failing, makeToken())).status).toBe(500);
  });

  it('name an issuer of the options, or none is taken', async () => {
    const { app } = await start({ bearer: { issuer: op.issuer } });
    expect((await call(app, makeToken())).status).toBe(200);
    const { app: wrong } = await start({ bearer: { issuer: op.issuer.slice(0, -1) } });
    expect((await call(wrong, makeToken())).status).toBe(500);
    expect(wrong.errors[0]?.error.message).toMatch(
      /bearer\.issuer must be the issuer of a provider of connectAuth\(\)/,
    );
  });
});

describe('req.auth of a bearer token', () => {
  const run = async (
    work: (req: Parameters<ReturnType<typeof requireAuth>>[0]) => unknown,
    options: Partial<TestAppOptions> = {},
  ) => {
    const app = await startApp({
      ...{ op, now: clock.now },
      handlers: (server) => {
        server.get('/orders', requireAuth({ bearer: { audience: AUDIENCE } }), async (req, res) => {
          const result = await Promise.resolve()
            .then(() => work(req))
            .catch(({ code, status, oauthError }) => ({ code, status, oauthError }));
          res.json(result);
        });
      },
      ...options,
    });
    return app;
  };

  it('says who it is, and how they logged in', async () => {
    const app = await run(({ auth }) => {
      const { kind, isAuthenticated, provider, issuer, claims, acr, amr, authTime, scopes, expiresAt } = auth;
      return { kind, isAuthenticated, provider, issuer, claims, acr, amr, authTime, scopes, expiresAt };
    });
    const exp = Math.floor(clock.now() / 1000) + 300;
    const token = makeToken({ acr: 'gold', amr: ['otp'], auth_time: 1_700_000_000, exp });
    expect(await (await call(app, token)).json()).toEqual({
      ...{ kind: 'bearer', isAuthenticated: true, provider: 'default', issuer: op.issuer },
      ...{ acr: 'gold', amr: ['otp'], scopes: ['orders.read'], authTime: '2023-11-14T22:13:20.000Z' },
      expiresAt: new Date(exp * 1000).toJSON(),
      claims: { sub: 'ada', client_id: 'their-app' },
    });
  });

  it('prints and serialises without the token', async () => {
    const app = await run((req) => [inspect(req.auth), JSON.stringify(req.auth), inspect(req.user)]);
    const token = makeToken();
    expect(await (await call(app, token)).text()).not.toContain(token);
  });

  it('calls with the token that was presented, to apiOrigins alone, as long as it lives', async () => {
    const api = await startApiServer();
    const token = makeToken();
    const app = await run(
      async ({ auth }) => [
        await auth.getAccessToken(),
        (await auth.fetch(`${api.origin}/x`)).status,
        await auth.fetch('https://elsewhere.example').catch(({ code }) => code),
      ],
      { apiOrigins: [api.origin] },
    );
    expect(await (await call(app, token)).json()).toEqual([token, 200, 'token_destination']);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${token}`]);
    const ended = await run(({ auth }) => {
      clock.advance(331_000);
      return auth.getAccessToken();
    });
    expect(await (await call(ended, makeToken())).json()).toMatchObject({ code: 'token_expired' });
    // What the guard has let pass by its tolerance for clocks can be used behind it.
    const late = makeToken({ exp: Math.floor(clock.now() / 1000) - 10 });
    const passed = await run(({ auth }) => auth.getAccessToken());
    expect(await (await call(passed, late)).json()).toBe(late);
    await api.close();
  });

  it('asks the provider about the person, who must be the same', async () => {
    const app = await run(({ auth }) => auth.fetchUserInfo());
    expect(await (await call(app, makeToken())).json()).toEqual({ sub: 'ada' });
    expect(await (await call(app, makeToken({ sub: 'eve' }))).json()).toMatchObject({ status: 502 });
  });

  it.each(['login', 'logout', 'renew'] as const)('has no session: %s() is refused', async (name) => {
    const app = await run(({ auth }) => auth[name]());
    const answer = await (await call(app, makeToken())).json();
    expect(answer).toEqual({ code: 'session_required', status: 400, oauthError: 'invalid_request' });
    expect(app.errors).toEqual([]);
  });

  it('calls back when the token has ended', async () => {
    const app = await run(({ auth }) => new Promise((resolve) => auth.onEnd(() => resolve('over'))));
    // Within the tolerance for clocks, it has ended already.
    const exp = Math.floor(clock.now() / 1000) - 1;
    expect(await (await call(app, makeToken({ exp }))).json()).toBe('over');
  });
});

function raise(error: Error): never {
  throw error;
}

describe('a bearer token of one tenant of several', () => {
  it('is refused by a fault that names the options', async () => {
    const tid = '11111111-2222-3333-4444-555555555555';
    const provider = providers.entra({ tenants: [tid], clientId: 'app', clientSecret: 'x'.repeat(32) });
    const { app } = await start({}, { preset: () => provider });
    expect((await call(app, makeToken())).status).toBe(500);
    expect(app.errors.at(-1)?.error).toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('has one for each of its tenants'),
    });
  });
});
