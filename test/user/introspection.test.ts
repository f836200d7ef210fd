import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type BearerRules, providers as presets, requireAuth } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { AUDIENCE, createBearerTokens } from '../support/bearer-tokens.ts';
import { createTestClock } from '../support/clock.ts';
import { json, type RawAnswer } from '../support/scripted-answers.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const makeToken = createBearerTokens(op, clock.now);

/** The introspection endpoint, on a server of its own. */
let endpoint: ApiServer;
beforeAll(async () => {
  endpoint = await startApiServer();
});
afterEach(() => void endpoint.requests.splice(0));
afterAll(() => endpoint.close());

const seconds = () => Math.floor(clock.now() / 1000);
const honest = () => ({
  ...{
    active: true,
    iss: op.issuer,
    aud: AUDIENCE,
    sub: 'ada',
    scope: 'orders.read',
    client_id: 'their-app',
  },
  exp: seconds() + 300,
});

/** Asks with a token about which the provider says this. */
async function ask(
  said: object | RawAnswer,
  { token = 'opaque-token', ...bearer }: Partial<BearerRules> & { token?: string } = {},
  options: Partial<TestAppOptions> = {},
) {
  endpoint.answer = () => (typeof said === 'function' ? (said as RawAnswer) : json(200, said));
  op.script({
    discovery: (document) => ({ ...document, introspection_endpoint: `${endpoint.origin}/introspect` }),
  });
  const app = await startApp({
    ...{ op, now: clock.now },
    handlers: (server) => {
      const rules: BearerRules = { audience: AUDIENCE, introspection: 'opaque', ...bearer };
      server.get('/orders', requireAuth({ bearer: rules }), ({ user, auth }, res) => {
        res.json({ sub: user?.sub, scopes: auth.scopes, ends: auth.expiresAt !== undefined });
      });
    },
    ...options,
  });
  const answer = await app.browser().get('/orders', { accept: '*/*', authorization: `Bearer ${token}` });
  return { app, status: answer.status, said: await answer.json() };
}

