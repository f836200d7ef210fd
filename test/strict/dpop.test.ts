import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { providers, type RequestAuth } from 'express-connect-auth';
import { decodeJwt } from 'jose';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { checkProof } from '../support/dpop-api.ts';
import { json } from '../support/scripted-answers.ts';
import { RESOURCES, setUpStrictBed } from '../support/strict-provider.ts';

const bed = setUpStrictBed(
  { ...RESOURCES, dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true } },
  { accessTokenSeconds: 300 },
);
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterEach(() => {
  api.requests.length = 0;
  api.answer = () => json(200, { ok: true });
});
afterAll(() => api.close());

const [ONE, TWO] = ['https://one.example', 'https://two.example'];

type Task = (auth: RequestAuth) => Promise<unknown>;

/** An application at a client whose tokens are bound, with a page that does as the test says, and somebody logged in. */
async function open({ oidc, ...options }: Partial<TestAppOptions> = {}) {
  let task: Task = async () => undefined;
  const app = await bed.start({
    now: bed.clock.now,
    apiOrigins: [api.origin],
    op: {
      ...bed.op,
      registerApp: (base) => bed.op.registerApp(base, { dpop_bound_access_tokens: true }),
    },
    oidc: { dpop: true, ...oidc },
    mapUser: async (claims, login) => {
      await login.fetch(`${api.origin}/roles`);
      return claims as never;
    },
    handlers: (server) => {
      server.get('/do', async (req, res) => {
        const failed = ({ code }: Error & { code?: string }) => ({ failed: code });
        res.json(await task(req.auth).catch(failed));
      });
    },
    ...options,
  });
  const browser = app.browser();
  await app.logIn(browser);
  const run = async (work: Task): Promise<unknown> => {
    task = work;
    return (await browser.get('/do')).json();
  };
  return { app, browser, run };
}

const call =
  (path = '/', init?: Parameters<RequestAuth['fetch']>[1]): Task =>
  async (auth) =>
    (await auth.fetch(new URL(path, api.origin), init)).status;
/** What the API was asked by handlers; `mapUser` asks for roles at each login and each refresh. */
const asked = () => api.requests.filter(({ url }) => url !== '/roles');
const proofs = (requests = asked()) =>
  Promise.all(requests.map((request) => checkProof(request, api.origin)));
const tokens = () => asked().map(({ headers }) => headers.authorization);
/** The API takes no proof without this nonce. */
const demand = (nonce: string, answered = nonce) => {
  api.answer = ({ headers }) =>
    decodeJwt(String(headers.dpop)).nonce === nonce
      ? json(200, {}, { 'dpop-nonce': answered })
      : json(401, {}, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce });
};

