import { ConfigurationError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { createRedisStore } from '../store/redis-store.ts';
import type { Store } from '../store/store.ts';
import { isProduction } from './is-production.ts';

/**
 * Makes the store that the options ask for; in development, without any, the memory of this process, with a warning.
 *
 * @throws ConfigurationError in production, where sessions in memory must be asked for by name.
 */
export function createStore(options: ResolvedOptions): Store {
  const redis = options.redis();
  if (redis !== undefined && redis !== 'memory') {
    const { redisPrefix: prefix, storeTimeoutMs: timeoutMs, clocks } = options;
    const { monotonic, store: now } = clocks;
    return createRedisStore({ redis, prefix, timeoutMs, monotonic, now });
  }
  if (redis === undefined) {
    if (isProduction()) {
      throw new ConfigurationError(
        "redis is missing: in production sessions must outlive this process. To keep them in memory all the same, write redis: 'memory'.",
      );
    }
    process.emitWarning('Sessions are kept in the memory of this process, for development only. Set redis.', {
      type: 'ConnectAuthWarning',
      code: 'CONNECT_AUTH_MEMORY_STORE',
    });
  }
  return createMemoryStore({ now: options.clocks.store ?? options.clocks.now });
}

/** Says whether sessions live and die with this process. */
export function isInMemory({ redis }: ResolvedOptions): boolean {
  return redis() === undefined || redis() === 'memory';
}
