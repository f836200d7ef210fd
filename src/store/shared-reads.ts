import { StoreError } from '../errors.ts';
import type { OneServer } from './one-server.ts';
import type { RedisBounds } from './redis-bounds.ts';

/** Reads keys of one session. They lie in one slot. */
export type ReadTogether<Result> = (keys: readonly string[]) => Promise<Result>;

/** What it is made of. */
export interface SharedReadsOptions<Value, Result> {
  /** One command: the values of so many keys, in their order. */
  readonly read: (keys: readonly string[]) => Promise<Values<Value>>;
  /** Bounds it in time, and names its faults. */
  readonly bounded: RedisBounds['bounded'];
  /** @param values - of the keys of one session. */
  readonly toResult: (values: Values<Value>) => Result;
  /** Whether one command may ask for several sessions. */
  readonly oneServer: OneServer;
}

type Values<Value> = readonly (Value | null)[];

/** Sessions of one command: few enough that other clients of Redis hardly wait. */
const MAX_SESSIONS = 64;

interface Waiting<Result> {
  readonly keys: readonly string[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Lets the reads of one turn of the event loop share a command, which costs Redis and this process much less than one for
 * each. Nobody joins one that has been sent: what is read is never older than the request for it.
 *
 * What Redis refuses is asked again for each by itself, so that a session which cannot be read fails no other.
 */
export function createSharedReads<Value, Result>(
  options: SharedReadsOptions<Value, Result>,
): ReadTogether<Result> {
  const { read, bounded, toResult, oneServer } = options;
  let waiting: Waiting<Result>[] = [];

  const sendAll = () => {
    const all = waiting;
    waiting = [];
    const size = oneServer.isSplit ? 1 : MAX_SESSIONS;
    for (let from = 0; from < all.length; from += size) send(all.slice(from, from + size));
  };

  const send = (group: readonly Waiting<Result>[]) => {
    let isRefused = false;
    const noteRefusal = (reply: Error) => {
      oneServer.noteRefusal(reply);
      isRefused = true;
    };
    bounded(() => read(group.flatMap(({ keys }) => keys)), noteRefusal).then(
      (values) => {
        let from = 0;
        for (const one of group) {
          answer(one, values.slice(from, from + one.keys.length));
          from += one.keys.length;
        }
      },
      (error: unknown) => {
        if (isRefused && group.length > 1) for (const one of group) send([one]);
        else for (const { reject } of group) reject(copyFault(error));
      },
    );
  };

  const answer = ({ resolve, reject }: Waiting<Result>, values: Values<Value>) => {
    try {
      resolve(toResult(values));
    } catch (error) {
      reject(error);
    }
  };

  return (keys) =>
    new Promise((resolve, reject) => {
      // When the sockets of this turn have been read.
      if (waiting.length === 0) setImmediate(sendAll);
      waiting.push({ keys, resolve, reject });
    });
}

/** Each request has an error of its own, for its application to write on. */
function copyFault(error: unknown): unknown {
  if (!(error instanceof StoreError)) return error;
  const { message, code, cause } = error;
  return new StoreError(message, { code, cause });
}
