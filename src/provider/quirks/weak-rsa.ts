import { createPublicKey, verify as verifySignature } from 'node:crypto';
import {
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  UnsecuredJWT,
} from 'jose';

/**
 * Q8: verifies an RS256 token whose RSA key has fewer than 2048 bits, which jose rightly refuses. Only for providers
 * whose preset or options say so, and never below 1024.
 */
export async function verifyWithWeakRsa(
  jwt: string,
  keys: readonly JWK[],
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  const [header = '', payload = '', signature = '', ...rest] = jwt.split('.');
  const protectedHeader = parse(header) as JWTVerifyResult['protectedHeader'];
  if (rest.length > 0 || protectedHeader.alg !== 'RS256' || protectedHeader.crit !== undefined) {
    throw new errors.JOSEAlgNotAllowed('a weak RSA key verifies RS256 only');
  }
  const candidates = keys.filter(
    ({ kty, kid, use }) =>
      kty === 'RSA' &&
      (use ?? 'sig') === 'sig' &&
      (protectedHeader.kid === undefined || kid === protectedHeader.kid),
  );
  if (candidates.length === 0) throw new errors.JWKSNoMatchingKey();
  const signed = Buffer.from(`${header}.${payload}`);
  const fits = candidates.some((jwk) => {
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return bits >= 1024 && verifySignature('sha256', signed, key, Buffer.from(signature, 'base64url'));
  });
  if (!fits) throw new errors.JWSSignatureVerificationFailed();
  // The signature is verified; from here the claims pass the same checks of jose as every other token's.
  const claims = UnsecuredJWT.decode(
    new UnsecuredJWT(parse(payload) as JWTPayload).encode(),
    options,
  ).payload;
  return { payload: claims, protectedHeader };
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    throw new errors.JWTInvalid('not a JSON object');
  }
}
