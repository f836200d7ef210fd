import { errorMonitor } from 'node:events';
import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { Clock } from '../clock.ts';
import { ConnectAuthError, StoreError } from '../errors.ts';
import { describeRedisAddress } from './redis-address.ts';
import { createRedisCircuit } from './redis-circuit.ts';
import type { RedisConnection } from './redis-client.ts';
import { createDeadline } from './redis-deadline.ts';
import { isRedisReply, nameRedisFault } from './redis-fault.ts';
import { reviveEnded } from './redis-revival.ts';

/** How operations on Redis are run: each bounded in time, its faults named as `StoreError`. */
export interface RedisBounds {
  /**
   * Runs an operation that asks Redis something. What is asked goes out in any case.
   *
   * @param onRefusal - told what Redis itself said, before the promise is rejected.
   */
  bounded<Value>(operation: () => Promise<Value>, onRefusal?: (reply: Error) => void): Promise<Value>;
  /**
   * The same for what every request asks: refused at once while the circuit is open. It is never open on a cluster, one
   * node of which says nothing of the others.
   */
  guarded: RedisBounds['bounded'];
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
  const stopWatching = watchUnsaidClose(client, () => {
    // Without a listener the client tells nobody of its errors, and this may have been any.
    if (client.listenerCount('error') > 0) connectionError ??= CLOSED_UNSAID;
  });

  const stopReviving = ours ? reviveEnded(client) : () => undefined;

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
  const run = <Value>(
    operation: () => Promise<Value>,
    { onSilence, onRefusal }: { onSilence: () => void; onRefusal?: ((reply: Error) => void) | undefined },
  ): Promise<Value> => {
    const before = circuit.replies;
    return runWithDeadline(operation, {
      onValue: noteReply,
      toError: (error) => {
        if (isRedisReply(error)) {
          circuit.noteReply();
          onRefusal?.(error);
        }
        return error instanceof ConnectAuthError ? error : nameFault(error);
      },
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
    ping: () => run(() => client.ping(), { onSilence: reconnect }),
    onOpen: reconnect,
  });
  const noteSilence = () => {
    if (!client.isCluster) circuit.noteSilence();
  };
  const bounded: RedisBounds['bounded'] = (operation, onRefusal) =>
    run(operation, { onSilence: noteSilence, onRefusal });

  return {
    bounded,
    guarded: (operation, onRefusal) =>
      circuit.isOpen ? Promise.reject(nameFault(undefined, UNASKED)) : bounded(operation, onRefusal),
    stop: () => {
      circuit.stop();
      client.off(errorMonitor, keepError);
      stopWatching();
      stopReviving();
    },
  };
}

const HOW_TO_HEAR = " Listen to 'error' of the client: it says why.";
const UNASKED = ' Until it answers, it is asked in the background only.';

/** What the client would have said of a connection that was closed before it could be used, named as the system does. */
const CLOSED_UNSAID = Object.assign(new Error('closed before it was ready'), { code: 'ECONNRESET' });

/**
 * Hears of connections that end before they are ready. The client is silent about them when the close overtakes the
 * reply to its greeting, as with a Redis that has no room for one more client. Returns how to stop.
 */
function watchUnsaidClose(client: Redis | Cluster, onClose: () => void): () => void {
  let wasReady = client.status === 'ready';
  const noteReady = () => {
    wasReady = true;
  };
  const noteClose = () => {
    if (!wasReady && !client.isCluster) onClose();
    wasReady = false;
  };
  client.on('ready', noteReady).on('close', noteClose);
  return () => {
    client.off('ready', noteReady).off('close', noteClose);
  };
}

/**
 * A connection whose other end has vanished without a word would stay for a quarter of an hour: nothing tells TCP. One
 * that is being established has bounds of its own, and takes several replies to be ready.
 */
function reconnectSilent(client: Redis | Cluster): void {
  if (client.status === 'ready') client.disconnect(true);
}