describe('a token that the provider is asked about', () => {
  it('is taken when the provider says so; it is asked as the client that it knows', async () => {
    const { status, said } = await ask(honest());
    expect([status, said]).toEqual([200, { sub: 'ada', scopes: ['orders.read'], ends: true }]);
    const [request] = endpoint.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/introspect' });
    expect(request!.headers.authorization).toMatch(/^Basic /);
    expect(Object.fromEntries(new URLSearchParams(request!.body))).toMatchObject({
      token: 'opaque-token',
      token_type_hint: 'access_token',
    });
  });

  it('is asked about on plain http inside a network, where that origin is listed, and nowhere else (R-34)', async () => {
    const inside = 'http://keycloak:8080';
    const metadata = {
      authorization_endpoint: `${op.issuer}authorize`,
      token_endpoint: `${op.issuer}token`,
      introspection_endpoint: `${inside}/introspect`,
    };
    const network = (url: string, init: RequestInit) => fetch(url.replace(inside, endpoint.origin), init);
    const oidc = { metadata, dangerouslyAllowHttp: [inside] };
    expect((await ask(honest(), {}, { oidc, fetch: network })).status).toBe(200);
    const byDiscovery = (allowed: string) =>
      ask(
        honest(),
        {},
        {
          oidc: { dangerouslyAllowHttp: [allowed] },
          fetch: async (url, init) => {
            const answer = await network(url, init);
            if (!url.includes('.well-known')) return answer;
            return Response.json({
              ...((await answer.json()) as object),
              introspection_endpoint: `${inside}/introspect`,
            });
          },
        },
      );
    expect((await byDiscovery(inside)).status).toBe(200);
    endpoint.requests.splice(0);
    expect((await byDiscovery('http://keycloak:8081')).status).toBeGreaterThanOrEqual(500);
    expect(endpoint.requests).toEqual([]);
  });

  it('is quoted to nobody where the provider refuses to say, nor is the secret (F-38)', async () => {
    const clientSecret = 'a short one';
    const text = `The client ${clientSecret} must not ask about my-token`;
    const refusal = json(400, { error: 'invalid_request', error_description: text });
    const { app } = await ask(refusal, { token: 'my-token' }, { oidc: { clientSecret } });
    expect(app.errors[0]!.error).toMatchObject({
      oauthError: 'invalid_request',
      oauthErrorDescription: 'The client … must not ask about …',
    });
  });

  it.each<[string, object, RegExp]>([
    ['not active', { active: false }, /not active/],
    ['"active" in a word', { active: 'true' }, /./],
    ['for another API', { aud: 'https://other.example.com' }, /another audience/],
    ['for nobody', { aud: undefined }, /another audience/],
    ['of another issuer', { iss: 'https://evil.example' }, /another issuer/],
    ['over', { exp: 1 }, /expired/],
    ['over, in words', { exp: 'never' }, /./],
    ['of nobody', { sub: undefined }, /names nobody/],
    ['bound to a key (RFC 9449)', { cnf: { jkt: 'x' } }, /bound to a key/],
    ['bound to a certificate (RFC 8705)', { cnf: { 'x5t#S256': 'x' } }, /bound to a key/],
    ['of another kind', { token_type: 'DPoP' }, /no bearer token/],
  ])('is refused when it is %s', async (_, changes, reason) => {
    const { status, said, app } = await ask({ ...honest(), ...changes });
    expect(app.errors).toHaveLength(1);
    expect(status === 401 ? said.error_description : app.errors[0]?.error.code).toMatch(
      status === 401 ? reason : /provider_invalid_response/,
    );
    expect([401, 502]).toContain(status);
  });

  it('may be without issuer, end and kind, and by a switch without audience', async () => {
    const bare = { active: true, sub: 'ada', aud: [AUDIENCE, 'x'] };
    expect(await ask(bare)).toMatchObject({ status: 200, said: { sub: 'ada', scopes: [], ends: false } });
    const { aud: _, ...any } = bare;
    expect((await ask(any, { dangerouslyAcceptMissingAudience: true })).status).toBe(200);
    expect((await ask({ ...any, aud: 'other' }, { dangerouslyAcceptMissingAudience: true })).status).toBe(
      401,
    );
  });

  it('is not let pass by a provider that fails, or answers anything else', async () => {
    expect((await ask(json(503, {}))).status).toBe(503);
    expect((await ask(json(401, { error: 'invalid_client' }))).status).toBe(502);
    expect((await ask(json(200, ['active']))).status).toBe(502);
  });

  it('is an opaque one by "opaque", and any by "always"', async () => {
    expect((await ask({ active: false }, { token: makeToken() })).status).toBe(200);
    expect(endpoint.requests).toEqual([]);
    expect((await ask({ active: false }, { token: makeToken(), introspection: 'always' })).status).toBe(401);
    expect((await ask(honest(), { token: makeToken(), introspection: 'always' })).status).toBe(200);
    expect(endpoint.requests).toHaveLength(2);
    expect((await ask(honest(), { introspection: 'never' })).status).toBe(401);
  });

  it('needs an endpoint, and an issuer where there are several: the message says so', async () => {
    const provider = (issuer: string) =>
      presets.oidc({ issuer, clientId: 'app', clientSecret: 'the-client-secret' });
    const providers = { one: provider(op.issuer), two: provider('https://two.example.com') };
    const several = await ask(honest(), {}, { providers });
    expect([several.status, several.app.errors[0]?.error.message]).toEqual([
      500,
      expect.stringMatching(
        /bearer\.issuer must be given for introspection where there are several providers/,
      ),
    ]);
    const { authorization_endpoint, token_endpoint, jwks_uri } = await (
      await fetch(`${op.issuer}.well-known/openid-configuration`)
    ).json();
    const without = await ask(
      honest(),
      {},
      { oidc: { metadata: { authorization_endpoint, token_endpoint, jwks_uri } } },
    );
    expect([without.status, without.app.errors[0]?.error.message]).toEqual([
      501,
      'Provider "default" has no introspection_endpoint. Add it to metadata, or drop bearer.introspection.',
    ]);
  });
});
