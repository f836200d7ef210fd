import type { ApplicationKeys } from '../keys.ts';
import type { Store } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import type { Sealer } from './sealer.ts';

/** Keeps each session's tokens, sealed so that only a request with that session's cookie can open them. */
export interface TokenVault {
  /** Seals tokens for the session with this id. Stores nothing: a login writes all its records at once. */
  seal(sessionId: string, tokens: TokenSet): Buffer;
  /**
   * Opens what was read from the store. `undefined`: it cannot be opened any more.
   *
   * @param key - of the session in the store, where the caller knows it.
   */
  open(sessionId: string, sealed: Buffer | undefined, key?: string): TokenSet | undefined;
  /** Reads a session's tokens and opens them. `undefined`: it has none that can be opened. @throws StoreError */
  read(sessionId: string): Promise<TokenSet | undefined>;
  /** Seals a session's tokens anew for the id it is about to get. `undefined`: it has none that can be opened. */
  reseal(sessionId: string, nextSessionId: string): Promise<ResealedTokens | undefined>;
}

/** The same tokens, sealed for one session id and for another. */
export interface ResealedTokens {
  readonly from: Buffer;
  readonly to: Buffer;
}

/** Makes the vault over a store. */
export function createTokenVault({
  store,
  sealer,
  keys,
}: {
  store: Store;
  sealer: Sealer;
  keys: ApplicationKeys;
}): TokenVault {
  const contextOf = (sessionId: string, key = keys.sessionKey(sessionId)) =>
    ({ purpose: 'tokens', record: `t:${key}`, salt: sessionId }) as const;

  const seal: TokenVault['seal'] = (sessionId, tokens) => sealer.seal(tokens, contextOf(sessionId));
  const open: TokenVault['open'] = (sessionId, sealed, key) =>
    sealed && (sealer.open(sealed, contextOf(sessionId, key)) as TokenSet | undefined);

  const read: TokenVault['read'] = async (sessionId) =>
    open(sessionId, (await store.readTokens(keys.sessionKey(sessionId))) ?? undefined);

  return {
    seal,
    open,
    read,
    reseal: async (sessionId, nextSessionId) => {
      const from = (await store.readTokens(keys.sessionKey(sessionId))) ?? undefined;
      const tokens = open(sessionId, from);
      return from && tokens && { from, to: seal(nextSessionId, tokens) };
    },
  };
}
