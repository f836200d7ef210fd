import { X509Certificate } from 'node:crypto';
import type { Configuration } from 'oidc-provider';
import { CERTIFICATE_HEADER, type CertificateFront } from './certificate-front.ts';
import { WAYS } from './strict-bed.ts';

type Asked = { get(name: string): string };

/** What makes a provider behind the front one that knows clients by certificates, and binds tokens to them (RFC 8705). */
export function knowCertificates(front: CertificateFront): Partial<Configuration> {
  const at = (path: string) => `${front.origin}/${path}`;
  return {
    clientAuthMethods: [...WAYS, 'tls_client_auth', 'self_signed_tls_client_auth'] as never,
    discovery: {
      mtls_endpoint_aliases: {
        token_endpoint: at('token'),
        userinfo_endpoint: at('me'),
        pushed_authorization_request_endpoint: at('request'),
        revocation_endpoint: at('token/revocation'),
      },
    } as never,
    features: {
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: (ctx: Asked) => {
          const raw = ctx.get(CERTIFICATE_HEADER);
          return raw ? new X509Certificate(Buffer.from(raw, 'base64')) : undefined;
        },
        certificateAuthorized: () => true,
        certificateSubjectMatches: (ctx: Asked, _property: string, expected: string) =>
          new X509Certificate(Buffer.from(ctx.get(CERTIFICATE_HEADER), 'base64')).subject === expected,
      },
    } as never,
  };
}
