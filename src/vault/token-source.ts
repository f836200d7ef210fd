import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError, StoreError, TokenError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { VerifiedIdentity } from '../provider/identity-verifier.ts';
import type { Provider } from '../provider/provider.ts';
import { insist } from '../store/insist.ts';
import type { StoredLogin } from '../store/record-format.ts';
import type { HeldLock, SessionLock } from '../store/session-lock.ts';
import { QUIET_MS, type Store, type TokenSwap } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import { createOpenedTokens } from './opened-tokens.ts';
import { describeBackOff, readBackOff } from './refresh-backoff.ts';
import type { TraceRefresh } from './refresh-trace.ts';
import { isFresh, isUsable, type TokenNeed, type TokenOwner } from './token-life.ts';
import type { TokenVault } from './token-vault.ts';

/** Tokens for use now, and the stored login when a refresh brought new claims. */
export interface UsableTokens {
  readonly tokens: TokenSet;
  readonly login?: StoredLogin | undefined;
}

/** What a refresh says of the login: claims where it proved who it is for, and its scopes. */
export type RenewedLogin = Partial<Pick<VerifiedIdentity, 'claims'>> &
  Pick<TokenSet, 'scope' | 'accessToken'>;

/** Gives tokens of a session that lives. */
export interface TokenSource {
  /**
   * Gives tokens whose access token lives as long as is needed, refreshing them first if it does not.
   *
   * @param justRead - sealed, as they have just been read with the session; else they are read now.
   * @throws LoginRequiredError when the session has ended, or the provider will not renew this login.
   * @throws TokenError when there is no such token; ProviderError when the provider fails; StoreError.
   */
  get(owner: TokenOwner, need: TokenNeed, justRead?: Buffer): Promise<UsableTokens>;
  /** The tokens as they are stored, good or not, and sealed as well. @throws LoginRequiredError, TokenError, StoreError. */
  look(owner: TokenOwner): Promise<{ readonly tokens: TokenSet; readonly sealed: Buffer }>;
  /** Comes when no refresh is under way, its answer stored: also one that nobody waits for any more. */
  settle(): Promise<unknown>;
}

/** What it is made of. */
export interface TokenSourceOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly vault: TokenVault;
  readonly lock: SessionLock;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly now: Clock;
  /** How long a request waits for a store that does not take the new tokens, in milliseconds. */
  readonly storePatienceMs: number;
  /** Whether a session lives, under this id or a newer one. */
  readonly hasLiveSession: (sessionId: string) => Promise<boolean>;
  /** Writes what a refresh proved, and the scopes that are granted now, into the text of an identity. */
  readonly updateIdentity: (identity: string, renewed: RenewedLogin) => Promise<string>;
  /**
   * Ends the session that the provider does not renew, if its tokens are still these. `conflict`: another process has
   * won meanwhile.
   */
  readonly endRefused: (
    owner: TokenOwner,
    tokens: Buffer,
    refusal: ProviderError,
  ) => Promise<'ended' | 'conflict'>;
  readonly traceRefresh: TraceRefresh;
  /** Nothing is tried again when this has come. */
  readonly closing?: AbortSignal | undefined;
}

/** How long the answer of a refresh waits, sealed, for a store that is away; as long as nobody else refreshes. */
const KEEP_ANSWER_MS = QUIET_MS;
/** Answers that wait at once. */
const MAX_WAITING_ANSWERS = 1000;

/** Tells those who wait for a refresh, which itself goes on. */
type GiveUp = (fault: StoreError) => void;

