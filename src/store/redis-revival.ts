import type { Cluster, Redis } from 'ioredis';

/** As long as the first wait of a reconnection. */
const REVIVE_MS = 50;

/**
 * Connects a client of ours again that has ended by itself. It does when Sentinel tells of a failover while it is looking
 * for the primary: it takes that for its application's wish, and would never connect again. Returns how to stop.
 */
export function reviveEnded(client: Redis | Cluster): () => void {
  let timer: NodeJS.Timeout | undefined;
  const revive = () => {
    timer = setTimeout(() => void client.connect().catch(() => undefined), REVIVE_MS);
    timer.unref();
  };
  client.on('end', revive);
  return () => {
    clearTimeout(timer);
    client.off('end', revive);
  };
}
