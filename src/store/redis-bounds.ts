import { errorMonitor } from 'node:events';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Clock } from '../clock.ts';
import { ConnectAuthError, StoreError } from '../errors.ts';
import { describeRedisAddress } from './redis-address.ts';
import { createRedisCircuit } from './redis-circuit.ts';
import type { RedisConnection } from './redis-client.ts';
import { createDeadline } from './redis-deadline.ts';
import { isRedisReply, nameRedisFault } from './redis-fault.ts';

/** How operations on Redis are run: each bounded in time, its faults named as `StoreError`. */
export interface RedisBounds {
  /** Runs an operation that asks Redis something. What is asked goes out in any case. */
  bounded<Value>(operation: () => Promise<Value>): Promise<Value>;
  /**
   * The same for what every request asks: refused at once while the circuit is open. It is never open on a cluster, one
   * node of which says nothing of the others.
   */
  guarded<Value>(operation: () => Promise<Value>): Promise<Value>;
  /** Lets go of the client. */
  stop(): void;
}

/** What they are made of. */
export interface RedisBoundsOptions {
  readonly connection: RedisConnection;
  /** Bound of one operation, in milliseconds. */
  readonly timeoutMs: number;
  readonly monotonic: Clock;
}

/** Makes them for one client, whose errors they listen to. */
export function createRedisBounds({ connection, timeoutMs, monotonic }: RedisBoundsOptions): RedisBounds {
  const { client, ours } = connection;
  const where = describeRedisAddress(client);
  const usesTls = Boolean((client.options as RedisOptions | undefined)?.tls);
  const runWithDeadline = createDeadline({ timeoutMs, monotonic });

  let connectionError: unknown;
  const keepError = (error: unknown) => {
    connectionError = error;
  };
  // A monitor is no listener: whether an application hears of its client's errors stays as it was.
  client.on(errorMonitor, keepError);

  const nameFault = (error: unknown, more = '') => {
    const { status } = client;
    const { message, cause } = nameRedisFault({ where, error, connectionError, timeoutMs, usesTls, status });
    return new StoreError(message + (isUntold(error) ? HOW_TO_HEAR : '') + more, { cause });
  };
  const isUntold = (error: unknown) =>
    !ours &&
    client.status !== 'ready' &&
    !isRedisReply(error) &&
    connectionError === undefined &&
    client.listenerCount('error') === 0;

  const noteReply = () => {
    connectionError = undefined;
    circuit.noteReply();
  };
  const toStoreError = (error: unknown) => {
    if (isRedisReply(error)) circuit.noteReply();
    return error instanceof ConnectAuthError ? error : nameFault(error);
  };
  const run = <Value>(operation: () => Promise<Value>, onSilence: () => void): Promise<Value> => {
    const before = circuit.replies;
    return runWithDeadline(operation, {
      onValue: noteReply,
      toError: toStoreError,
      expire: () => {
        if (circuit.replies === before) onSilence();
        return nameFault(undefined);
      },
    });
  };

  const reconnect = () => {
    if (ours) reconnectSilent(client);
  };
  const circuit = createRedisCircuit({
    ping: () => run(() => client.ping(), reconnect),
    onOpen: reconnect,
  });
  const bounded: RedisBounds['bounded'] = (operation) =>
    run(operation, () => {
      if (!client.isCluster) circuit.noteSilence();
    });

  return {
    bounded,
    guarded: (operation) =>
      circuit.isOpen ? Promise.reject(nameFault(undefined, UNASKED)) : bounded(operation),
    stop: () => {
      circuit.stop();
      client.off(errorMonitor, keepError);
    },
  };
}

const HOW_TO_HEAR = " Listen to 'error' of the client: it says why.";
const UNASKED = ' Until it answers, it is asked in the background only.';

/**
 * A connection whose other end has vanished without a word would stay for a quarter of an hour: nothing tells TCP. One
 * that is being established has bounds of its own, and takes several replies to be ready.
 */
function reconnectSilent(client: Redis | Cluster): void {
  if (client.status === 'ready') client.disconnect(true);
}
