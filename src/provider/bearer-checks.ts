import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { ProviderDefinition, SigningAlgorithm } from '../provider-definition.ts';
import { isJwt } from './is-jwt.ts';

/** What an access token must be to be taken from a client. */
export interface BearerExpectations {
  /** One of them must be among the token's. */
  readonly audience: readonly string[];
  /** `undefined`: that of the ID tokens. */
  readonly algorithms: readonly SigningAlgorithm[] | undefined;
  readonly dangerouslyAcceptAnyType: boolean;
  readonly dangerouslyAcceptMissingAudience: boolean;
}

/** What a token is checked by. */
export interface BearerChecks {
  readonly expected: BearerExpectations;
  readonly definition: ProviderDefinition;
  /** Milliseconds by our clock. */
  readonly now: number;
}

/** What is wrong with a token before its signature is looked at, in words that its sender may read. */
export function findTokenProblem(
  token: string,
  { expected, algorithms, definition, now }: BearerChecks & { readonly algorithms: readonly string[] },
): string | undefined {
  if (!isJwt(token)) return 'The token is no signed JWT.';
  let header: ReturnType<typeof decodeProtectedHeader>;
  let payload: JWTPayload;
  try {
    [header, payload] = [decodeProtectedHeader(token), decodeJwt(token)];
  } catch {
    return 'The token is no signed JWT.';
  }
  // Never as the header says: by its own choice a token could be signed with the public key as a secret, or not at all.
  if (!algorithms.includes(String(header.alg)))
    return 'The token is signed with an algorithm that is not taken here.';
  return (
    findTypeProblem(header.typ, payload, expected) ??
    findIssuerProblem(payload, definition) ??
    findAudienceProblem(payload, expected) ??
    (payload.exp === undefined ? 'The token has no exp.' : findTimeProblem(payload, definition, now)) ??
    findOwnerProblem(payload) ??
    findOrganisationProblem(payload, definition)
  );
}

/** Whoever may not log in may not come by a token: people of other organisations, where the provider has several. */
function findOrganisationProblem(
  payload: JWTPayload,
  { requiredClaims = {} }: ProviderDefinition,
): string | undefined {
  const isOther = Object.entries(requiredClaims).some(([claim, value]) => payload[claim] !== value);
  return isOther ? 'The token is of another organisation, or does not say of which.' : undefined;
}

/** @see [RFC 9068, section 2.1](https://www.rfc-editor.org/rfc/rfc9068#section-2.1) */
function findTypeProblem(
  typ: unknown,
  payload: JWTPayload,
  expected: BearerExpectations,
): string | undefined {
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  if (type === 'at+jwt') return undefined;
  if (!expected.dangerouslyAcceptAnyType) return NO_ACCESS_TOKEN;
  if (type !== undefined && type !== 'jwt')
    return 'The token is no access token: its typ is that of another kind.';
  return OTHER_TOKENS.some((claim) => claim in payload)
    ? 'The token is no access token: it has claims of another kind.'
    : undefined;
}

const NO_ACCESS_TOKEN = 'The token is no access token: its typ is not at+jwt.';

/** What the operator is told beside what the client is, by what is wrong. */
export const BEARER_REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    NO_ACCESS_TOKEN,
    'If the provider writes another, have it write this one, or see dangerouslyAcceptAnyType of bearer.',
  ],
]);

/** What ID tokens and logout tokens have. */
const OTHER_TOKENS = ['nonce', 'at_hash', 'c_hash', 'events'];

function findIssuerProblem({ iss }: JWTPayload, { issuer }: ProviderDefinition): string | undefined {
  return iss === issuer ? undefined : 'The token is of another issuer.';
}

function findAudienceProblem({ aud }: JWTPayload, { audience }: BearerExpectations): string | undefined {
  const own = [aud ?? []].flat().some((name) => audience.includes(name));
  return own ? undefined : 'The token is for another audience.';
}

function findTimeProblem(
  { exp, nbf, iat }: JWTPayload,
  { clockToleranceSeconds: tolerance }: ProviderDefinition,
  now: number,
): string | undefined {
  const seconds = now / 1000;
  const times = [exp, nbf, iat].filter((time) => time !== undefined);
  if (!times.every(Number.isFinite)) return 'The token has a time that is no number.';
  if (exp !== undefined && exp <= seconds - tolerance) return 'The token has expired.';
  const isEarly = [nbf, iat].some((time) => time !== undefined && time > seconds + tolerance);
  return isEarly ? 'The token is not valid yet.' : undefined;
}

/** A token that is bound to a key is worth nothing without the proof of that key (RFC 7800), which no bearer has. */
function findOwnerProblem({ sub, cnf }: JWTPayload): string | undefined {
  if (cnf !== undefined) return 'The token is bound to a key (cnf), and no bearer token.';
  const isNamed = typeof sub === 'string' && sub !== '' && sub.length <= 255;
  return isNamed ? undefined : 'The token names nobody: sub must be a string of 1 to 255 characters.';
}

function findKindProblem(type: unknown): string | undefined {
  const kind = typeof type === 'string' ? type.toLowerCase() : type;
  return kind === undefined || kind === 'bearer' || kind === 'access_token'
    ? undefined
    : 'The token is no bearer token.';
}

/** What is wrong with what the provider says of a token that it calls active. */
export function findIntrospectedProblem(
  payload: JWTPayload & { token_type?: unknown },
  { expected, definition, now }: BearerChecks,
): string | undefined {
  const mayLackAudience = payload.aud === undefined && expected.dangerouslyAcceptMissingAudience;
  return (
    (payload.iss === undefined ? undefined : findIssuerProblem(payload, definition)) ??
    (mayLackAudience ? undefined : findAudienceProblem(payload, expected)) ??
    findTimeProblem(payload, definition, now) ??
    findOwnerProblem(payload) ??
    findOrganisationProblem(payload, definition) ??
    findKindProblem(payload.token_type)
  );
}
