import { createDiagnostics } from '../diagnostics.ts';
import { ConfigurationError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import { createRedisStore } from '../store/redis-store.ts';
import type { Store } from '../store/store.ts';
import { isProduction } from './is-production.ts';
import { observeStore } from './observed-store.ts';
import { locateRedis } from './redis-location.ts';

/**
 * Makes the store that the options ask for; in development, without any, the memory of this process, with a warning.
 *
 * @throws ConfigurationError in production, where sessions in memory must be asked for by name.
 */
export function createStore(options: ResolvedOptions): Store {
  const redis = options.redis();
  const { storeTimeoutMs: timeoutMs, clocks } = options;
  const { monotonic } = clocks;
  const observed = { timeoutMs, monotonic, diagnostics: createDiagnostics({ monotonic }) };
  if (redis !== undefined && redis !== 'memory') {
    const { redisPrefix: prefix } = options;
    const store = createRedisStore({ redis, prefix, timeoutMs, monotonic, now: clocks.store });
    return observeStore(store, { ...observed, store: 'redis', ...locateRedis(redis) });
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
  const store = createMemoryStore({ now: clocks.store ?? clocks.now });
  return observeStore(store, { ...observed, store: 'memory' });
}

/** Says whether sessions live and die with this process. */
export function isInMemory({ redis }: ResolvedOptions): boolean {
  return redis() === undefined || redis() === 'memory';
}
