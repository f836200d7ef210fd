import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { ConfigurationError, ProviderError } from '../errors.ts';
import { BearerError } from '../guard-errors.ts';
import type { ProviderDefinition, SigningAlgorithm } from '../provider-definition.ts';
import { readStrength } from './identity-verifier.ts';
import { checkEndpoint } from './preset-options.ts';
import { readUserClaims } from './read-user-claims.ts';
import { isFaultOfKeys, isUnfit, type KeyVerifier } from './signing-keys.ts';
import { splitWords } from './split-words.ts';

/** What an access token must be to be taken from a client. */
export interface BearerExpectations {
  /** One of them must be among the token's. */
  readonly audience: readonly string[];
  /** `undefined`: that of the ID tokens. */
  readonly algorithms: readonly SigningAlgorithm[] | undefined;
  readonly dangerouslyAcceptAnyType: boolean;
  readonly dangerouslyAcceptMissingAudience: boolean;
}

/** Whom an access token speaks of. */
export interface BearerIdentity {
  readonly sub: string;
  readonly claims: UserClaims;
  readonly scopes: readonly string[];
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime: number | undefined;
  /** Seconds since the epoch, by the provider's clock; `undefined`: the provider does not say. */
  readonly endsAt: number | undefined;
}

/** Verifies access tokens that clients bring. */
export interface BearerVerifier {
  /**
   * Verifies a JWT by the provider's published keys. Everything that costs nothing comes first: anybody may send one.
   *
   * @throws BearerError `bearer_invalid` for a token to refuse; ProviderError `provider_unavailable` without keys.
   * @see [RFC 9068, section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4)
   */
  verify(token: string, expected: BearerExpectations): Promise<BearerIdentity>;
  /**
   * Asks the provider about a token.
   *
   * @throws BearerError `bearer_invalid` for a token to refuse; ProviderError when the provider cannot be asked.
   * @see [RFC 7662, section 2](https://www.rfc-editor.org/rfc/rfc7662#section-2)
   */
  introspect(token: string, expected: BearerExpectations): Promise<BearerIdentity>;
}

/** What it is made of. */
export interface BearerVerifierOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly now: Clock;
  /** The published keys, looked up only for a token that passes everything else. */
  readonly findVerifier: () => Promise<KeyVerifier>;
  /** Makes one call to the provider, and wraps what fails. */
  readonly callProvider: <T>(
    doing: string,
    work: (configuration: client.Configuration) => Promise<T>,
  ) => Promise<T>;
}

/** Makes it for one provider. */
export function createBearerVerifier(
  definition: ProviderDefinition,
  { name, now, findVerifier, callProvider }: BearerVerifierOptions,
): BearerVerifier {
  const { issuer, clockToleranceSeconds: clockTolerance } = definition;

  const toIdentity = (payload: JWTPayload): BearerIdentity => ({
    sub: payload.sub!,
    claims: readUserClaims(name, payload),
    scopes: readScopes(payload),
    ...readStrength(payload),
    endsAt: payload.exp,
  });

  return {
    verify: async (token, expected) => {
      checkAudienceOption(expected, definition);
      const algorithms = findAlgorithms(expected, definition);
      const problem = findProblem(token, { expected, algorithms, definition, now: now() });
      if (problem) throw new BearerError(problem, 'bearer_invalid', { remedy: REMEDIES.get(problem) });
      const verify = await findVerifier();
      const { payload } = await verify(token, {
        trustedChannel: false,
        refuseUnfit: true,
        options: {
          algorithms: [...algorithms],
          issuer,
          audience: [...expected.audience],
          clockTolerance,
          currentDate: new Date(now()),
          requiredClaims: ['sub', 'exp'],
        },
      }).catch((error: unknown) => {
        if (isFaultOfKeys(error)) throw keysUnavailable(name, error);
        const problem = isUnfit(error)
          ? 'The signature of the token is not by a key of its issuer.'
          : 'The token is no JWT that can be taken.';
        throw new BearerError(problem, 'bearer_invalid', { cause: error });
      });
      return toIdentity(payload);
    },

    introspect: async (token, expected) => {
      const answer = await callProvider('the introspection', (configuration) => {
        const { introspection_endpoint: endpoint } = configuration.serverMetadata();
        if (!endpoint) throw noIntrospection(name);
        checkEndpoint('introspection_endpoint', endpoint, issuer);
        return client.tokenIntrospection(configuration, token, { token_type_hint: 'access_token' });
      });
      if (answer.active !== true) throw new BearerError('The provider says that the token is not active.');
      const payload = answer as unknown as JWTPayload;
      const problem =
        (payload.iss === undefined ? undefined : findIssuerProblem(payload, definition)) ??
        (payload.aud === undefined && expected.dangerouslyAcceptMissingAudience
          ? undefined
          : findAudienceProblem(payload, expected)) ??
        findTimeProblem(payload, definition, now()) ??
        findOwnerProblem(payload) ??
        findKindProblem(answer.token_type);
      if (problem) throw new BearerError(problem);
      return toIdentity(payload);
    },
  };
}

/** A signed token in its compact form: not an encrypted one, and nothing around it. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Says whether a token looks like a JWT, whatever is in it. */
export function isJwt(token: string): boolean {
  return FORM.test(token);
}

/** An ID token is for the client: where the type does not tell, the audience alone keeps one from passing. */
function checkAudienceOption(expected: BearerExpectations, { clientId }: ProviderDefinition): void {
  if (!expected.dangerouslyAcceptAnyType || !expected.audience.includes(clientId)) return;
  throw new ConfigurationError(
    'requireAuth(): bearer.audience must be the name of an API, not a client id: with dangerouslyAcceptAnyType every ID token would pass.',
  );
}

function findAlgorithms({ algorithms }: BearerExpectations, { identity }: ProviderDefinition) {
  if (algorithms) return algorithms;
  return [identity.algorithm.startsWith('HS') ? 'RS256' : identity.algorithm];
}

/** What is wrong with a token before its signature is looked at; in words that its sender may read. */
function findProblem(
  token: string,
  {
    expected,
    algorithms,
    definition,
    now,
  }: {
    expected: BearerExpectations;
    algorithms: readonly string[];
    definition: ProviderDefinition;
    now: number;
  },
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
    findOwnerProblem(payload)
  );
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

/** What the operator is told beside what the client is. */
const REMEDIES: ReadonlyMap<string, string> = new Map([
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

/** `scope` by RFC 9068, `scp` by some providers. */
function readScopes({ scope, scp }: JWTPayload): readonly string[] {
  const given = scope ?? scp;
  if (typeof given === 'string') return splitWords(given);
  return Array.isArray(given) ? given.filter((each) => typeof each === 'string') : [];
}

function keysUnavailable(name: string, cause: unknown): ProviderError {
  const retryAfterSeconds = cause instanceof ProviderError ? cause.retryAfterSeconds : undefined;
  return new ProviderError(`Provider "${name}": its keys to verify bearer tokens with cannot be had.`, {
    code: 'provider_unavailable',
    provider: name,
    retryAfterSeconds,
    cause,
  });
}

function noIntrospection(name: string): ProviderError {
  return new ProviderError(
    `Provider "${name}" has no introspection_endpoint. Add it to metadata, or drop bearer.introspection.`,
    { code: 'provider_unsupported', provider: name },
  );
}
