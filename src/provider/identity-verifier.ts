import { X509Certificate } from 'node:crypto';
import type { JWK, JWTPayload } from 'jose';
import type * as client from 'openid-client';
import type { UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { type ConnectAuthError, LoginError, ProviderError } from '../errors.ts';
import { findUnmetRequirement } from '../freshness.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { type AccessTokenSource, verifyAccessToken } from './access-token.ts';
import { readAccessTokenClaims } from './access-token-claims.ts';
import type { LoginChecks } from './authorization-request.ts';
import type { Fetch } from './bounded-fetch.ts';
import { ANY_NONCE, type IdTokenExpectations, verifyIdToken } from './id-token.ts';
import { findIpsieProblem, IPSIE_SL1 } from './profiles/ipsie.ts';
import { show } from './provider-fault.ts';
import { invalidResponse } from './provider-faults.ts';
import { readUserClaims } from './read-user-claims.ts';
import type { SecretReader } from './secret-reader.ts';
import { createSecretVerifier } from './secret-verifier.ts';
import { checkSessionExpiry, readSessionExpiry } from './session-expiry.ts';
import { createJwksVerifier, createKeyVerifier, type KeyVerifier } from './signing-keys.ts';
import { isKeyOfIssuer, refuseOthers } from './tenants.ts';
import { createUserApiIdentity } from './user-api-identity.ts';

/** Who logged in, as far as the provider has proven it. */
export interface VerifiedIdentity {
  readonly sub: string;
  readonly claims: UserClaims;
  /** The session at the provider. */
  readonly sid: string | undefined;
  readonly acr: string | undefined;
  /** The methods by which the person proved who they are. */
  readonly amr: readonly string[] | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime: number | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
  /** Whether a claim of the provider asks that the session end with the browser. */
  readonly browserSession: boolean;
  /** When the session must be over, if the provider says so: seconds since the epoch, by its clock. */
  readonly sessionExpiry: number | undefined;
  /** When the access token ends, if that is what proved the identity: seconds by the provider's clock. */
  readonly accessTokenEnd: number | undefined;
  /** The verified payload of the ID token, where there is one. */
  readonly idTokenPayload: JWTPayload | undefined;
}

/** Finds out who the tokens of a provider speak of. */
export interface IdentityVerifier {
  /**
   * Verifies the tokens of a login, and that they prove what was asked.
   *
   * @throws ProviderError `provider_invalid_response`, JOSEError, or LoginError `login_insufficient`.
   */
  verifyLogin(
    tokens: TokenSet,
    checks: LoginChecks,
    configuration: client.Configuration,
  ): Promise<VerifiedIdentity>;
  /** Verifies the tokens of a refresh, which answer no login. Claims that are too large are left out, and told. */
  verifyRefresh(tokens: TokenSet, configuration: client.Configuration): Promise<VerifiedIdentity>;
  /** The keys of the ID token, for the other tokens a provider signs. */
  keyVerifierOf(configuration: client.Configuration): KeyVerifier;
  /** The published keys, whatever verifies the ID token. */
  publishedKeysOf(configuration: client.Configuration): KeyVerifier;
}

/** What an identity verifier needs beside the definition. */
export interface IdentityVerifierOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly fetch: Fetch;
  readonly now: Clock;
  readonly monotonic: Clock;
  /** The client secret, which signs where the algorithm is one of HS*. */
  readonly readSecret: SecretReader | undefined;
  /** Told of a fault that changes nothing for this request. */
  readonly reportFault: (fault: ConnectAuthError) => void;
}

/** A payload that passed every check of its token. */
interface VerifiedPayload {
  readonly payload: JWTPayload & { readonly sub: string };
  readonly idTokenPayload?: JWTPayload;
  readonly accessTokenEnd?: number | undefined;
}

/** The same, with what limits the session. */
type LimitedPayload = VerifiedPayload & Pick<VerifiedIdentity, 'sessionExpiry'>;

