import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import type { ApiRequest } from './api-server.ts';

/** What a proof says, after its signature, its form and its access token have been checked as RFC 9449, section 4.3, has it. */
export interface CheckedProof extends JWTPayload {
  readonly htm: string;
  readonly htu: string;
  readonly nonce?: string;
  /** The thumbprint of its key. */
  readonly jkt: string;
}

/** Checks the proof of an API's request, and that it is of the token that came with it. */
export async function checkProof(
  { headers, method, url }: ApiRequest,
  origin: string,
): Promise<CheckedProof> {
  const [scheme, token] = headers.authorization!.split(' ');
  if (scheme !== 'DPoP') throw new Error(`The scheme is ${scheme}.`);
  const proof = String(headers.dpop);
  const { jwk } = decodeProtectedHeader(proof);
  if (!jwk || 'd' in jwk) throw new Error('The proof must name its public key, and that alone.');
  const { payload } = await jwtVerify(proof, EmbeddedJWK, {
    typ: 'dpop+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['jti', 'iat', 'htm', 'htu', 'ath'],
  });
  const { htm, htu } = payload as unknown as CheckedProof;
  const ath = createHash('sha256').update(token!).digest('base64url');
  if (payload.ath !== ath) throw new Error('The proof is of another token.');
  const target = new URL(url, origin);
  if (htm !== method || htu !== target.origin + target.pathname)
    throw new Error('The proof is of another request.');
  return { ...payload, htm, htu, jkt: await calculateJwkThumbprint(jwk) };
}
