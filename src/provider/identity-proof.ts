import { createPrivateKey, X509Certificate } from 'node:crypto';
import { compactDecrypt, type JWTPayload, UnsecuredJWT } from 'jose';
import type * as client from 'openid-client';
import { pickUserClaims, type UserClaims } from '../claims.ts';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { IdentitySource, ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import type { LoginChecks } from './authorization-request.ts';
import type { Fetch } from './bounded-fetch.ts';
import { type IdTokenExpectations, verifyIdToken } from './id-token.ts';
import { createJwksVerifier, createKeyVerifier, type KeyVerifier } from './signing-keys.ts';

/** Who logged in, as far as the provider has proven it. */
export interface Proof {
  readonly sub: string;
  readonly claims: UserClaims;
  /** The session at the provider. */
  readonly sid: string | undefined;
  readonly acr: string | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly authTime: number | undefined;
  /** Seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
  /** Whether a claim of the provider asks that the session end with the browser. */
  readonly browserSession: boolean;
  /** When the access token ends, if that is what proved the identity: seconds by the provider's clock. */
  readonly accessTokenEnd: number | undefined;
  /** The verified payload of the ID token, where there is one. */
  readonly idTokenPayload: JWTPayload | undefined;
}

export interface IdentityProver {
  /** Verifies who the tokens speak of. `checks` absent: the tokens of a refresh, which answer no login. */
  prove(
    tokens: TokenSet,
    checks: LoginChecks | undefined,
    configuration: client.Configuration,
  ): Promise<Proof>;
  /** The keys of the ID token, for the other tokens a provider signs. */
  verifierOf(configuration: client.Configuration): KeyVerifier;
}

export interface IdentityProverOptions {
  readonly name: string;
  readonly fetch: Fetch;
  readonly now: Clock;
}

/** Proves identity from the ID token, or where a provider has it there, from its access token. */
export function createIdentityProver(
  definition: ProviderDefinition,
  { name, fetch, now }: IdentityProverOptions,
): IdentityProver {
  const { identity } = definition;
  const verifierOf = createVerifierSource(definition, { name, fetch, now });

  const proveByIdToken = async (
    tokens: TokenSet,
    checks: LoginChecks | undefined,
    configuration: client.Configuration,
  ) => {
    if (!tokens.idToken) throw refusal(name, 'the answer has no ID token');
    const verification = { definition, name, verify: verifierOf(configuration), now };
    // In the implicit flow the browser brought it: anybody may have put anything there.
    const expected = { ...expectationsOf(checks, tokens), trustedChannel: !definition.implicit };
    const payload = await verifyIdToken(tokens.idToken, expected, verification);
    return toProof(payload, definition, { idTokenPayload: payload });
  };

  const proveByAccessToken = async (
    source: IdentitySource & { from: 'access_token' },
    tokens: TokenSet,
    configuration: client.Configuration,
  ) => {
    const verify = verifierOf(configuration);
    const payload = await verifyAccessToken(tokens.accessToken, source, { definition, name, verify, now });
    const accessTokenEnd = payload.exp;
    if (!tokens.idToken) return toProof(payload, definition, { accessTokenEnd });
    // By the same issuer, for the client or for whom the access token is, and about the same person.
    const audiences = [definition.clientId, ...(source.audiences ?? [payload.aud ?? []].flat())];
    const idTokenPayload = await verifyIdToken(
      tokens.idToken,
      { ...NO_EXPECTATIONS, audiences, issuer: source.issuer ?? payload.iss },
      { definition, name, verify, now },
    );
    if (idTokenPayload.sub !== payload.sub)
      throw refusal(name, 'the ID token speaks of another sub than the access token');
    return toProof({ ...idTokenPayload, ...payload }, definition, { idTokenPayload, accessTokenEnd });
  };

  return {
    verifierOf,
    prove: (tokens, checks, configuration) =>
      identity.from === 'id_token'
        ? proveByIdToken(tokens, checks, configuration)
        : proveByAccessToken(identity, tokens, configuration),
  };
}

const NO_EXPECTATIONS: IdTokenExpectations = {
  trustedChannel: true,
  nonce: undefined,
  maxAgeSeconds: undefined,
  acrValues: undefined,
  accessToken: undefined,
};

function expectationsOf(checks: LoginChecks | undefined, tokens: TokenSet): IdTokenExpectations {
  if (!checks) return { ...NO_EXPECTATIONS, accessToken: tokens.accessToken, nonceOptional: true };
  const { nonce, maxAgeSeconds, acrValues } = checks;
  return { ...NO_EXPECTATIONS, nonce, maxAgeSeconds, acrValues, accessToken: tokens.accessToken };
}

function toProof(
  payload: JWTPayload & { sub: string; iat?: number },
  { quirks }: ProviderDefinition,
  { idTokenPayload, accessTokenEnd }: Partial<Pick<Proof, 'idTokenPayload' | 'accessTokenEnd'>>,
): Proof {
  return {
    sub: payload.sub,
    claims: pickUserClaims(payload),
    sid: readText(payload.sid),
    acr: readText(payload.acr),
    authTime: typeof payload.auth_time === 'number' ? payload.auth_time : undefined,
    issuedAt: payload.iat ?? 0,
    browserSession: quirks.browserSessionClaim !== false && payload[quirks.browserSessionClaim] === true,
    accessTokenEnd,
    idTokenPayload,
  };
}

/** The access token as proof of identity: one algorithm, a subject and an end are demanded, `iat` is not. */
async function verifyAccessToken(
  accessToken: string | undefined,
  source: IdentitySource & { from: 'access_token' },
  {
    definition,
    name,
    verify,
    now,
  }: { definition: ProviderDefinition; name: string; verify: KeyVerifier; now: Clock },
): Promise<JWTPayload & { sub: string; iat?: number }> {
  if (!accessToken) throw refusal(name, 'the answer has no access token');
  const signed = source.encryption ? await decrypt(accessToken, source.encryption.key.reveal()) : accessToken;
  const claimChecks = {
    ...(source.issuer === undefined ? {} : { issuer: source.issuer }),
    ...(source.audiences === undefined ? {} : { audience: [...source.audiences] }),
    clockTolerance: definition.clockToleranceSeconds,
    currentDate: new Date(now()),
    requiredClaims: ['sub', 'exp'],
  };
  const { payload } =
    source.encryption?.content === 'bare'
      ? UnsecuredJWT.decode(wrapClaims(signed), claimChecks)
      : await verify(signed, {
          trustedChannel: true,
          options: { ...claimChecks, algorithms: [source.algorithm] },
        });
  if (typeof payload.sub !== 'string' || payload.sub === '' || payload.sub.length > 255) {
    throw refusal(name, 'sub must be a string of 1 to 255 characters');
  }
  return { ...payload, sub: payload.sub, iat: payload.iat ?? Math.floor(now() / 1000) };
}

async function decrypt(jwe: string, pem: string): Promise<string> {
  const { plaintext } = await compactDecrypt(jwe, createPrivateKey(pem), {
    keyManagementAlgorithms: ['RSA-OAEP', 'RSA-OAEP-256'],
    contentEncryptionAlgorithms: ['A128CBC-HS256', 'A256CBC-HS512', 'A128GCM', 'A256GCM'],
  });
  return new TextDecoder().decode(plaintext);
}

/**
 * Decrypted claims pass jose's claim checks in the form of a token. Anybody can encrypt for a public key: what vouches
 * for them is the connection to the token endpoint.
 */
function wrapClaims(json: string): string {
  return new UnsecuredJWT(JSON.parse(json) as JWTPayload).encode();
}

/** One verifier for as long as the provider keeps its `jwks_uri`, so that its keys are cached. */
function createVerifierSource(
  definition: ProviderDefinition,
  { name, fetch, now }: IdentityProverOptions,
): (configuration: client.Configuration) => KeyVerifier {
  const { identity, quirks, timeoutMs } = definition;
  if (identity.algorithm.startsWith('HS')) {
    const verifier = createKeyVerifier(new TextEncoder().encode(definition.clientSecret!.reveal()));
    return () => verifier;
  }
  if (identity.from === 'id_token' && identity.certificate !== undefined) {
    const verifier = createKeyVerifier(new X509Certificate(identity.certificate).publicKey);
    return () => verifier;
  }
  let current: { uri: string; verifier: KeyVerifier } | undefined;
  return (configuration) => {
    const uri = configuration.serverMetadata().jwks_uri;
    if (!uri) {
      throw new ProviderError(
        `Provider "${name}" has no jwks_uri to verify its tokens with. Add it to metadata.`,
        {
          code: 'provider_unsupported',
          provider: name,
        },
      );
    }
    if (current?.uri !== uri) {
      const { minimumKeyBits } = quirks;
      current = {
        uri,
        verifier: createJwksVerifier(new URL(uri), { name, fetch, timeoutMs, minimumKeyBits, now }),
      };
    }
    return current.verifier;
  };
}

export function refusal(name: string, problem: string): ProviderError {
  return new ProviderError(`Provider "${name}": the answer was refused: ${problem}.`, {
    code: 'provider_invalid_response',
    provider: name,
  });
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= 4096 ? value : undefined;
}