/**
 * Refreshes tokens in one flight per session: within the process by sharing a promise, over all processes by a lock.
 * Who waits gets what the winner stored, without asking the provider; a token that still lives is used meanwhile. A
 * result is stored only while the session lives; and only the provider's clear "no" ends it.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { store, keys, vault, lock, providers, now, storePatienceMs } = options;
  const flights = new Map<string, Promise<UsableTokens>>();
  /** Those flights to their very end. */
  const refreshes = new Set<Promise<unknown>>();
  const opened = createOpenedTokens();
  options.closing?.addEventListener('abort', opened.clear);
  let waitingAnswers = 0;

  const keyOf = ({ sessionId, sessionKey }: TokenOwner) => sessionKey ?? keys.sessionKey(sessionId);

  const open = (owner: TokenOwner, sealed: Buffer): TokenSet => {
    const key = keyOf(owner);
    const known = opened.find(key, sealed);
    if (known) return known;
    const tokens = vault.open(owner.sessionId, sealed, key);
    if (!tokens) {
      throw new TokenError('The tokens of this session cannot be opened any more.', 'token_unavailable');
    }
    opened.keep(key, sealed, tokens);
    return tokens;
  };

  const readSealed = (owner: TokenOwner): Promise<Buffer> =>
    store.readTokens(keyOf(owner)).then((sealed) => {
      if (sealed === null) throw new LoginRequiredError('The session has ended.');
      return sealed;
    });

  const providerOf = (owner: TokenOwner): Provider => {
    const provider = providers.get(owner.provider);
    if (provider) return provider;
    throw new TokenError(`There is no provider "${owner.provider}" any more.`, 'token_unavailable');
  };

  /** What others wrote, when it is not ours to write any more. */
  const readCurrent = async (owner: TokenOwner): Promise<UsableTokens> => ({
    tokens: open(owner, await readSealed(owner)),
  });

  const end = async (owner: TokenOwner, sealed: Buffer, refusal: ProviderError): Promise<UsableTokens> => {
    // Another process has won meanwhile: what was refused is old, and the session lives.
    if ((await options.endRefused(owner, sealed, refusal)) === 'conflict') return readCurrent(owner);
    throw new LoginRequiredError('The provider does not renew this login.');
  };

  /**
   * Stores new tokens, for as long as it takes: the old ones are spent, and whoever sent them again would end the
   * session. Those who wait for it are told when it takes long.
   */
  const storeTokens = async (owner: TokenOwner, swap: TokenSwap, giveUp: GiveUp) => {
    const mayWait = waitingAnswers < MAX_WAITING_ANSWERS;
    const timer = setTimeout(
      () => giveUp(new StoreError('The refreshed tokens cannot be stored at this moment.')),
      storePatienceMs,
    );
    waitingAnswers += 1;
    try {
      const patience = AbortSignal.timeout(mayWait ? KEEP_ANSWER_MS : storePatienceMs);
      return await insist(() => store.swapTokens(keyOf(owner), swap), patience, options.closing);
    } finally {
      waitingAnswers -= 1;
      clearTimeout(timer);
    }
  };

  /** Returns the identity's new text. Comes after the tokens are safe: no fault here may cost them. */
  const saveProof = async (
    owner: TokenOwner,
    sealed: Buffer,
    renewed: RenewedLogin,
  ): Promise<StoredLogin | undefined> => {
    const key = keyOf(owner);
    const { login } = await store.readSession(key);
    if (!login) return undefined;
    const identity = { from: login.identity, to: await options.updateIdentity(login.identity, renewed) };
    const outcome = await store.swapTokens(key, { tokens: { from: sealed, to: sealed }, identity });
    return outcome === 'stored' ? { ...login, identity: identity.to } : undefined;
  };

  const refresh = async (
    owner: TokenOwner,
    sealed: Buffer,
    { old, held, giveUp }: { old: TokenSet; held: HeldLock; giveUp: GiveUp },
  ): Promise<UsableTokens> => {
    const provider = providerOf(owner);
    await held.markSent();
    const answer = await provider.refresh(old, owner).catch((error: unknown) => {
      if (isFinal(error)) return error;
      throw error;
    });
    if (answer instanceof ProviderError) return end(owner, sealed, answer);
    const { proof } = answer;
    const to = vault.seal(owner.sessionId, answer.tokens);
    const outcome = await storeTokens(owner, { tokens: { from: sealed, to } }, giveUp);
    if (outcome === 'conflict') return readCurrent(owner);
    if (outcome === 'stored') {
      const { scope, accessToken } = answer.tokens;
      const isNews = proof !== undefined || scope !== old.scope;
      const renewed = { claims: proof?.claims, scope, accessToken };
      const login = isNews ? await saveProof(owner, to, renewed).catch(() => undefined) : undefined;
      return { tokens: answer.tokens, login };
    }
    // The session ended while we asked: nobody may have these tokens. Only where another took its place, for the same
    // person, they stay: revoking them may take the new session's with them.
    const { sessionId } = owner;
    if (!(await options.hasLiveSession(sessionId)))
      await provider.revoke(answer.tokens).catch(() => undefined);
    throw new LoginRequiredError('The session ended during the refresh.');
  };

  /** Under the lock: looks again, since the last owner may have done the work. */
  const refreshUnderLock = async (
    owner: TokenOwner,
    need: TokenNeed,
    { held, giveUp }: { held: HeldLock; giveUp: GiveUp },
  ): Promise<UsableTokens> => {
    try {
      const sealed = await readSealed(owner);
      const old = open(owner, sealed);
      return isFresh(old, need, keyOf(owner), now())
        ? { tokens: old }
        : await options.traceRefresh(owner.provider, () => refresh(owner, sealed, { old, held, giveUp }));
    } catch (error) {
      if (error instanceof ProviderError) held.leaveBackoff(describeBackOff(error));
      throw error;
    }
  };

  const refreshWithLock = (
    owner: TokenOwner,
    { seen, need, giveUp }: { seen: Buffer; need: TokenNeed; giveUp: GiveUp },
  ): Promise<UsableTokens> => {
    const old = open(owner, seen);
    return lock.hold<UsableTokens>(keyOf(owner), {
      work: (held) => refreshUnderLock(owner, need, { held, giveUp }),
      onBackoff: (backoff) => {
        throw readBackOff(backoff, owner.provider);
      },
      whileHeld: async ({ isAbandoned }) => {
        if (isUsable(old, need, now())) return { tokens: old };
        const sealed = await readSealed(owner);
        if (!sealed.equals(seen)) return { tokens: open(owner, sealed) };
        if (!isAbandoned) return undefined;
        throw new ProviderError(
          'Another process sent the refresh of these tokens, and its answer is not known.',
          {
            code: 'provider_unavailable',
            provider: owner.provider,
          },
        );
      },
    });
  };

  const joinRefresh = (owner: TokenOwner, seen: Buffer, need: TokenNeed): Promise<UsableTokens> => {
    const { sessionId } = owner;
    const known = flights.get(sessionId);
    if (known) return known;
    const flight = new Promise<UsableTokens>((resolve, giveUp) => {
      const refreshing = refreshWithLock(owner, { seen, need, giveUp });
      refreshes.add(refreshing);
      refreshing.then(resolve, giveUp).finally(() => {
        flights.delete(sessionId);
        refreshes.delete(refreshing);
      });
    });
    flights.set(sessionId, flight);
    return flight;
  };

  const use = async (owner: TokenOwner, need: TokenNeed, sealed: Buffer): Promise<UsableTokens> => {
    const tokens = open(owner, sealed);
    if (!tokens.accessToken) {
      throw new TokenError('This login brought no access token.', 'token_unavailable');
    }
    if (isFresh(tokens, need, keyOf(owner), now())) return { tokens };
    if (!tokens.refreshToken || !providerOf(owner).definition.capabilities.refresh) {
      if (isUsable(tokens, need, now())) return { tokens };
      throw new TokenError(
        'The access token has ended, and there is nothing to renew it with. Log in again; many providers give one to who asks for the scope offline_access.',
        'token_expired',
      );
    }
    try {
      return await joinRefresh(owner, sealed, need);
    } catch (error) {
      // No fault is a reason to refuse a token that still lives, of a session that was there a moment ago.
      const isPassing = error instanceof ProviderError || error instanceof StoreError;
      if (isPassing && isUsable(tokens, need, now())) return { tokens };
      throw error;
    }
  };

  return {
    settle: () => Promise.allSettled(refreshes),

    look: async (owner) => {
      const sealed = await readSealed(owner);
      return { tokens: open(owner, sealed), sealed };
    },

    get: (owner, need, justRead) =>
      justRead ? use(owner, need, justRead) : readSealed(owner).then((sealed) => use(owner, need, sealed)),
  };
}

/** The provider's clear "no"; every other fault passes. */
function isFinal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.needsLogin;
}
