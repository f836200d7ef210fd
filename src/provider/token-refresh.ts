import { decodeJwt } from 'jose';
import { ProviderError } from '../errors.ts';
import type { TokenSet } from '../tokens.ts';
import type { Proof } from './identity-proof.ts';
import { isFaultOfKeys } from './signing-keys.ts';

/** What a refresh left out stays as it was; a scope never grows beyond what was granted. */
export function mergeTokens(old: TokenSet, fresh: TokenSet): TokenSet {
  return {
    ...fresh,
    refreshToken: fresh.refreshToken ?? old.refreshToken,
    idToken: fresh.idToken ?? old.idToken,
    scope: narrowScope(old.scope, fresh.scope),
    renewed: true,
  };
}

function narrowScope(granted: string | undefined, answered: string | undefined): string | undefined {
  if (answered === undefined || granted === undefined) return answered ?? granted;
  const before = granted.split(' ');
  return answered
    .split(' ')
    .filter((scope) => before.includes(scope))
    .join(' ');
}

export interface SameLogin {
  readonly sub: string;
  /** The ID token that the login has had so far. */
  readonly previous: string | undefined;
  /** The ID token of the refresh. */
  readonly idToken: string | undefined;
  /** The provider's name in the options. */
  readonly name: string;
}

/**
 * Proves that a refresh continues the login it began with. `undefined`: the provider's keys cannot be had. The old
 * refresh token is spent by then, so the tokens are good all the same; they only prove nothing new.
 *
 * @throws ProviderError `provider_identity_changed`.
 * @see [OpenID Connect Core, section 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)
 */
export async function proveSameLogin(
  prove: () => Promise<Proof>,
  { sub, previous, idToken, name }: SameLogin,
): Promise<Proof | undefined> {
  const end = (problem: string, cause?: unknown) =>
    new ProviderError(`Provider "${name}": the refresh answered with ${problem}. The login is over.`, {
      code: 'provider_identity_changed',
      provider: name,
      cause,
    });
  const proof = await prove().catch((error: unknown) => {
    if (!isFaultOfToken(error)) return undefined;
    // An access token that fails is a bad answer and no more; an ID token is the provider's word about the login.
    throw idToken === undefined ? error : end('an ID token that proves nothing', error);
  });
  const change = findChange(proof ?? readUnverified(idToken), { sub, previous });
  if (change) throw end(`another ${change}`);
  return proof;
}

function isFaultOfToken(error: unknown): boolean {
  if (error instanceof ProviderError) return error.code === 'provider_invalid_response';
  return !isFaultOfKeys(error);
}

type Claimed = Pick<Proof, 'idTokenPayload'> & { readonly sub: unknown };

/** What cannot be verified can still contradict. */
function readUnverified(idToken: string | undefined): Claimed | undefined {
  if (idToken === undefined) return undefined;
  const idTokenPayload = decodeJwt(idToken);
  return { sub: idTokenPayload.sub, idTokenPayload };
}

function findChange(
  claimed: Claimed | undefined,
  { sub, previous }: Pick<SameLogin, 'sub' | 'previous'>,
): string | undefined {
  if (!claimed) return undefined;
  if (claimed.sub !== sub) return 'sub';
  const { idTokenPayload: now } = claimed;
  if (!now || !previous) return undefined;
  const before = decodeJwt(previous);
  if (now.iss !== before.iss) return 'iss';
  if (now.azp !== before.azp) return 'azp';
  for (const name of ['auth_time', 'nonce'] as const) {
    if (now[name] !== undefined && before[name] !== undefined && now[name] !== before[name]) return name;
  }
  return undefined;
}
