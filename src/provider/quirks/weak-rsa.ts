import { createPublicKey, type KeyObject, verify as verifySignature } from 'node:crypto';
import {
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  UnsecuredJWT,
} from 'jose';

/**
 * Verifies an RS256 token whose RSA key has fewer than 2048 bits, which jose rightly refuses. Only for providers whose
 * preset or options say so, and never below 1024.
 *
 * @throws JOSEError as `jwtVerify()` does.
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
    ({ kty, kid, use, alg }) =>
      kty === 'RSA' &&
      (use ?? 'sig') === 'sig' &&
      (alg ?? 'RS256') === 'RS256' &&
      (protectedHeader.kid === undefined || kid === protectedHeader.kid),
  );
  if (candidates.length === 0) throw new errors.JWKSNoMatchingKey();
  const signed = Buffer.from(`${header}.${payload}`);
  const isSignedBy = (key: KeyObject) =>
    (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MINIMUM_BITS &&
    verifySignature('sha256', signed, key, Buffer.from(signature, 'base64url'));
  if (!candidates.map(readKey).some((key) => key && isSignedBy(key)))
    throw new errors.JWSSignatureVerificationFailed();
  // The signature is verified; from here the claims pass the same checks of jose as every other token's.
  const claims = UnsecuredJWT.decode(
    new UnsecuredJWT(parse(payload) as JWTPayload).encode(),
    options,
  ).payload;
  return { payload: claims, protectedHeader };
}

/** Keys of fewer bits have been factored in public. */
const MINIMUM_BITS = 1024;

/** One key that cannot be read must not spoil the others. */
function readKey(jwk: JWK): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as never, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    throw new errors.JWTInvalid('not a JSON object');
  }
}
