import type { ApplicationKeys } from '../keys.ts';

/** Tells long answers (server-sent events, WebSockets) when their session has ended. */
export interface SessionWatch {
  /**
   * Calls `onEnd` once, soon after the session has ended in any process; `undefined` stands for one that has ended
   * already. Returns a function that stops it.
   */
  watch(sessionId: string | undefined, onEnd: () => void): () => void;
  /** Whether nobody watches. */
  isIdle(): boolean;
  /** Calls back all that watch, and looks no more: who holds an answer open shall end it. */
  close(): void;
}

/** What it is made of. */
export interface SessionWatchOptions {
  readonly keys: ApplicationKeys;
  /** Under which key a session lives now: it may have been given a new id. `undefined`: it has ended. */
  readonly findLiveKey: (key: string) => Promise<string | undefined>;
  /** Between two looks at all of them. */
  readonly intervalMs: number;
  /** Told what a callback threw. */
  readonly reportError: (error: unknown) => Promise<void>;
}

/** Looks under way at once. */
const BATCH = 100;

/** One look per session and interval, however many watch it; no timer while nobody does. */
export function createSessionWatch({
  keys,
  findLiveKey,
  intervalMs,
  reportError,
}: SessionWatchOptions): SessionWatch {
  const watchers = new Map<symbol, { key: string | undefined; onEnd: () => void }>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const tell = (name: symbol) => {
    const watcher = watchers.get(name);
    if (!watchers.delete(name)) return;
    Promise.resolve()
      .then(watcher?.onEnd)
      .catch(reportError)
      .catch(() => undefined);
  };
  const lookAt = async ([key, names]: [string, symbol[]]) => {
    // A store that fails says nothing about the session.
    const live = await findLiveKey(key).catch(() => key);
    for (const name of names) {
      const watcher = watchers.get(name);
      if (live === undefined) tell(name);
      else if (watcher) watcher.key = live;
    }
  };
  const look = async () => {
    const byKey = new Map<string, symbol[]>();
    for (const [name, { key }] of watchers) {
      if (key === undefined) continue;
      const names = byKey.get(key);
      if (names) names.push(name);
      else byKey.set(key, [name]);
    }
    const sessions = [...byKey];
    while (sessions.length > 0) await Promise.all(sessions.splice(0, BATCH).map(lookAt));
    schedule();
  };
  const schedule = () => {
    if (watchers.size === 0) {
      timer = undefined;
      return;
    }
    timer = setTimeout(() => void look(), intervalMs);
    // A stream that waits keeps the process alive by itself.
    timer.unref();
  };

  return {
    watch: (sessionId, onEnd) => {
      const key = sessionId === undefined ? undefined : keys.sessionKey(sessionId);
      const name = Symbol('watcher');
      watchers.set(name, { key, onEnd });
      // Before a response that ends at once has closed.
      if (key === undefined || isClosed) process.nextTick(() => tell(name));
      else if (!timer) schedule();
      return () => {
        watchers.delete(name);
      };
    },
    isIdle: () => watchers.size === 0,
    close: () => {
      isClosed = true;
      clearTimeout(timer);
      for (const name of watchers.keys()) tell(name);
    },
  };
}