/** Verifies identity from the ID token, or where a provider has it there, from its access token. */
export function createIdentityVerifier(
  definition: ProviderDefinition,
  options: IdentityVerifierOptions,
): IdentityVerifier {
  const { name, now, reportFault } = options;
  const { identity } = definition;
  if (identity.from === 'user_api') return createUserApiIdentity(definition, identity, options);
  const publishedKeysOf = createPublishedKeysSource(definition, options);
  const keyVerifierOf = createKeyVerifierSource(definition, options, publishedKeysOf);

  const verifyByIdToken = async (
    { idToken, accessToken }: TokenSet,
    nonce: IdTokenExpectations['nonce'],
    verify: KeyVerifier,
  ): Promise<VerifiedPayload> => {
    if (!idToken) {
      const fault = { member: 'id_token', expected: 'a JWT', got: 'nothing', option: 'scope' };
      throw invalidResponse(name, 'the token answer', fault);
    }
    // In the implicit flow the browser brought it: anybody may have put anything there.
    const expected: IdTokenExpectations = { nonce, accessToken, trustedChannel: !definition.implicit };
    const verification = { definition, name, verify, now };
    const payload = await verifyIdToken(idToken, expected, verification);
    const more = await readAccessTokenClaims(accessToken, payload.sub, verification);
    return { payload: { ...more, ...payload }, idTokenPayload: payload };
  };

  const verifyByAccessToken = async (
    { idToken, accessToken }: TokenSet,
    nonce: IdTokenExpectations['nonce'],
    { source, verify }: { source: AccessTokenSource; verify: KeyVerifier },
  ): Promise<VerifiedPayload> => {
    const verification = { definition, name, verify, now };
    const payload = await verifyAccessToken(accessToken, source, verification);
    const accessTokenEnd = payload.exp;
    if (!idToken) return { payload, accessTokenEnd };
    // By the same issuer, for the client or for whom the access token is, and about the same person.
    const audiences = [definition.clientId, ...(source.audiences ?? [payload.aud ?? []].flat())];
    const issuer = source.issuer ?? payload.iss;
    const idTokenPayload = await verifyIdToken(
      idToken,
      { nonce, audiences, issuer, accessToken: undefined, trustedChannel: true },
      verification,
    );
    if (idTokenPayload.sub !== payload.sub)
      throw invalidResponse(name, 'the ID token', 'it speaks of another sub than the access token');
    return { payload: { ...idTokenPayload, ...payload }, idTokenPayload, accessTokenEnd };
  };

  const verify = async (
    tokens: TokenSet,
    nonce: IdTokenExpectations['nonce'],
    configuration: client.Configuration,
  ): Promise<LimitedPayload> => {
    const keys = keyVerifierOf(configuration);
    const verified =
      identity.from === 'id_token'
        ? await verifyByIdToken(tokens, nonce, keys)
        : await verifyByAccessToken(tokens, nonce, { source: identity, verify: keys });
    return { ...verified, sessionExpiry: readSessionExpiry(name, verified.payload) };
  };

  return {
    keyVerifierOf,
    publishedKeysOf,

    verifyLogin: async (tokens, checks, configuration) => {
      const verified = await verify(tokens, checks.nonce, configuration);
      refuseOthers(verified.payload, definition, name);
      const problem =
        definition.profile === IPSIE_SL1 && findIpsieProblem(verified.payload, definition.clientId);
      if (problem) throw invalidResponse(name, 'the ID token', problem);
      checkSessionExpiry(name, verified.sessionExpiry, now() / 1000);
      checkStrength(verified.payload, checks, { definition, name, now });
      return toIdentity(verified, definition, readUserClaims(name, verified.payload));
    },

    verifyRefresh: async (tokens, configuration) => {
      const verified = await verify(tokens, ANY_NONCE, configuration);
      const { sub } = verified.payload;
      try {
        return toIdentity(verified, definition, readUserClaims(name, verified.payload));
      } catch (error) {
        // The login is proven, and its tokens are good: what is known of the person stays as it was.
        reportFault(error as ConnectAuthError);
        return toIdentity(verified, definition, { sub });
      }
    },
  };
}

