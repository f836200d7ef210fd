import { ConnectAuthError } from './errors.ts';

/** Told a fault that nobody else has heard of. */
export type TellFault = (fault: ConnectAuthError) => void;

/**
 * Takes the danger out of a promise that an application may forget: when it fails and nobody has looked at it by then,
 * the fault is told (code `not_awaited`), where Node would end the process. For whoever awaits it, it is the same promise.
 *
 * @param call - as the application wrote it, such as `req.auth.logout()`.
 */
export function tellUnawaited<T>(promise: Promise<T>, call: string, tell: TellFault): Promise<T> {
  const lost: Lost = { tell: (error) => tell(missingAwait(call, error)), failure: undefined };
  return watch(promise, lost, (error) => {
    lost.failure = { error };
  });
}

/** What is done with a failure that nobody looks at. */
interface Lost {
  readonly tell: (error: unknown) => void;
  /** How the call itself failed. */
  failure: { readonly error: unknown } | undefined;
}

interface Watched {
  [WATCH]: { isSeen: boolean; readonly lost: Lost };
}

const WATCH = Symbol('watch');
const { then, finally: lastly } = Promise.prototype;

function watch<T>(promise: Promise<T>, lost: Lost, onFailure?: (error: unknown) => void): Promise<T> {
  const state = { isSeen: false, lost };
  then.call(promise, undefined, (error: unknown) => {
    onFailure?.(error);
    // Whoever looks a little later is in time as well.
    setImmediate(() => {
      if (state.isSeen) return;
      if (lost.failure?.error === error) lost.tell(error);
      // What the application's own callback threw is the application's, with all that follows.
      else Promise.reject(error);
    });
  });
  Object.defineProperty(promise, WATCH, { value: state });
  return Object.setPrototypeOf(promise, WATCHED_PROMISE);
}

/**
 * The prototype of those promises. `await` looks at a promise past its methods, unless its constructor is another than
 * `Promise`; and properties of a promise itself would slow down all promises of the process.
 */
const WATCHED_PROMISE: object = Object.create(Promise.prototype, {
  constructor: { value: Object },
  // biome-ignore lint/suspicious/noThenProperty: it sees who looks
  then: {
    value(this: Promise<unknown> & Watched, onFulfilled?: () => unknown, onRejected?: () => unknown) {
      const state = this[WATCH];
      state.isSeen = true;
      const next = then.call(this, onFulfilled, onRejected);
      return typeof onRejected === 'function' ? next : watch(next, state.lost);
    },
  },
  finally: {
    value(this: Promise<unknown> & Watched, onFinally: () => void) {
      return watch(lastly.call(this, onFinally), this[WATCH].lost);
    },
  },
});

function missingAwait(call: string, error: unknown): ConnectAuthError {
  const reason = error instanceof ConnectAuthError ? ` ${error.message}` : '';
  return new ConnectAuthError(
    `${call} failed, and nobody heard of it: an await is missing. Write: await ${call}, or return its promise.${reason}`,
    { code: 'not_awaited', status: 500, cause: error },
  );
}
