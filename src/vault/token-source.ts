import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError, StoreError, TokenError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { Proof } from '../provider/identity-proof.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import type { TokenVault } from './token-vault.ts';

/** The login whose tokens are wanted. */
export interface TokenOwner {
  readonly sessionId: string;
  /** Name of the provider in the options. */
  readonly provider: string;
  readonly sub: string;
}

export interface TokenNeed {
  readonly minValiditySeconds: number;
  /** An access token that an API has refused: any other will do. */
  readonly rejected?: string | undefined;
}

/** Tokens for use now, and the identity's record when a refresh brought new claims. */
export interface UsableTokens {
  readonly tokens: TokenSet;
  readonly auth?: string | undefined;
}

export interface TokenSource {
  /**
   * Gives tokens whose access token lives as long as is needed, refreshing them first if it does not.
   *
   * @throws LoginRequiredError when the session has ended, or the provider will not renew this login.
   * @throws TokenError when there is no such token; ProviderError when the provider fails; StoreError.
   */
  get(owner: TokenOwner, need: TokenNeed): Promise<UsableTokens>;
}

export interface TokenSourceOptions {
  readonly store: Store;
  readonly vault: TokenVault;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly now: Clock;
  /** Bound of one operation of the store, in milliseconds. */
  readonly storeTimeoutMs: number;
  /** Writes what a refresh proved into the identity's record. */
  readonly applyProof: (auth: string, proof: Proof) => Promise<string>;
  /** Told when the provider's "no" has ended a session, with the identity's record it had. */
  readonly onRefused: (owner: TokenOwner, auth: string | null) => Promise<void>;
}

/** Sessions that expire together must not refresh together: each begins up to half a minute early. */
const MAX_JITTER_SECONDS = 30;
/** Between two looks of those who wait for another process's refresh. */
const POLL_MS = 50;
/** After a failure nobody asks the provider again for so long, unless it said how long. */
const BACK_OFF_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;
/** A reply of the store that was lost: the swap may be repeated, since it recognises itself. */
const SWAP_ATTEMPTS = 3;