/** What the payload of a token says of the login's freshness and strength; whatever is no such value is none. */
export function readStrength({ auth_time, acr, amr }: JWTPayload) {
  return { authTime: isTime(auth_time) ? auth_time : undefined, acr: readText(acr), amr: readTexts(amr) };
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function checkStrength(
  payload: JWTPayload,
  checks: LoginChecks,
  { definition, name, now }: { definition: ProviderDefinition; name: string; now: Clock },
): void {
  const { clockToleranceSeconds, quirks } = definition;
  const { auth_time: authTime } = payload;
  // Else a provider that counts milliseconds would satisfy every `maxAgeSeconds` for ever.
  if (isTime(authTime) && authTime > now() / 1000 + clockToleranceSeconds)
    throw invalidResponse(name, 'the proof of identity', {
      member: 'auth_time',
      expected: 'a time in the past',
      got: `one ${Math.round(authTime - now() / 1000)} seconds ahead of this machine's clock`,
      option: 'clockToleranceSeconds',
    });
  const rules = { acr: quirks.acr, clockToleranceSeconds, now: now() };
  const unmet = findUnmetRequirement(readStrength(payload), checks, rules);
  if (unmet) {
    throw new LoginError(`Provider "${name}": the login does not prove what was asked: ${unmet}.`, {
      code: 'login_insufficient',
    });
  }
  if (authTime !== undefined && !isTime(authTime))
    throw invalidResponse(name, 'the proof of identity', {
      member: 'auth_time',
      expected: 'a number above 0',
      got: show(authTime),
    });
}

function toIdentity(
  { payload, idTokenPayload, accessTokenEnd, sessionExpiry }: LimitedPayload,
  { quirks }: ProviderDefinition,
  claims: UserClaims,
): VerifiedIdentity {
  return {
    sub: payload.sub,
    claims,
    sid: readText(payload.sid),
    ...readStrength(payload),
    issuedAt: payload.iat ?? 0,
    browserSession: quirks.browserSessionClaim !== false && payload[quirks.browserSessionClaim] === true,
    sessionExpiry,
    accessTokenEnd,
    idTokenPayload,
  };
}

type KeyVerifierSource = (configuration: client.Configuration) => KeyVerifier;

function createKeyVerifierSource(
  definition: ProviderDefinition,
  options: IdentityVerifierOptions,
  publishedKeysOf: KeyVerifierSource,
): KeyVerifierSource {
  const { identity } = definition;
  if (identity.algorithm.startsWith('HS')) {
    const verifier = createSecretVerifier(options.readSecret!);
    return () => verifier;
  }
  if (identity.from === 'id_token' && identity.certificates !== undefined) {
    const keys = identity.certificates.map((pem) => new X509Certificate(pem).publicKey);
    const verifier = createKeyVerifier(keys);
    return () => verifier;
  }
  return publishedKeysOf;
}

/** One verifier for as long as the provider keeps its `jwks_uri`, so that its keys are cached. */
function createPublishedKeysSource(
  { quirks, tenants }: ProviderDefinition,
  options: IdentityVerifierOptions,
): KeyVerifierSource {
  let current: { uri: string; verifier: KeyVerifier } | undefined;
  return (configuration) => {
    const uri = configuration.serverMetadata().jwks_uri;
    if (!uri) {
      throw new ProviderError(
        `Provider "${options.name}" has no jwks_uri to verify its tokens with. Add it to metadata.`,
        { code: 'provider_unsupported', provider: options.name },
      );
    }
    if (current?.uri !== uri) {
      const { minimumKeyBits } = quirks;
      const maySign = tenants && ((key: JWK, payload: JWTPayload) => isKeyOfIssuer(key, payload, tenants));
      current = { uri, verifier: createJwksVerifier(new URL(uri), { ...options, minimumKeyBits, maySign }) };
    }
    return current.verifier;
  };
}

/** A list, or the one string that some providers write instead; as many as anybody needs. */
function readTexts(value: unknown): readonly string[] | undefined {
  const texts = [value ?? []].flat().slice(0, MAX_METHODS).map(readText);
  const known = texts.filter((text) => text !== undefined);
  return known.length > 0 ? known : undefined;
}

const MAX_METHODS = 32;

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 4096 ? value : undefined;
}
