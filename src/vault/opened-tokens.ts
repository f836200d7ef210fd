import type { TokenSet } from '../tokens.ts';

/** Tokens that were opened a moment ago: to open them is the dearest part of a request that uses them. */
export interface OpenedTokens {
  /** Those of the session under this key, if they were sealed as these bytes, which have just been read from the store. */
  find(key: string, sealed: Buffer): TokenSet | undefined;
  /** Keeps them, half a minute to a minute. */
  keep(key: string, sealed: Buffer, tokens: TokenSet): void;
  clear(): void;
}

/** Sessions of one generation; some 6 KB each. */
const MAX_SESSIONS = 1000;
const GENERATION_MS = 30_000;

interface Opened {
  readonly sealed: Buffer;
  readonly tokens: TokenSet;
}

/**
 * Keeps them in two generations, the older of which is dropped every half a minute, or when the younger is full.
 *
 * Nobody gets tokens by it who has not just read the same sealed bytes from the store, under a key that is the hash of the
 * session id: an end, a refresh or a change of id in any process leaves it without effect.
 */
export function createOpenedTokens(): OpenedTokens {
  let young = new Map<string, Opened>();
  let old = new Map<string, Opened>();
  let timer: NodeJS.Timeout | undefined;

  const age = () => {
    clearTimeout(timer);
    old = young;
    young = new Map();
    timer = old.size > 0 ? setTimeout(age, GENERATION_MS).unref() : undefined;
  };

  return {
    find: (key, sealed) => {
      const known = young.get(key) ?? old.get(key);
      return known?.sealed.equals(sealed) ? known.tokens : undefined;
    },
    keep: (key, sealed, tokens) => {
      if (young.size >= MAX_SESSIONS) age();
      timer ??= setTimeout(age, GENERATION_MS).unref();
      // A copy: what was read is a part of all that came from Redis at once.
      young.set(key, { sealed: Buffer.from(sealed), tokens });
    },
    clear: () => {
      clearTimeout(timer);
      timer = undefined;
      young.clear();
      old.clear();
    },
  };
}