/**
 * Refreshes tokens in one flight per session: within the process by sharing a promise, over all processes by a lock.
 * Who waits gets what the winner stored, without asking the provider; a result is stored only while the session
 * lives; and only the provider's clear "no" ends it.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { store, vault, providers, now, storeTimeoutMs } = options;
  const flights = new Map<string, Promise<UsableTokens>>();

  const open = async (sessionId: string, sealed: string): Promise<TokenSet> => {
    const tokens = await vault.open(sessionId, sealed);
    if (!tokens)
      throw new TokenError('The tokens of this session cannot be opened any more.', 'token_unavailable');
    return tokens;
  };

  const readSealed = async (owner: TokenOwner): Promise<string> => {
    const sealed = await store.readTokens(hash(owner.sessionId));
    if (sealed === null) throw new LoginRequiredError('The session has ended.');
    return sealed;
  };

  const isFresh = (tokens: TokenSet, need: TokenNeed, owner: TokenOwner) =>
    tokens.accessToken !== need.rejected &&
    tokens.expiresAt - now() > (need.minValiditySeconds + jitterOf(owner, tokens)) * 1000;

  const providerOf = (owner: TokenOwner): Provider => {
    const provider = providers.get(owner.provider);
    if (provider) return provider;
    throw new TokenError(`There is no provider "${owner.provider}" any more.`, 'token_unavailable');
  };

  /** What others wrote, when it is not ours to write any more. */
  const readCurrent = async (owner: TokenOwner): Promise<UsableTokens> => ({
    tokens: await open(owner.sessionId, await readSealed(owner)),
  });

  const end = async (owner: TokenOwner, sealed: string): Promise<UsableTokens> => {
    const ended = await store.endSessionWithTokens(hash(owner.sessionId), sealed);
    // Another process has won meanwhile: what was refused is old, and the session lives.
    if (ended === 'conflict') return readCurrent(owner);
    await options.onRefused(owner, ended.auth);
    throw new LoginRequiredError('The provider does not renew this login.');
  };

  const save = async (owner: TokenOwner, from: string, tokens: TokenSet, proof: Proof | undefined) => {
    const key = hash(owner.sessionId);
    const to = await vault.seal(owner.sessionId, tokens);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { auth: before } = proof ? await store.readSession(key) : { auth: null };
        const auth =
          before !== null && proof
            ? { from: before, to: await options.applyProof(before, proof) }
            : undefined;
        const outcome = await store.swapTokens(key, { tokens: { from, to }, auth });
        if (outcome !== 'conflict' || attempt === SWAP_ATTEMPTS) return { outcome, auth: auth?.to };
      } catch (error) {
        if (!(error instanceof StoreError) || attempt === SWAP_ATTEMPTS) throw error;
      }
    }
  };

  const refresh = async (owner: TokenOwner, sealed: string, tokens: TokenSet): Promise<UsableTokens> => {
    const provider = providerOf(owner);
    const refreshed = await provider.refresh(tokens, owner).catch((error: unknown) => {
      if (isFinal(error)) return undefined;
      throw error;
    });
    if (!refreshed) return end(owner, sealed);
    const { outcome, auth } = await save(owner, sealed, refreshed.tokens, refreshed.proof);
    if (outcome === 'stored') return { tokens: refreshed.tokens, auth };
    if (outcome === 'conflict') return readCurrent(owner);
    // The session ended while we asked: nobody may have these tokens.
    await provider.revoke(refreshed.tokens).catch(() => undefined);
    throw new LoginRequiredError('The session ended during the refresh.');
  };

  /** Under the lock: looks again, since the last owner may have done the work. */
  const refreshUnderLock = async (
    owner: TokenOwner,
    lockOwner: string,
    need: TokenNeed,
  ): Promise<UsableTokens> => {
    const key = hash(owner.sessionId);
    try {
      const sealed = await readSealed(owner);
      const tokens = await open(owner.sessionId, sealed);
      const result = isFresh(tokens, need, owner) ? { tokens } : await refresh(owner, sealed, tokens);
      await store.releaseLock(key, lockOwner).catch(() => undefined);
      return result;
    } catch (error) {
      const note = error instanceof ProviderError ? describeBackOff(error) : undefined;
      await store.releaseLock(key, lockOwner, note).catch(() => undefined);
      throw error;
    }
  };

  const fly = async (owner: TokenOwner, seen: string, need: TokenNeed): Promise<UsableTokens> => {
    const key = hash(owner.sessionId);
    const lockOwner = randomBytes(16).toString('base64url');
    // Discovery, keys, the refresh itself and a revocation, each bounded; and the store around them.
    const leaseMs = 4 * providerOf(owner).definition.timeoutMs + 6 * storeTimeoutMs;
    for (let waited = 0; waited <= leaseMs + storeTimeoutMs; waited += POLL_MS) {
      const answer = await store.acquireLock(key, lockOwner, leaseMs);
      if (answer === 'taken') return refreshUnderLock(owner, lockOwner, need);
      if (typeof answer === 'object') throw readBackOff(answer.note, owner.provider);
      await wait(POLL_MS);
      const sealed = await readSealed(owner);
      if (sealed !== seen) return { tokens: await open(owner.sessionId, sealed) };
    }
    throw new ProviderError('The refresh in another process does not end.', {
      code: 'provider_unavailable',
      provider: owner.provider,
    });
  };

  const share = (owner: TokenOwner, seen: string, need: TokenNeed): Promise<UsableTokens> => {
    const flight = flights.get(owner.sessionId) ?? fly(owner, seen, need);
    if (!flights.has(owner.sessionId)) {
      flights.set(owner.sessionId, flight);
      const land = () => flights.delete(owner.sessionId);
      flight.then(land, land);
    }
    return flight;
  };

  return {
    get: async (owner, need) => {
      const sealed = await readSealed(owner);
      const tokens = await open(owner.sessionId, sealed);
      if (!tokens.accessToken) {
        throw new TokenError('This login brought no access token.', 'token_unavailable');
      }
      if (isFresh(tokens, need, owner)) return { tokens };
      const usable =
        tokens.accessToken !== need.rejected && (tokens.expiresAt > now() || tokens.expiryAssumed);
      if (!tokens.refreshToken || !providerOf(owner).definition.capabilities.refresh) {
        if (usable) return { tokens };
        throw new TokenError(
          'The access token has ended and cannot be renewed. Log in again.',
          'token_expired',
        );
      }
      try {
        return await share(owner, sealed, need);
      } catch (error) {
        // A fault of the provider is no reason to refuse a token that still lives.
        if (error instanceof ProviderError && usable && tokens.expiresAt > now()) return { tokens };
        throw error;
      }
    },
  };
}

/** The provider's clear "no"; every other fault passes. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return false;
  return (
    error.code === 'provider_identity_changed' ||
    (error.code === 'provider_refused' && error.oauthError === 'invalid_grant')
  );
}

/** Always the same for a session, and never more than a tenth of a short token's life. */
function jitterOf({ sessionId }: TokenOwner, { expiresAt, receivedAt }: TokenSet): number {
  const share = Buffer.from(hash(sessionId)).readUInt32BE(0) / 2 ** 32;
  return share * Math.min(MAX_JITTER_SECONDS, (expiresAt - receivedAt) / 10_000);
}

function describeBackOff({ code, message, oauthError, retryAfterSeconds }: ProviderError) {
  const lifeMs = retryAfterSeconds === undefined ? BACK_OFF_MS : Math.max(1000, retryAfterSeconds * 1000);
  return {
    text: JSON.stringify({ code, message, oauthError, retryAfterSeconds }),
    lifeMs: Math.min(lifeMs, MAX_BACK_OFF_MS),
  };
}

function readBackOff(note: string, provider: string): ProviderError {
  const { code, message, oauthError, retryAfterSeconds } = JSON.parse(note) as ProviderError;
  return new ProviderError(message, { code, provider, oauthError, retryAfterSeconds });
}
