/** Tells long answers (server-sent events, WebSockets) when their session has ended. */
export interface SessionWatch {
  /** Calls `onEnd` once, at the latest one interval after the session has ended in any process. Returns a way out. */
  watch(id: string, onEnd: () => void): () => void;
  /** Stops looking. */
  close(): void;
}

export interface SessionWatchOptions {
  /** Whether a session lives, and under which id: it may have been given a new one. */
  readonly findLiving: (id: string) => Promise<string | undefined>;
  readonly intervalMs: number;
}

/** One look per session and interval, however many watch it; no timer while nobody does. */
export function createSessionWatch({ findLiving, intervalMs }: SessionWatchOptions): SessionWatch {
  const watchers = new Map<symbol, { id: string; onEnd: () => void }>();
  let timer: NodeJS.Timeout | undefined;

  const look = async () => {
    const ids = new Set([...watchers.values()].map(({ id }) => id));
    for (const id of ids) {
      // A store that fails says nothing about the session.
      const living = await findLiving(id).catch(() => id);
      for (const [name, watcher] of watchers) {
        if (watcher.id !== id || living === id) continue;
        if (living !== undefined) {
          watcher.id = living;
        } else {
          watchers.delete(name);
          watcher.onEnd();
        }
      }
    }
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
    watch: (id, onEnd) => {
      const name = Symbol('watcher');
      watchers.set(name, { id, onEnd });
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