describe('tokens that are bound to a key (DPoP, RFC 9449), at a provider that demands nonces', () => {
  it('come by a login, are refreshed, and are sent with a proof, all with the key of the session', async () => {
    const { browser, run } = await open();
    expect(await run(call('/orders?since=1', { method: 'post', body: 'x' }))).toBe(200);
    bed.clock.advance(310_000);
    expect(await run(call('/orders'))).toBe(200);
    const checked = await proofs(api.requests);
    expect(checked.map(({ htm, htu }) => [htm, htu])).toEqual([
      ['GET', `${api.origin}/roles`],
      ['POST', `${api.origin}/orders`],
      ['GET', `${api.origin}/roles`],
      ['GET', `${api.origin}/orders`],
    ]);
    expect(new Set(checked.map(({ jkt }) => jkt)).size).toBe(1);
    expect(new Set(checked.map(({ jti }) => jti)).size).toBe(4);
    expect(new Set(tokens()).size).toBe(2);
    const other = await open();
    await other.run(call());
    expect(new Set((await proofs()).map(({ jkt }) => jkt)).size).toBe(2);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('come by a preset as well', async () => {
    const { app, run } = await open({
      preset: (baseUrl) => {
        void bed.op.registerApp(baseUrl, { dpop_bound_access_tokens: true });
        return providers.keycloak({
          ...{ issuer: bed.op.issuer, clientId: 'app', dpop: true },
          clientSecret: 'the-secret-of-the-app-at-the-provider',
        });
      },
    });
    expect(app.errors).toEqual([]);
    expect(await run(call())).toBe(200);
    await proofs();
    expect(tokens()).toEqual([expect.stringMatching(/^DPoP /)]);
  });

  it('are taken by the userinfo endpoint, at the login as well', async () => {
    const { app, run } = await open({ oidc: { userinfoAtLogin: true } });
    expect(app.logins).toHaveLength(1);
    expect(await run((auth) => auth.fetchUserInfo())).toMatchObject({ sub: 'ada' });
  });

  it('of several resources are bound to the one key', async () => {
    const { run } = await open({
      oidc: { resource: [ONE, TWO], scope: 'openid offline_access', userinfoAtLogin: false },
    });
    for (const resource of [ONE, TWO]) expect(await run(call('/', { resource }))).toBe(200);
    const sent = tokens().map((token) => decodeJwt<{ cnf: { jkt: string } }>(token!.replace('DPoP ', '')));
    expect(sent.map(({ aud }) => aud)).toEqual([ONE, TWO]);
    const keys = (await proofs()).map(({ jkt }) => jkt);
    expect(sent.map(({ cnf }) => cnf.jkt)).toEqual(keys);
    expect(new Set(keys).size).toBe(1);
  });

  it('are not given away, and never sent as those of a bearer (R-65)', async () => {
    const { run } = await open();
    expect(await run((auth) => auth.getAccessToken())).toEqual({ failed: 'token_bound' });
    await run(call('/', { headers: { authorization: 'Bearer x', dpop: 'x' } }));
    expect(tokens().every((token) => token!.startsWith('DPoP '))).toBe(true);
    await proofs();
  });

  it('are revoked by a logout', async () => {
    const { app, browser } = await open();
    bed.op.resetRequests();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(bed.op.requests().revocation).toBe(2);
    expect(app.logouts).toHaveLength(1);
    expect(app.errors).toEqual([]);
  });

  it("are refreshed with the key that a public client's refresh token is bound to", async () => {
    const { browser, run } = await open({
      oidc: { clientSecret: undefined as never, clientAuthentication: 'none' },
      op: {
        ...bed.op,
        registerApp: (base) =>
          bed.op.registerApp(base, {
            dpop_bound_access_tokens: true,
            token_endpoint_auth_method: 'none',
            client_secret: undefined as never,
          }),
      },
    });
    for (const _ of [1, 2]) {
      bed.clock.advance(310_000);
      expect(await run(call())).toBe(200);
    }
    expect(new Set(tokens()).size).toBe(2);
    expect(new Set((await proofs()).map(({ jkt }) => jkt)).size).toBe(1);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('are exchanged with a proof for others that are bound to the same key', async () => {
    const { run } = await open();
    const issued = {
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      access_token: 'other',
    };
    const exchange = { audience: 'billing' };
    bed.op.answerNext('token', { status: 200, body: { ...issued, token_type: 'Bearer' } });
    expect(await run(call('/', { exchange }))).toEqual({ failed: 'provider_invalid_response' });
    bed.clock.advance(6000);
    bed.op.answerNext('token', { status: 200, body: { ...issued, token_type: 'DPoP' } });
    expect(await run(call('/', { exchange }))).toBe(200);
    expect(tokens()).toEqual(['DPoP other']);
    expect(await run((auth) => auth.exchangeToken(exchange))).toEqual({ failed: 'token_bound' });
    await run(call());
    expect(new Set((await proofs()).map(({ jkt }) => jkt)).size).toBe(1);
  });

  it('know the nonce of the provider after the first answer: no request is sent twice', async () => {
    const { app } = await open();
    bed.op.resetRequests();
    await app.logIn(app.browser());
    expect(bed.op.requests().token).toBe(1);
  });

  it('come to a session that is older than the option by its next refresh', async () => {
    const shared = { redis: bed.redis.url, now: bed.clock.now };
    const old = await bed.start(shared);
    const browser = old.browser();
    await old.logIn(browser);
    const { app, run } = await open({ ...shared, baseUrl: old.origin });
    const moved = app.browser(browser.jar);
    await run(call());
    api.requests.length = 0;
    await moved.get('/do');
    expect(tokens()).toEqual([expect.stringMatching(/^Bearer /)]);
    api.requests.length = 0;
    bed.clock.advance(310_000);
    await moved.get('/do');
    await moved.get('/do');
    const [first, second] = await proofs();
    expect(first!.jkt).toBe(second!.jkt);
  });

  it('come to such a session by a token for another resource as well, with which its own is bound anew', async () => {
    const oidc = { resource: [ONE, TWO], scope: 'openid offline_access', userinfoAtLogin: false };
    const shared = { redis: bed.redis.url, now: bed.clock.now };
    const old = await bed.start({ ...shared, oidc });
    const browser = old.browser();
    await old.logIn(browser);
    const { app, run } = await open({ ...shared, oidc, baseUrl: old.origin });
    await run(call('/', { resource: TWO }));
    api.requests.length = 0;
    const moved = app.browser(browser.jar);
    await moved.get('/do');
    await run(call());
    await moved.get('/do');
    const keys = (await proofs()).map(({ jkt }) => jkt);
    expect(keys).toEqual([keys[0], keys[0]]);
  });
});

describe('an API that demands a nonce', () => {
  it('is asked once more with it, and from then on with the newest', async () => {
    const { run } = await open();
    api.requests.length = 0;
    demand('one', 'two');
    expect(await run(call('/', { method: 'POST', body: 'sent' }))).toBe(200);
    expect(api.requests.map(({ body }) => body)).toEqual(['sent', 'sent']);
    demand('two');
    expect(await run(call())).toBe(200);
    expect((await proofs()).map(({ nonce }) => nonce)).toEqual([undefined, 'one', 'two']);
  });

  it('and is content with none is asked twice, and no token is refreshed for it', async () => {
    const { run } = await open();
    api.requests.length = 0;
    let count = 0;
    api.answer = () => {
      count += 1;
      return json(401, {}, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': `n${count}` });
    };
    bed.clock.advance(60_000);
    expect(await run(call())).toBe(401);
    expect(api.requests).toHaveLength(2);
  });

  it('that is good once has a nonce for each of many calls at the same moment', async () => {
    const count = 20;
    const waiting: (() => void)[] = [];
    let isOver = false;
    const { run } = await open({
      fetch: async (url, init) => {
        const answer = await fetch(url, init);
        if (isOver || answer.status !== 401 || !String(url).startsWith(api.origin)) return answer;
        // All of them are asked for a nonce before any is asked again.
        const all = new Promise<void>((resolve) => waiting.push(resolve));
        isOver = waiting.length === count;
        if (isOver) for (const resume of waiting) resume();
        await all;
        return answer;
      },
    });
    const good = new Set<string | undefined>();
    api.answer = ({ headers }) => {
      const { nonce } = decodeJwt<{ nonce?: string }>(String(headers.dpop));
      const next = { 'dpop-nonce': randomBytes(8).toString('hex') };
      if (good.delete(nonce)) return json(200, {}, next);
      good.add(next['dpop-nonce']);
      return json(401, {}, { ...next, 'www-authenticate': 'DPoP error="use_dpop_nonce"' });
    };
    const calls: Task = (auth) =>
      Promise.all(Array.from({ length: count }, async () => (await auth.fetch(api.origin)).status));
    expect(await run(calls)).toEqual(Array(count).fill(200));
  });

  it('hands back its answer to who sends a stream, and takes the next one', async () => {
    const { run } = await open();
    api.requests.length = 0;
    demand('nonce');
    const stream: Task = async (auth) => {
      const init = { method: 'POST', body: new Blob(['sent']).stream(), duplex: 'half' };
      return (await auth.fetch(api.origin, init as RequestInit)).status;
    };
    expect([await run(stream), await run(stream)]).toEqual([401, 200]);
  });

  it.each([
    ['an empty one', ''],
    ['a quote', 'a"b'],
    ['one beyond all bounds', 'x'.repeat(513)],
  ])('but gives none that could be sent (%s) is not asked again', async (_, nonce) => {
    const { run } = await open();
    api.requests.length = 0;
    bed.clock.advance(1000);
    api.answer = () =>
      json(401, {}, { 'www-authenticate': 'DPoP error="use_dpop_nonce"', 'dpop-nonce': nonce });
    expect(
      await run(call('/', { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' } as never)),
    ).toBe(401);
    expect(api.requests).toHaveLength(1);
  });
});

describe('a provider that does not bind tokens', () => {
  it.each([
    ['Bearer', { access_token: 'a', token_type: 'Bearer', id_token: 'x' }],
    ['none', { access_token: 'a', id_token: 'x' }],
  ])('is refused at the login: token_type %s', async (_, body) => {
    const { app } = await open();
    bed.op.answerNext('token', { status: 200, body });
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(502);
    expect(app.errors.at(-1)!.error.message).toContain('token_type: expected "DPoP"');
  });

  it('as it announces, is told to the operator', async () => {
    const address = `${bed.op.issuer}/.well-known/openid-configuration`;
    const document = (await (await fetch(address)).json()) as object;
    const body = { ...document, dpop_signing_alg_values_supported: ['RS256'] };
    bed.op.answerNext('discovery', { status: 200, body });
    const { app } = await open();
    const [told] = app.errors.map(({ error }) => error.message);
    expect(told).toContain('dpop_signing_alg_values_supported: expected ES256');
    expect(app.logins).toHaveLength(1);
  });

  it('is refused at a refresh, and the session stays', async () => {
    const { browser, run } = await open();
    bed.clock.advance(310_000);
    bed.op.answerNext('token', { status: 200, body: { access_token: 'a', token_type: 'Bearer' } });
    expect(await run(call())).toEqual({ failed: 'provider_invalid_response' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is refused for another resource, and what the session has stays', async () => {
    const { browser, run } = await open({
      oidc: { resource: [ONE, TWO], scope: 'openid offline_access', userinfoAtLogin: false },
    });
    bed.op.answerNext('token', { status: 200, body: { access_token: 'a', token_type: 'Bearer' } });
    expect(await run(call('/', { resource: TWO }))).toEqual({ failed: 'provider_invalid_response' });
    expect(asked()).toEqual([]);
    expect(await run(call('/', { resource: ONE }))).toBe(200);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is asked for a nonce once, however often it refuses', async () => {
    const { app } = await open();
    bed.op.resetRequests();
    const refusal = { status: 400, body: { error: 'use_dpop_nonce' }, headers: { 'dpop-nonce': 'again' } };
    for (const _ of [1, 2, 3]) bed.op.answerNext('token', refusal);
    expect((await app.logIn(app.browser())).status).toBe(502);
    expect(bed.op.requests().token).toBe(2);
    bed.op.answerNext('token', refusal);
  });
});

describe('the option dpop', () => {
  it('is one of the presets whose providers document it, and of no others', async () => {
    const client = { clientId: 'app', clientSecret: 'secret' };
    const issuer = 'https://id.example';
    for (const make of [
      (more: object) => providers.keycloak({ issuer, ...client, ...more }),
      (more: object) => providers.auth0({ domain: 'acme.auth0.com', ...client, ...more }),
      (more: object) => providers.okta({ domain: 'acme.okta.com', ...client, ...more }),
    ]) {
      expect([make({}).dpop, make({ dpop: true }).dpop]).toEqual([false, true]);
      expect(() => make({ dpop: 'yes' })).toThrow(/dpop must be/);
    }
    const entra = { tenant: 'f3b0b8a2-6f0a-4b5e-9a53-1d0c5b2f7a11', ...client, dpop: true };
    expect(() => providers.entra(entra as never)).toThrow(/no option "dpop"|dpop/);
  });

  it('needs the token endpoint', () => {
    const base = { issuer: 'https://id.example', clientId: 'app', clientSecret: 'secret', dpop: true };
    expect(providers.oidc(base).dpop).toBe(true);
    const quirks = { dangerouslyUseImplicitFlow: true };
    expect(() => providers.oidc({ ...base, quirks })).toThrow(/dpop needs the token endpoint/);
  });
});
