import type { ApplicationKeys } from '../keys.ts';
import type { Store } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import type { Sealer } from './sealer.ts';

/** Keeps each session's tokens, sealed so that only a request with that session's cookie can open them. */
export interface TokenVault {
  /** Seals tokens for the session with this id. Stores nothing: a login writes all its records at once. */
  seal(sessionId: string, tokens: TokenSet): Buffer;
  /** Opens what was read from the store. `undefined`: it cannot be opened any more. */
  open(sessionId: string, sealed: Buffer | undefined): TokenSet | undefined;
  /** Reads a session's tokens and opens them. `undefined`: it has none that can be opened. @throws StoreError */
  read(sessionId: string): Promise<TokenSet | undefined>;
  /** Seals a session's tokens anew for the id it is about to get. `undefined`: it has none that can be opened. */
  reseal(sessionId: string, nextSessionId: string): Promise<Buffer | undefined>;
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
  const contextOf = (sessionId: string) =>
    ({ purpose: 'tokens', record: `t:${keys.sessionKey(sessionId)}`, salt: sessionId }) as const;

  const seal: TokenVault['seal'] = (sessionId, tokens) => sealer.seal(tokens, contextOf(sessionId));
  const open: TokenVault['open'] = (sessionId, sealed) =>
    sealed && (sealer.open(sealed, contextOf(sessionId)) as TokenSet | undefined);

  const read: TokenVault['read'] = async (sessionId) =>
    open(sessionId, (await store.readTokens(keys.sessionKey(sessionId))) ?? undefined);

  return {
    seal,
    open,
    read,
    reseal: async (sessionId, nextSessionId) => {
      const tokens = await read(sessionId);
      return tokens && seal(nextSessionId, tokens);
    },
  };
}
