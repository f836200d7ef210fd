import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import {
  type Certificate,
  type CertificateFront,
  createCertificate,
  createCertificateFetch,
  startCertificateFront,
} from '../support/certificate-front.ts';
import { knowCertificates } from '../support/certificate-provider.ts';
import { createTestClock } from '../support/clock.ts';
import { tryLogin } from '../support/login-outcome.ts';
import { setUpStrictProvider } from '../support/strict-bed.ts';
import { ask } from '../support/token-routes.ts';

let front: CertificateFront;
let own: Certificate;

const ALIASED = ['token', 'me', 'request', 'token/revocation'];

const bed = setUpStrictProvider(async () => {
  front = await startCertificateFront();
  own = await createCertificate('app');
  return knowCertificates(front);
});
beforeAll(() => front.forwardTo(bed.op.issuer));
beforeEach(() => {
  front.seen.splice(0);
});
afterAll(() => front?.close());

const goThrough = async (client: object, oidc: object) => {
  const clock = createTestClock();
  const app = await bed.start({
    ...{ now: clock.now, fetch: createCertificateFetch(own, front.cert) },
    client: { tls_client_certificate_bound_access_tokens: true, ...client },
    oidc: { pushedAuthorizationRequests: true, ...oidc } as never,
  });
  const browser = app.browser();
  await app.logIn(browser);
  expect(await whoIs(browser)).toBe('ada');
  expect((await ask(browser, '/userinfo')).claims).toMatchObject({ sub: 'ada' });
  clock.advance(310_000);
  expect((await ask(browser)).status).toBe(200);
  await browser.post('/logout');
  expect(app.errors.map(({ error }) => error)).toEqual([]);
  return front.seen.map(({ path, withCertificate }) => `${path} ${withCertificate}`);
};

describe('a client with a certificate', () => {
  const jwks = () => ({
    keys: [
      {
        ...new X509Certificate(own.cert).publicKey.export({ format: 'jwk' }),
        x5c: [new X509Certificate(own.cert).raw.toString('base64')],
        use: 'sig',
      },
    ],
  });

  it.each<[string, () => object]>([
    ['self_signed_tls_client_auth', () => ({ jwks: jwks() })],
    ['tls_client_auth', () => ({ jwks: undefined, tls_client_auth_subject_dn: 'CN=app' })],
  ])('proves itself by %s, at the addresses for certificates alone (C-35)', async (method, client) => {
    const seen = await goThrough(
      { token_endpoint_auth_method: method, ...client() },
      { clientKey: undefined, clientAuthentication: method },
    );
    expect(new Set(seen)).toEqual(new Set(ALIASED.map((path) => `/${path} true`)));
  });

  it('may prove itself by a key, and have its tokens bound to the certificate (C-35)', async () => {
    const seen = await goThrough({}, { certificateBoundAccessTokens: true });
    expect(new Set(seen)).toEqual(new Set(ALIASED.map((path) => `/${path} true`)));
  });

  it('is named no other address than those for everybody where it brings none (C-35)', async () => {
    const app = await bed.start({ fetch: createCertificateFetch(own, front.cert) });
    expect(await tryLogin(app)).toMatchObject({ status: 303, user: 'ada' });
    expect(front.seen).toEqual([]);
  });

  it('is told to bring it, where the provider refuses the client (F-123)', async () => {
    const app = await bed.start({
      fetch: createCertificateFetch({}, front.cert),
      client: { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: jwks() } as never,
      oidc: { clientKey: undefined, clientAuthentication: 'self_signed_tls_client_auth' } as never,
    });
    expect(await tryLogin(app)).toMatchObject({ status: 502, error: 'provider_refused', user: undefined });
    expect(app.errors.at(-1)!.error.message).toMatch(/fetch of connectAuth\(\) must bring the certificate/);
  });
});
