import { type Claims, createRsaKey, type SigningKey } from './signing.ts';

/** Ways to forge the signature of a token. */
export type KeyAttack = 'foreign-key' | 'alg-none' | 'public-key-as-secret';

/** Ways to sign well what should not be believed. */
export type ClaimAttack =
  | 'expired'
  | 'foreign-aud'
  | 'foreign-issuer'
  | 'missing-sub'
  | 'wrong-nonce'
  | 'stale-auth-time'
  | 'lower-acr'
  | 'two-audiences';

const foreignAudience = 'another-application';

const daySeconds = 86_400;

/**
 * The key with which an attacker would sign instead: his own of the same kind, none, or the public key (or
 * certificate) as the secret of an HMAC.
 */
export const forgeKey = async (
  attack: string | undefined,
  honest: SigningKey,
  publicText: () => string | Promise<string>,
): Promise<SigningKey> => {
  const kid = honest.kid === undefined ? {} : { kid: honest.kid };
  switch (attack as KeyAttack | undefined) {
    case 'alg-none':
      return { alg: 'none', ...kid };
    case 'public-key-as-secret':
      return { alg: 'HS256', secret: await publicText(), ...kid };
    case 'foreign-key':
      if (honest.alg === 'HS256') return { alg: 'HS256', secret: 'the secret of another client', ...kid };
      return { alg: 'RS256', privateKey: (await createRsaKey()).privateKey, ...kid };
    default:
      return honest;
  }
};

/** The claims with one of them made unbelievable. */
export const tamperClaims = (
  attack: string | undefined,
  claims: Claims,
  { foreignIssuer }: { foreignIssuer: string },
): Claims => {
  const { sub: _sub, ...withoutSub } = claims;
  const age = (name: string) =>
    typeof claims[name] === 'number' ? { [name]: claims[name] - daySeconds } : {};
  const tampered: Record<ClaimAttack, () => Claims> = {
    expired: () => ({ ...claims, ...age('exp'), ...age('iat') }),
    'foreign-aud': () => ({
      ...claims,
      aud: Array.isArray(claims.aud) ? [foreignAudience] : foreignAudience,
    }),
    'foreign-issuer': () => ({ ...claims, iss: foreignIssuer }),
    'missing-sub': () => withoutSub,
    'wrong-nonce': () => ({ ...claims, nonce: 'the-nonce-of-another-login' }),
    'stale-auth-time': () => ({ ...claims, ...age('auth_time') }),
    'lower-acr': () => ({ ...claims, acr: String(Number(claims.acr) - 1) }),
    'two-audiences': () => ({ ...claims, aud: [claims.aud, foreignAudience].flat() }),
  };
  const tamper = Object.entries(tampered).find(([name]) => name === attack)?.[1];
  return tamper ? tamper() : claims;
};
