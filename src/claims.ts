/** The claims of a person, as the provider asserted them. Its prototype is null. */
export interface UserClaims {
  /** Identifies the person at the provider; only the pair of issuer and `sub` is unique. */
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  preferred_username?: string;
  picture?: string;
  locale?: string;
  email?: string;
  /** A boolean, also where the provider sends text; absent where it sends anything else. Ask for `=== true`. */
  email_verified?: boolean;
  phone_number?: string;
  /** As `email_verified`. */
  phone_number_verified?: boolean;
  [claim: string]: unknown;
}

/** Claims that serve the protocol and say nothing about the person. */
const PROTOCOL_CLAIMS = new Set([
  ...[
    'iss',
    'aud',
    'azp',
    'exp',
    'iat',
    'nbf',
    'jti',
    'nonce',
    'sid',
    'at_hash',
    'c_hash',
    's_hash',
    'events',
  ],
  // Access tokens tell it (RFC 9068); what was granted is no property of the person.
  ...['auth_time', 'acr', 'amr', 'scope'],
]);

/** Names that would reach into prototypes when an application copies claims with `Object.assign` or a loop. */
const DANGEROUS_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/** Claims of the standard set that are true or false. */
const BOOLEAN_CLAIMS = ['email_verified', 'phone_number_verified'] as const;

/** 64 KiB, in characters: far above any honest set of claims, far below what would slow each request. */
const MAX_CLAIMS_LENGTH = 64 * 1024;

/**
 * Picks what describes the person out of an ID token's payload or a userinfo answer.
 *
 * @throws RangeError when the claims are larger than 64 KiB.
 */
export function pickUserClaims(payload: object & { sub?: unknown }): UserClaims {
  const claims = cleanValue(payload) as UserClaims;
  for (const name of PROTOCOL_CLAIMS) delete claims[name];
  for (const name of BOOLEAN_CLAIMS) tidyBoolean(claims, name);
  if (JSON.stringify(claims).length > MAX_CLAIMS_LENGTH) throw new RangeError('the claims exceed 64 KiB');
  return claims;
}

/** Some providers write `"true"` or `"false"`, and every text passes for true. What is neither says nothing. */
function tidyBoolean(claims: UserClaims, name: (typeof BOOLEAN_CLAIMS)[number]): void {
  const given: unknown = claims[name];
  if (typeof given === 'boolean') return;
  if (given === 'true' || given === 'false') claims[name] = given === 'true';
  else delete claims[name];
}

/** Makes claims that were just read from storage what they were: values without a prototype. Returns them. */
export function reviveClaims<T extends object>(stored: T): T {
  return Object.setPrototypeOf(stored, null);
}

function cleanValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanValue);
  if (typeof value !== 'object' || value === null) return value;
  const clean: Record<string, unknown> = Object.create(null);
  for (const [name, inner] of Object.entries(value)) {
    if (!DANGEROUS_NAMES.has(name)) clean[name] = cleanValue(inner);
  }
  return clean;
}
