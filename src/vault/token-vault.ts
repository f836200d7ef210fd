import { hash } from '../keys.ts';
import type { Store } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import type { Sealer } from './sealer.ts';

/** Keeps each session's tokens, sealed so that only a request with that session's cookie can open them. */
export interface TokenVault {
  /** Seals tokens for the session with this id. Stores nothing: a login writes all its records at once. */
  seal(sessionId: string, tokens: TokenSet): Promise<string>;
  /** Opens what was read from the store. `undefined`: it cannot be opened any more. */
  open(sessionId: string, sealed: string): Promise<TokenSet | undefined>;
  /** `undefined`: the session has none, or they cannot be opened any more. */
  read(sessionId: string): Promise<TokenSet | undefined>;
  /** Seals a session's tokens anew for the id it is about to get. */
  reseal(sessionId: string, nextSessionId: string): Promise<string | undefined>;
}

export function createTokenVault({ store, sealer }: { store: Store; sealer: Sealer }): TokenVault {
  const contextOf = (sessionId: string) =>
    ({ purpose: 'tokens', record: `tok:${hash(sessionId)}`, salt: sessionId }) as const;

  const seal = (sessionId: string, tokens: TokenSet) => sealer.seal(tokens, contextOf(sessionId));
  const open = async (sessionId: string, sealed: string) =>
    (await sealer.open(sealed, contextOf(sessionId))) as TokenSet | undefined;
  const read = async (sessionId: string) => {
    const sealed = await store.readTokens(hash(sessionId));
    return sealed === null ? undefined : open(sessionId, sealed);
  };

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
