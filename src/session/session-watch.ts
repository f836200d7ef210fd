/** Tells long answers (server-sent events, WebSockets) when their session has ended. */
export interface SessionWatch {
  /** Calls `onEnd` once, soon after the session has ended in any process. Returns a way out. */
  watch(key: string, onEnd: () => void): () => void;
  /** Stops looking. */
  close(): void;
}

export interface SessionWatchOptions {
  /** Under which key a session lives now: it may have been given a new id. `undefined`: it has ended. */
  readonly findLiving: (key: string) => Promise<string | undefined>;
  /** Between two looks at all of them. */
  readonly intervalMs: number;
  /** Told what a callback threw. */
  readonly reportError: (error: unknown) => Promise<void>;
}

/** Looks under way at once. */
const BATCH = 100;

/** One look per session and interval, however many watch it; no timer while nobody does. */
export function createSessionWatch({
  findLiving,
  intervalMs,
  reportError,
}: SessionWatchOptions): SessionWatch {
  const watchers = new Map<symbol, { key: string; onEnd: () => void }>();
  let timer: NodeJS.Timeout | undefined;

  const lookAt = async (key: string) => {
    // A store that fails says nothing about the session.
    const living = await findLiving(key).catch(() => key);
    for (const [name, watcher] of watchers) {
      if (watcher.key !== key || living === key) continue;
      if (living !== undefined) {
        watcher.key = living;
        continue;
      }
      watchers.delete(name);
      try {
        watcher.onEnd();
      } catch (error) {
        reportError(error).catch(() => undefined);
      }
    }
  };
  const look = async () => {
    const keys = [...new Set([...watchers.values()].map(({ key }) => key))];
    while (keys.length > 0) await Promise.all(keys.splice(0, BATCH).map(lookAt));
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
    watch: (key, onEnd) => {
      const name = Symbol('watcher');
      watchers.set(name, { key, onEnd });
      if (!timer) schedule();
      return () => {
        watchers.delete(name);
      };
    },
    close: () => {
      clearTimeout(timer);
      watchers.clear();
    },
  };
}
