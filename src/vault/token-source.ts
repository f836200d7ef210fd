import { ConfigurationError, LoginRequiredError, ProviderError, StoreError, TokenError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { Provider } from '../provider/provider.ts';
import type { HeldLock, SessionLock } from '../store/session-lock.ts';
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
import {
  createTokenRenewal,
  type GiveUp,
  lostAnswer,
  type TokenRenewalOptions,
  type UsableTokens,
} from './token-renewal.ts';

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
export interface TokenSourceOptions extends TokenRenewalOptions {
  readonly keys: ApplicationKeys;
  readonly lock: SessionLock;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly traceRefresh: TraceRefresh;
}

/** How long a token must live still that is about to be exchanged. */
const EXCHANGE_VALIDITY_SECONDS = 10;

/**
 * Refreshes tokens in one flight per session: within the process by sharing a promise, over all processes by a lock.
 * Who waits gets what the winner stored, without asking the provider; a token that still lives is used meanwhile. A
 * result is stored only while the session lives; and only the provider's clear "no" ends it.
 */
export function createTokenSource(options: TokenSourceOptions): TokenSource {
  const { store, keys, vault, lock, providers, now } = options;
  const flights = new Map<string, Promise<UsableTokens>>();
  /** Those flights to their very end. */
  const refreshes = new Set<Promise<unknown>>();
  const opened = createOpenedTokens();
  options.closing?.addEventListener('abort', opened.clear);

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

  const look: TokenSource['look'] = async (owner) => {
    const sealed = await readSealed(owner);
    return { tokens: open(owner, sealed), sealed };
  };

  const { refresh, exchange } = createTokenRenewal(options, { keyOf, providerOf, readCurrent, look });

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
    if (tokens) checkAccessToken(tokens);
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
      const renewed = await joinRefresh(owner, sealed, need);
      checkAccessToken(renewed.tokens);
      return renewed;
    } catch (error) {
      // No fault is a reason to refuse a token that still lives, of a session that was there a moment ago.
      const isPassing = error instanceof ProviderError || error instanceof StoreError;
      if (isPassing && tokens && isUsable(tokens, need, now())) return { tokens };
      throw error;
    }
  };

  return {
    settle: () => Promise.allSettled(refreshes),

    look,

    get: (owner, need, justRead) =>
      justRead ? use(owner, need, justRead) : readSealed(owner).then((sealed) => use(owner, need, sealed)),
  };
}

/** A login may bring an ID token alone, and so may a refresh. @throws TokenError */
function checkAccessToken({ accessToken }: TokenSet): void {
  if (!accessToken) throw new TokenError('This login brought no access token.', 'token_unavailable');
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
