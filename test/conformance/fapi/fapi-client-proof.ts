import { createHash, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, importJWK, type JWTPayload, jwtVerify } from 'jose';
import type { RecordedRequest } from '../../support/protocol-watch.ts';

const ALGORITHMS = ['PS256', 'ES256', 'EdDSA'];

/** What proofs are judged by. */
export interface ProofJudge {
  readonly issuer: () => string;
  readonly clientId: string;
  readonly clientKey: KeyObject;
  readonly now: () => number;
  readonly violations: string[];
}

/** Judges how a client proves itself, and that it holds the key of its tokens. */
export interface ClientProofs {
  /** The assertion of a request (FAPI 2.0 Security Profile, 5.3.3.1). */
  checkAssertion(request: RecordedRequest): Promise<void>;
  /** A signed request (FAPI 2.0 Message Signing, 5.3.2), whose claims are the parameters. */
  openRequest(jwt: string): Promise<URLSearchParams>;
  /** The thumbprint of the key that a proof is by; `undefined`: there is no proof (RFC 9449, section 4.3). */
  checkProof(
    request: RecordedRequest,
    expected: { url: string; accessToken?: string },
  ): Promise<string | undefined>;
}

/** Makes the judge of one provider. */
export function createClientProofs(options: ProofJudge): ClientProofs {
  const { issuer, clientId, clientKey, now, violations } = options;
  const seen = new Set<string>();

  const hold = (rules: Readonly<Record<string, boolean>>) => {
    for (const [fault, holds] of Object.entries(rules)) if (!holds) violations.push(fault);
  };
  const verify = async (jwt: string): Promise<JWTPayload> => {
    // By the machine's clock, as the library signs by it.
    return (await jwtVerify(jwt, clientKey, { algorithms: ALGORITHMS })).payload;
  };
  const isNew = (jti: unknown) => {
    const known = typeof jti !== 'string' || seen.has(jti);
    seen.add(String(jti));
    return !known;
  };

  return {
    checkAssertion: async ({ params, headers }) => {
      const { iss, sub, aud, exp = 0, jti } = await verify(params.get('client_assertion') ?? '');
      hold({
        'client assertion: it is not by the client': iss === clientId && sub === clientId,
        'client assertion: aud is not the issuer, as a text': aud === issuer(),
        'client assertion: it lives for more than five minutes': exp - Date.now() / 1000 <= 300,
        'client assertion: jti is missing, or comes twice': isNew(jti),
        'client assertion: a secret is there':
          !params.has('client_secret') && headers.authorization === undefined,
      });
    },

    openRequest: async (jwt) => {
      const claims = await verify(jwt);
      hold({
        'request object: it is not by the client': claims.iss === clientId,
        'request object: aud is not the issuer': [claims.aud].flat().includes(issuer()),
        'request object: it does not end within an hour':
          (claims.exp ?? 0) - (claims.nbf ?? Number.NEGATIVE_INFINITY) <= 3600,
      });
      const texts = Object.entries(claims).filter(([, value]) => typeof value === 'string');
      return new URLSearchParams(texts as [string, string][]);
    },

    checkProof: async ({ method, headers }, { url, accessToken }) => {
      if (typeof headers.dpop !== 'string') return undefined;
      let thumbprint = '';
      const { payload } = await jwtVerify(
        headers.dpop,
        async ({ jwk }) => {
          thumbprint = await calculateJwkThumbprint(jwk!);
          return importJWK(jwk!, 'ES256');
        },
        { algorithms: ALGORITHMS, typ: 'dpop+jwt' },
      );
      const { htm, htu, iat = 0, jti, ath } = payload;
      const hash = accessToken && createHash('sha256').update(accessToken).digest('base64url');
      hold({
        'DPoP: it is for another request': htm === method && htu === url,
        'DPoP: it is not of this moment': Math.abs(iat - now() / 1000) <= 60,
        'DPoP: jti is missing, or comes twice': isNew(jti),
        'DPoP: it is for another access token': ath === hash,
      });
      return thumbprint;
    },
  };
}
