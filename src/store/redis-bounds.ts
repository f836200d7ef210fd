import type { Clock } from '../clock.ts';
import { ConnectAuthError, StoreError } from '../errors.ts';
import { createRedisCircuit } from './redis-circuit.ts';
import { createDeadline } from './redis-deadline.ts';
import { isRedisReply, nameRedisFault } from './redis-fault.ts';
import type { RedisPort } from './redis-port.ts';

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
  readonly port: RedisPort;
  /** Bound of one operation, in milliseconds. */
  readonly timeoutMs: number;
  readonly monotonic: Clock;
}

/** Makes them for one client, whose errors they listen to. */
export function createRedisBounds({ port, timeoutMs, monotonic }: RedisBoundsOptions): RedisBounds {
  const { where, usesTls } = port;
  const runWithDeadline = createDeadline({ timeoutMs, monotonic });

  let connectionError: unknown;
  const stopListening = port.onFault((error, isGuess = false) => {
    connectionError = isGuess ? (connectionError ?? error) : error;
  });

  const nameFault = (error: unknown, more = '') => {
    const status = port.status();
    const { message, cause } = nameRedisFault({ where, error, connectionError, timeoutMs, usesTls, status });
    return new StoreError(message + (isUntold(error) ? HOW_TO_HEAR : '') + more, { cause });
  };
  const isUntold = (error: unknown) =>
    port.isMute() && port.status() !== 'ready' && !isRedisReply(error) && connectionError === undefined;

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

  const circuit = createRedisCircuit({
    ping: () => run(port.ping, { onSilence: port.reconnectSilent }),
    onOpen: port.reconnectSilent,
  });
  const noteSilence = () => {
    if (!port.isCluster) circuit.noteSilence();
  };
  const bounded: RedisBounds['bounded'] = (operation, onRefusal) =>
    run(operation, { onSilence: noteSilence, onRefusal });

  return {
    bounded,
    guarded: (operation, onRefusal) =>
      circuit.isOpen ? Promise.reject(nameFault(undefined, UNASKED)) : bounded(operation, onRefusal),
    stop: () => {
      circuit.stop();
      stopListening();
    },
  };
}

const HOW_TO_HEAR = " Listen to 'error' of the client: it says why.";
const UNASKED = ' Until it answers, it is asked in the background only.';
