import type { ApplicationKeys } from '../keys.ts';

/** Names of sessions that may be shown to people: to name one opens nothing. */
export interface SessionHandles {
  /** The handle of the session under this key: the key, and what shows that it is one of this application. */
  of(key: string): string;
  /** The key in a handle; `undefined`: it is none of ours. An application may hand on what a browser sent. */
  read(handle: unknown): string | undefined;
}

const HANDLE = /^[\w-]{51}$/;
const KEY_LENGTH = 43;

/** The handles of one application. */
export function createSessionHandles(keys: ApplicationKeys): SessionHandles {
  const of = (key: string) => key + keys.name('handle', key).slice(0, 8);

  return {
    of,
    read: (handle) => {
      if (typeof handle !== 'string' || !HANDLE.test(handle)) return undefined;
      const key = handle.slice(0, KEY_LENGTH);
      return handle === of(key) ? key : undefined;
    },
  };
}
