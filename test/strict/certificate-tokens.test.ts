import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { OidcOptions } from 'express-connect-auth';
import { decodeJwt } from 'jose';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import {
  CERTIFICATE_HEADER,
  type Certificate,
  type CertificateFront,
  createCertificate,
  createCertificateFetch,
  startCertificateFront,
} from '../support/certificate-front.ts';
import { knowCertificates } from '../support/certificate-provider.ts';
import { createTestClock } from '../support/clock.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { type StrictAppOptions, setUpStrictProvider } from '../support/strict-bed.ts';
import { RESOURCES } from '../support/strict-provider.ts';
import { useRedisServer } from '../support/use-apps.ts';

const RESOURCE = 'https://orders.example';
const redis = await useRedisServer();
let front: CertificateFront;
let own: Certificate;
let other: Certificate;

const bed = setUpStrictProvider(async () => {
  front = await startCertificateFront();
  [own, other] = [await createCertificate('app'), await createCertificate('app')];
  const { features, ...others } = knowCertificates(front);
  return {
    ...others,
    features: {
      ...features,
      ...RESOURCES,
      fapi: { enabled: true, profile: '2.0' },
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
    } as never,
  };
});

/** An API of others behind TLS: its front asks for a certificate, and the API compares it with the token. */
let api: ApiServer;
let apiFront: CertificateFront;
beforeAll(async () => {
  front.forwardTo(bed.op.issuer);
  api = await startApiServer();
  api.answer = ({ headers }) => {
    const brought = thumbprintOf(String(headers[CERTIFICATE_HEADER] ?? ''));
    return json(brought === boundTo(headers.authorization) ? 200 : 401, { brought });
  };
  apiFront = await startCertificateFront();
  apiFront.forwardTo(api.origin);
});
beforeEach(() => {
  front.seen.splice(0);
  api.requests.splice(0);
});
afterAll(() => Promise.all([front?.close(), apiFront?.close(), api?.close()]));

/** The SHA-256 of the certificate in DER (RFC 8705, section 3.1); of none `undefined`. */
const thumbprintOf = (base64: string) =>
  base64 ? createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64url') : undefined;
const thumbprint = ({ cert }: Certificate) => thumbprintOf(cert.replace(/-----[^-]+-----|\s/g, ''));
const boundTo = (authorization = '') =>
  decodeJwt<{ cnf?: { 'x5t#S256'?: string } }>(authorization.replace(/^Bearer /, '')).cnf?.['x5t#S256'];

/** Brings its certificate to the provider, and to the API another or none, where the test says so. */
const bringing =
  (toApi: Partial<Certificate>): typeof fetch =>
  (input, init) =>
    String(input).startsWith(apiFront.origin)
      ? createCertificateFetch(toApi, apiFront.cert)(input, init)
      : createCertificateFetch(own, front.cert)(input, init);

const startBound = ({ client, oidc, ...options }: StrictAppOptions = {}) =>
  bed.start({
    ...{ fetch: bringing(own), redis: redis.url, apiOrigins: [apiFront.origin] },
    client: { tls_client_certificate_bound_access_tokens: true, ...client },
    oidc: {
      certificateBoundAccessTokens: true,
      pushedAuthorizationRequests: true,
      ...{ resource: RESOURCE, scope: 'openid offline_access', userinfoAtLogin: false },
      ...oidc,
    } as Partial<OidcOptions>,
    ...options,
  });

const callApi = async (browser: BrowserClient) =>
  (await browser.get(`/call?url=${encodeURIComponent(`${apiFront.origin}/orders`)}`)).json();

describe('an API that is called with a token which is bound to a certificate (RFC 8705, section 3)', () => {
  it('sees the certificate that the token names, by the fetch of the application (C-35)', async () => {
    const app = await startBound();
    const browser = app.browser();
    await app.logIn(browser);
    expect(await callApi(browser)).toMatchObject({ upstream: 200 });
    const { headers } = api.requests[0]!;
    expect(boundTo(headers.authorization)).toBe(thumbprint(own));
    expect(thumbprintOf(String(headers[CERTIFICATE_HEADER]))).toBe(thumbprint(own));
  });

  it.each<[string, () => Partial<Certificate>]>([
    ['without a certificate', () => ({})],
    ['with one of the same name and another key', () => other],
  ])('refuses the token %s (C-35)', async (_, certificate) => {
    const first = await startBound();
    const browser = first.browser();
    await first.logIn(browser);
    const app = await startBound({ fetch: bringing(certificate()), baseUrl: first.origin });
    const moved = app.browser(browser.jar);
    expect(await callApi(moved)).toMatchObject({ upstream: 401 });
    expect(boundTo(api.requests.at(-1)!.headers.authorization)).toBe(thumbprint(own));
    // The token is the one that works beside the certificate.
    expect(await callApi(browser)).toMatchObject({ upstream: 200 });
  });
});

describe('FAPI 2.0 with tokens that are bound to the certificate, in the place of DPoP', () => {
  it.each<[string, object, Partial<OidcOptions>]>([
    ['private_key_jwt', {}, {}],
    [
      'tls_client_auth',
      {
        token_endpoint_auth_method: 'tls_client_auth',
        jwks: undefined,
        tls_client_auth_subject_dn: 'CN=app',
      },
      { clientKey: undefined, clientAuthentication: 'tls_client_auth' } as never,
    ],
  ])('logs people in by %s, refreshes, calls an API and logs out (C-69, R-66)', async (_, client, oidc) => {
    const clock = createTestClock();
    const app = await startBound({
      now: clock.now,
      client: { id_token_signed_response_alg: 'PS256', ...client } as never,
      oidc: { profile: 'fapi2', ...oidc },
    });
    const browser = app.browser();
    const url = await beginLogin(browser);
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
    await browser.deliver(await bed.op.signIn(url.href));
    expect(await whoIs(browser)).toBe('ada');
    expect(await callApi(browser)).toMatchObject({ upstream: 200 });
    clock.advance(310_000);
    expect(await callApi(browser)).toMatchObject({ upstream: 200 });
    const tokens = api.requests.map(({ headers }) => headers.authorization);
    expect(new Set(tokens).size).toBe(2);
    expect(tokens.map(boundTo)).toEqual([thumbprint(own), thumbprint(own)]);
    expect(api.requests.every(({ headers }) => headers.dpop === undefined)).toBe(true);
    await browser.post('/logout');
    expect(await whoIs(browser)).toBeNull();
    // Pushed request, code, refresh, and the end of the refresh token: all of them with the certificate.
    const seen = front.seen.map(({ path, withCertificate }) => `${path} ${withCertificate}`);
    const ways = ['/request true', '/token true', '/token true', '/token/revocation true'];
    expect(seen.slice(0, 4)).toEqual(ways);
    expect(new Set(seen)).toEqual(new Set(ways));
    expect(app.errors.map(({ error }) => error)).toEqual([]);
  });
});
