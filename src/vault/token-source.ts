import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError, StoreError, TokenError } from '../errors.ts';
import { hash } from '../keys.ts';
import type { VerifiedIdentity } from '../provider/identity-verifier.ts';
import type { Provider } from '../provider/provider.ts';
import type { Store, TokenSwap } from '../store/store.ts';
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
  /** How long the lock holds when nobody gives it back: longer than all the bounded work under it. */
  readonly leaseMs: number;
  /** Whether a session lives, under this id or a newer one. */
  readonly livesOn: (sessionId: string) => Promise<boolean>;
  /** Writes what a refresh proved into the identity's record. */
  readonly applyProof: (auth: string, proof: VerifiedIdentity) => Promise<string>;
  /** Told when the provider's "no" has ended a session, with the identity's record it had. */
  readonly onRefused: (owner: TokenOwner, auth: string | null, refusal: ProviderError) => Promise<void>;
}

/** Sessions that expire together must not refresh together: each begins up to half a minute early. */
const MAX_JITTER_MS = 30_000;
/** Between two looks of those who wait for another process's refresh. */
const POLL_MS = 50;
/** After a failure nobody asks the provider again for so long, unless it said how long. */
const BACK_OFF_MS = 5_000;
const MAX_BACK_OFF_MS = 60_000;
/** Nor after a success: an API that refuses every token, or tokens born expired, would cost a refresh per request. */
const REST_MS = 5_000;

/**
 * Refreshes tokens in one flight per session: within the process by sharing a promise, over all processes by a lock.
 * Who waits gets what the winner stored, without asking the provider; a result is stored only while the session
 * lives; and only the provider's clear "no" ends it.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { store, vault, providers, now, storeTimeoutMs, leaseMs } = options;
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
    isResting(tokens, now()) ||
    (tokens.accessToken !== need.rejected && tokens.expiresAt - now() > leastLifeOf(owner, tokens, need));

  const providerOf = (owner: TokenOwner): Provider => {
    const provider = providers.get(owner.provider);
    if (provider) return provider;
    throw new TokenError(`There is no provider "${owner.provider}" any more.`, 'token_unavailable');
  };

  /** What others wrote, when it is not ours to write any more. */
  const readCurrent = async (owner: TokenOwner): Promise<UsableTokens> => ({
    tokens: await open(owner.sessionId, await readSealed(owner)),
  });

  const end = async (owner: TokenOwner, sealed: string, refusal: ProviderError): Promise<UsableTokens> => {
    const ended = await store.endSessionWithTokens(hash(owner.sessionId), sealed);
    // Another process has won meanwhile: what was refused is old, and the session lives.
    if (ended === 'conflict') return readCurrent(owner);
    await options.onRefused(owner, ended.auth, refusal);
    throw new LoginRequiredError('The provider does not renew this login.');
  };

  /** A swap whose outcome is unknown may be repeated, since it recognises itself. Given up, it costs the login. */
  const swap = async (key: string, change: TokenSwap) => {
    const patience = performance.now() + 2 * storeTimeoutMs;
    for (;;) {
      try {
        return await store.swapTokens(key, change);
      } catch (error) {
        if (!(error instanceof StoreError) || performance.now() > patience) throw error;
        await wait(POLL_MS);
      }
    }
  };

  /** Returns the identity's new record. Comes after the tokens are safe: no fault here may cost them. */
  const saveProof = async ({ sessionId }: TokenOwner, sealed: string, proof: VerifiedIdentity) => {
    const key = hash(sessionId);
    const { auth: from } = await store.readSession(key);
    if (from === null) return undefined;
    const auth = { from, to: await options.applyProof(from, proof) };
    const outcome = await store.swapTokens(key, { tokens: { from: sealed, to: sealed }, auth });
    return outcome === 'stored' ? auth.to : undefined;
  };

  const refresh = async (owner: TokenOwner, sealed: string, old: TokenSet): Promise<UsableTokens> => {
    const provider = providerOf(owner);
    const answer = await provider.refresh(old, owner).catch((error: unknown) => {
      if (isFinal(error)) return error;
      throw error;
    });
    if (answer instanceof ProviderError) return end(owner, sealed, answer);
    const { tokens, proof } = answer;
    const to = await vault.seal(owner.sessionId, tokens);
    const outcome = await swap(hash(owner.sessionId), { tokens: { from: sealed, to } });
    if (outcome === 'conflict') return readCurrent(owner);
    if (outcome === 'stored') {
      const auth = proof && (await saveProof(owner, to, proof).catch(() => undefined));
      return { tokens, auth };
    }
    // The session ended while we asked: nobody may have these tokens. Only where another took its place, for the same
    // person, they stay: revoking them may take the new session's with them.
    if (!(await options.livesOn(owner.sessionId))) await provider.revoke(tokens).catch(() => undefined);
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
    const patience = performance.now() + leaseMs + storeTimeoutMs;
    while (performance.now() < patience) {
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
      const usable = tokens.accessToken !== need.rejected && tokens.expiresAt > now();
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
function isFinal(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError)) return false;
  return (
    error.code === 'provider_identity_changed' ||
    (error.code === 'provider_refused' && error.oauthError === 'invalid_grant')
  );
}

/** Whether a refresh has only just brought these tokens. */
function isResting({ renewed, receivedAt }: TokenSet, now: number): boolean {
  return renewed && Math.abs(now - receivedAt) < REST_MS;
}

/** How long an access token must live still, in milliseconds. Of one too short-lived for the need, half its life. */
function leastLifeOf(owner: TokenOwner, tokens: TokenSet, { minValiditySeconds }: TokenNeed): number {
  const lifeMs = tokens.expiresAt - tokens.receivedAt;
  const neededMs = minValiditySeconds * 1000 + jitterOf(owner, lifeMs);
  return neededMs < lifeMs ? neededMs : lifeMs / 2;
}

/** Always the same for a session, and never more than a tenth of a short token's life. */
function jitterOf({ sessionId }: TokenOwner, lifeMs: number): number {
  const share = Buffer.from(hash(sessionId), 'base64url').readUInt32BE(0) / 2 ** 32;
  return share * Math.min(MAX_JITTER_MS, lifeMs / 10);
}

function describeBackOff({ code, message, oauthError, retryAfterSeconds }: ProviderError) {
  const lifeMs = retryAfterSeconds === undefined ? BACK_OFF_MS : Math.max(1000, retryAfterSeconds * 1000);
  return {
    text: JSON.stringify({ code, message, oauthError, retryAfterSeconds }),
    lifeMs: Math.ceil(Math.min(lifeMs, MAX_BACK_OFF_MS)),
  };
}

function readBackOff(note: string, provider: string): ProviderError {
  const { code, message, oauthError, retryAfterSeconds } = JSON.parse(note) as ProviderError;
  return new ProviderError(message, { code, provider, oauthError, retryAfterSeconds });
}
