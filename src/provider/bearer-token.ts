import type { JWTPayload } from 'jose';
import * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { ConfigurationError, ProviderError } from '../errors.ts';
import { BearerError } from '../guard-errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  BEARER_REMEDIES,
  type BearerExpectations,
  findIntrospectedProblem,
  findTokenProblem,
} from './bearer-checks.ts';
import { readStrength } from './identity-verifier.ts';
import { readUserClaims } from './read-user-claims.ts';
import { isFaultOfKeys, isUnfit, type KeyVerifier } from './signing-keys.ts';
import { splitWords } from './split-words.ts';

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
      const problem = findTokenProblem(token, { expected, algorithms, definition, now: now() });
      if (problem) throw new BearerError(problem, 'bearer_invalid', { remedy: BEARER_REMEDIES.get(problem) });
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
        return client.tokenIntrospection(configuration, token, { token_type_hint: 'access_token' });
      });
      if (answer.active !== true) throw new BearerError('The provider says that the token is not active.');
      const payload = answer as unknown as JWTPayload;
      const problem = findIntrospectedProblem(payload, { expected, definition, now: now() });
      if (problem) throw new BearerError(problem);
      return toIdentity(payload);
    },
  };
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
