import { decodeJwt, type JWTPayload } from 'jose';
import { ProviderError } from '../errors.ts';
import type { AccessGrant, TokenSet } from '../tokens.ts';
import type { VerifiedIdentity } from './identity-verifier.ts';
import { narrowScope } from './scopes.ts';
import { isFaultOfKeys, isUnfit } from './signing-keys.ts';

/** What a refresh left out stays as it was; a scope never grows beyond what was granted. */
export function mergeTokens(old: TokenSet, fresh: TokenSet): TokenSet {
  return {
    ...fresh,
    refreshToken: fresh.refreshToken ?? old.refreshToken,
    idToken: fresh.idToken ?? old.idToken,
    scope: narrowScope(old.scope, fresh),
    renewed: true,
    // Those that are bound to no key, or to another, are of no use beside one.
    others: fresh.dpopKey === old.dpopKey ? old.others : undefined,
  };
}

/** So many access tokens for other purposes are kept with a session; the oldest give way. */
const MAX_OTHERS = 16;
/** And so many characters of them, far above any honest ones: with more no session's tokens could be opened again. */
const MAX_OTHERS_LENGTH = 1024 * 1024;

/**
 * Adds an access token for another purpose. Everything else stays as it was, but for a refresh token, and an ID token,
 * that came with it.
 *
 * @param now - in milliseconds: what has ended by then is dropped.
 */
export function mergeOther(
  old: TokenSet,
  fresh: TokenSet,
  { name, now }: { name: string; now: number },
): TokenSet {
  const { accessToken, receivedAt, expiresAt, expiryAssumed } = fresh;
  const grant: AccessGrant = { accessToken, receivedAt, expiresAt, expiryAssumed, renewed: true };
  const isBoundAnew = fresh.dpopKey !== old.dpopKey;
  const living = Object.entries((!isBoundAnew && old.others) || {})
    .filter(([known, { expiresAt: end }]) => known !== name && end > now)
    .sort(([, one], [, other]) => other.receivedAt - one.receivedAt);
  return {
    ...old,
    refreshToken: fresh.refreshToken ?? old.refreshToken,
    idToken: fresh.idToken ?? old.idToken,
    others: Object.fromEntries(keepNewest([[name, grant], ...living])),
    // The session is older than the option: its own token is got anew before it is used, bound as this one is.
    ...(isBoundAnew ? { dpopKey: fresh.dpopKey, expiresAt: now } : {}),
  };
}

function keepNewest(grants: readonly (readonly [string, AccessGrant])[]) {
  const kept: (readonly [string, AccessGrant])[] = [];
  let length = 0;
  for (const grant of grants.slice(0, MAX_OTHERS)) {
    const [name, { accessToken = '' }] = grant;
    length += name.length + accessToken.length;
    if (kept.length > 0 && length > MAX_OTHERS_LENGTH) break;
    kept.push(grant);
  }
  return kept;
}

/**
 * Adds an access token for another purpose to tokens that somebody else has written since it was asked for, and leaves
 * everything else as it is. `undefined`: it is bound to another key than they are, so that nobody could use it.
 *
 * @param now - in milliseconds.
 */
export function addOther(
  current: TokenSet,
  fresh: TokenSet,
  { name, now }: { name: string; now: number },
): TokenSet | undefined {
  const { dpopKey } = current;
  if (dpopKey?.d !== fresh.dpopKey?.d) return undefined;
  const alone = { ...fresh, dpopKey, refreshToken: undefined, idToken: undefined };
  return mergeOther(current, alone, { name, now });
}

/** The login that a refresh must continue. */
export interface SameLogin {
  readonly sub: string;
  /** The ID token that the login has had so far. */
  readonly previous: string | undefined;
  /** The ID token of the refresh. */
  readonly idToken: string | undefined;
  /** The provider's name in the options. */
  readonly name: string;
  /** Told when an ID token was taken for what it is, though no key of the provider fits it. */
  readonly reportFault: (fault: ProviderError) => void;
}

