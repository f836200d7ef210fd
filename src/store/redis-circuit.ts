/** Whether Redis is worth being asked for what is asked with every request. */
export interface RedisCircuit {
  /** Open: nothing has come from Redis for a whole bound, and nothing since. */
  readonly isOpen: boolean;
  /** How many replies have come so far. Who finds the same number after a whole bound has met silence. */
  readonly replies: number;
  /** A reply came, be it an error: Redis lives, and the circuit closes. */
  noteReply(): void;
  /** Not one reply came for a whole bound while somebody waited: the circuit opens. */
  noteSilence(): void;
  /** Stops asking, for good. */
  stop(): void;
}

/** What it is made of. */
export interface RedisCircuitOptions {
  /** Sends a PING. Settles in any case; a reply to it is noted before. */
  readonly ping: () => Promise<unknown>;
  /** Called when the circuit opens. */
  readonly onOpen: () => void;
}

/** So long after a PING that failed the next one goes out, in milliseconds. */
const PING_REST_MS = 100;

/**
 * While it is open, a PING is under way or about to be, whether anybody asks or not: so the first who comes after a quiet
 * hour is not refused for what was then.
 *
 * It counts replies and no failures: many requests that fail in one short pause of Redis are no reason to refuse more.
 */
export function createRedisCircuit({ ping, onOpen }: RedisCircuitOptions): RedisCircuit {
  let isOpen = false;
  let isStopped = false;
  let replies = 0;
  let timer: NodeJS.Timeout | undefined;

  const probe = () => {
    const rest = () => {
      if (isOpen) timer = setTimeout(probe, PING_REST_MS).unref();
    };
    ping().then(rest, rest);
  };
  const close = () => {
    isOpen = false;
    clearTimeout(timer);
  };

  return {
    get isOpen() {
      return isOpen;
    },
    get replies() {
      return replies;
    },
    noteReply: () => {
      replies += 1;
      if (isOpen) close();
    },
    noteSilence: () => {
      if (isOpen || isStopped) return;
      isOpen = true;
      onOpen();
      probe();
    },
    stop: () => {
      isStopped = true;
      close();
    },
  };
}
