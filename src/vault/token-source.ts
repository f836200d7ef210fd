import type { Clock } from '../clock.ts';
import { ConfigurationError, LoginRequiredError, ProviderError, StoreError, TokenError } from '../errors.ts';
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
import {
  isFresh,
  isOther,
  isUsable,
  nameNeed,
  selectTokens,
  type TokenNeed,
  type TokenOwner,
} from './token-life.ts';
import type { TokenVault } from './token-vault.ts';

/** Tokens for use now, and the stored login when a refresh brought new claims. */
export interface UsableTokens {
  readonly tokens: TokenSet;
  readonly login?: StoredLogin | undefined;
}

/** What a refresh says of the login: claims where it proved who it is for, and its scopes. */
export type RenewedLogin = Partial<Pick<VerifiedIdentity, 'claims'>> &
  Pick<TokenSet, 'scope' | 'accessToken' | 'dpopKey'>;

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

/** How long a token must live still that is about to be exchanged. */
const EXCHANGE_VALIDITY_SECONDS = 10;

/** Tells those who wait for a refresh, which itself goes on. */
type GiveUp = (fault: StoreError) => void;

/** One refresh under the lock. */
interface RefreshWork {
  readonly old: TokenSet;
  readonly need: TokenNeed;
  readonly held: HeldLock;
  readonly giveUp: GiveUp;
}

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
  const readCurrent = async (owner: TokenOwner, need: TokenNeed): Promise<UsableTokens> => {
    const tokens = selectTokens(open(owner, await readSealed(owner)), need);
    if (tokens) return { tokens };
    throw lostAnswer(owner, 'Another process refreshed these tokens meanwhile, for something else.');
  };

  const end = async (
    owner: TokenOwner,
    { sealed, refusal, need }: { sealed: Buffer; refusal: ProviderError; need: TokenNeed },
  ): Promise<UsableTokens> => {
    // Another process has won meanwhile: what was refused is old, and the session lives.
    if ((await options.endRefused(owner, sealed, refusal)) === 'conflict') return readCurrent(owner, need);
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

  const refresh = async (owner: TokenOwner, sealed: Buffer, work: RefreshWork): Promise<UsableTokens> => {
    const { old, need, held, giveUp } = work;
    const { resource } = need;
    const provider = providerOf(owner);
    await held.markSent();
    const answer = await provider.refresh(old, owner, { resource }).catch((error: unknown) => {
      if (isFinal(error)) return error;
      throw error;
    });
    if (answer instanceof ProviderError) {
      if (resource === undefined || answer.code !== 'provider_refused')
        return end(owner, { sealed, refusal: answer, need });
      // It may be the resource alone that was refused: what the login itself is worth says its own refresh.
      await refresh(owner, sealed, { ...work, need: { ...need, resource: undefined } });
      throw answer;
    }
    const { proof } = answer;
    const to = vault.seal(owner.sessionId, answer.tokens);
    const outcome = await storeTokens(owner, { tokens: { from: sealed, to } }, giveUp);
    if (outcome === 'conflict') return readCurrent(owner, need);
    if (outcome === 'stored') {
      const { scope, accessToken, dpopKey } = answer.tokens;
      const isNews = proof !== undefined || scope !== old.scope;
      const renewed = { claims: proof?.claims, scope, accessToken, dpopKey };
      const login = isNews ? await saveProof(owner, to, renewed).catch(() => undefined) : undefined;
      return { tokens: selectTokens(answer.tokens, need)!, login };
    }
    // The session ended while we asked: nobody may have these tokens. Only where another took its place, for the same
    // person, they stay: revoking them may take the new session's with them.
    const { sessionId } = owner;
    if (!(await options.hasLiveSession(sessionId)))
      await provider.revoke(answer.tokens).catch(() => undefined);
    throw new LoginRequiredError('The session ended during the refresh.');
  };

  /** Spends nothing: where the answer cannot be kept, it is good all the same. */
  const exchange = async (owner: TokenOwner, sealed: Buffer, work: RefreshWork): Promise<UsableTokens> => {
    const { old, need, giveUp } = work;
    const tokens = await providerOf(owner).exchange(old, { name: nameNeed(need)!, exchange: need.exchange! });
    const to = vault.seal(owner.sessionId, tokens);
    const outcome = await storeTokens(owner, { tokens: { from: sealed, to } }, giveUp);
    if (outcome === 'stored' || outcome === 'conflict') return { tokens: selectTokens(tokens, need)! };
    throw new LoginRequiredError('The session ended during the exchange.');
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
      const known = selectTokens(old, need);
      if (known && isFresh(known, need, keyOf(owner), now())) return { tokens: known };
      const work = { old, need, held, giveUp };
      if (need.exchange) return await exchange(owner, sealed, work);
      return await options.traceRefresh(owner.provider, () => refresh(owner, sealed, work));
    } catch (error) {
      if (error instanceof ProviderError) held.leaveBackoff(describeBackOff(error, nameNeed(need)));
      throw error;
    }
  };

  const refreshWithLock = (
    owner: TokenOwner,
    { seen, need, giveUp }: { seen: Buffer; need: TokenNeed; giveUp: GiveUp },
  ): Promise<UsableTokens> => {
    const old = selectTokens(open(owner, seen), need);
    const { provider } = owner;
    return lock.hold<UsableTokens>(keyOf(owner), {
      work: (held) => refreshUnderLock(owner, need, { held, giveUp }),
      onBackoff: (backoff) => {
        const fault = readBackOff(backoff, { provider, need: nameNeed(need) });
        if (fault) throw fault;
      },
      whileHeld: async ({ isAbandoned }) => {
        if (old && isUsable(old, need, now())) return { tokens: old };
        const sealed = await readSealed(owner);
        const tokens = sealed.equals(seen) ? undefined : selectTokens(open(owner, sealed), need);
        if (tokens && isOther(tokens, old)) return { tokens };
        if (!isAbandoned) return undefined;
        throw lostAnswer(
          owner,
          'Another process sent the refresh of these tokens, and its answer is not known.',
        );
      },
    });
  };

  const joinRefresh = (owner: TokenOwner, seen: Buffer, need: TokenNeed): Promise<UsableTokens> => {
    const name = `${owner.sessionId}\n${nameNeed(need) ?? ''}`;
    const known = flights.get(name);
    if (known) return known;
    const flight = new Promise<UsableTokens>((resolve, giveUp) => {
      const refreshing = refreshWithLock(owner, { seen, need, giveUp });
      refreshes.add(refreshing);
      refreshing.then(resolve, giveUp).finally(() => {
        flights.delete(name);
        refreshes.delete(refreshing);
      });
    });
    flights.set(name, flight);
    return flight;
  };

  const use = async (owner: TokenOwner, wish: TokenNeed, sealed: Buffer): Promise<UsableTokens> => {
    const all = open(owner, sealed);
    const need = {
      ...wish,
      resource: wish.resource === undefined ? undefined : otherThanOwn(wish.resource, providerOf(owner)),
    };
    const tokens = selectTokens(all, need);
    if (tokens && !tokens.accessToken) {
      throw new TokenError('This login brought no access token.', 'token_unavailable');
    }
    if (tokens && isFresh(tokens, need, keyOf(owner), now())) return { tokens };
    if (need.exchange) {
      // It is made of the login's own, which must live.
      await use(owner, { minValiditySeconds: EXCHANGE_VALIDITY_SECONDS }, sealed);
    } else if (!all.refreshToken || !providerOf(owner).definition.capabilities.refresh) {
      if (tokens && isUsable(tokens, need, now())) return { tokens };
      if (need.resource !== undefined)
        throw new TokenError(
          'There is no refresh token to get an access token for this resource with. Many providers give one to who asks for the scope offline_access.',
          'token_unavailable',
        );
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
      if (isPassing && tokens && isUsable(tokens, need, now())) return { tokens };
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

/**
 * The first resource of the options is what the login's own token is for. One that no login has named is asked of nobody:
 * some providers take the refresh token for spent when they refuse.
 */
function otherThanOwn(resource: string, provider: Provider): string | undefined {
  const [own, ...others] = provider.definition.resource ?? [];
  if (resource === own) return undefined;
  if (others.includes(resource)) return resource;
  throw new ConfigurationError(
    `A token for ${JSON.stringify(resource)} was asked for, which is not in the option resource of the provider. List it there, so that each login asks for it.`,
  );
}

/** What is sent cannot be sent again, and what came of it nobody here knows. */
function lostAnswer({ provider }: TokenOwner, message: string): ProviderError {
  return new ProviderError(message, { code: 'provider_unavailable', provider });
}

/** The provider's clear "no"; every other fault passes. */
function isFinal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.needsLogin;
}