/**
 * Verifies that a refresh continues the login it began with. `undefined`: the provider's keys cannot be had, or none of
 * them fits the ID token, which names the same login. The old refresh token is spent by then and the tokens came over
 * our own connection, so they are good all the same; they only prove nothing new.
 *
 * @throws ProviderError `provider_identity_changed`.
 * @see [OpenID Connect Core, section 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)
 */
export async function verifySameLogin(
  verify: () => Promise<VerifiedIdentity>,
  { sub, previous, idToken, name, reportFault }: SameLogin,
): Promise<VerifiedIdentity | undefined> {
  const end = (problem: string, cause?: unknown) =>
    new ProviderError(`Provider "${name}": the refresh answered with ${problem}. The login is over.`, {
      code: 'provider_identity_changed',
      provider: name,
      needsLogin: true,
      cause,
    });
  let unfit: unknown;
  const identity = await verify().catch((error: unknown) => {
    if (idToken !== undefined && isUnfit(error)) unfit = error;
    else if (isFaultOfToken(error)) {
      // An access token that fails is a bad answer and no more; an ID token is the provider's word about the login.
      throw idToken === undefined ? error : end('an ID token that proves nothing', error);
    }
    return undefined;
  });
  const change = findChange(identity ?? readUnverified(idToken, end), { sub, previous });
  if (change) throw end(`another ${change}`);
  if (unfit !== undefined) {
    reportFault(
      new ProviderError(
        `Provider "${name}": no key of the provider fits the ID token of a refresh. It names the same login, which goes on.`,
        { code: 'provider_invalid_response', provider: name, cause: unfit },
      ),
    );
  }
  return identity;
}

/**
 * Opens the encrypted ID token of a refresh. One that no key opens is the provider's word about the login, and may say that it
 * is over. Where the key cannot be had, the tokens go on without it: the old ones are spent by then.
 *
 * @throws ProviderError `provider_identity_changed` with `needsLogin`.
 */
export async function openRefreshed(
  given: TokenSet,
  {
    open,
    name,
    reportFault,
  }: { open: (tokens: TokenSet) => Promise<TokenSet> } & Pick<SameLogin, 'name' | 'reportFault'>,
): Promise<TokenSet> {
  return open(given).catch((error: unknown) => {
    if (!isFaultOfToken(error)) {
      if (!(error instanceof ProviderError)) throw error;
      reportFault(error);
      return { ...given, idToken: undefined };
    }
    throw new ProviderError(
      `Provider "${name}": the refresh answered with an ID token that cannot be opened. The login is over.`,
      { code: 'provider_identity_changed', provider: name, needsLogin: true, cause: error },
    );
  });
}

function isFaultOfToken(error: unknown): boolean {
  if (error instanceof ProviderError) return error.code === 'provider_invalid_response';
  return !isFaultOfKeys(error);
}

/** What a token claims, verified or not. */
type Claimed = Pick<VerifiedIdentity, 'idTokenPayload'> & { readonly sub: unknown };

/** What cannot be verified can still contradict. */
function readUnverified(
  idToken: string | undefined,
  end: (problem: string, cause: unknown) => ProviderError,
): Claimed | undefined {
  if (idToken === undefined) return undefined;
  try {
    const idTokenPayload = decodeJwt(idToken);
    return { sub: idTokenPayload.sub, idTokenPayload };
  } catch (error) {
    throw end('an ID token that cannot be read', error);
  }
}

/**
 * Names what differs from the login. `auth_time` may: many providers keep it with the single sign-on session, so that
 * it moves when the person proves themselves elsewhere. It makes this login no fresher.
 */
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
  if (!audiencesOf(now).every((audience) => audiencesOf(before).includes(audience))) return 'aud';
  if (now.azp !== before.azp) return 'azp';
  if (now.nonce !== undefined && before.nonce !== undefined && now.nonce !== before.nonce) return 'nonce';
  return undefined;
}

function audiencesOf({ aud }: JWTPayload): readonly unknown[] {
  return [aud].flat();
}
