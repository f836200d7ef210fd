import type { Hooks } from './events.ts';
import { checkFunction } from './option-checks.ts';
import type { ConnectAuthOptions } from './options.ts';

/** What the parts call: the application's hooks, or silence; for faults a warning. */
export function resolveHooks(options: ConnectAuthOptions): Hooks {
  const hook = <Event>(
    name: 'onLogin' | 'onLogout' | 'onError',
    given: ((event: Event) => void | Promise<void>) | undefined,
  ) => (given === undefined ? () => undefined : checkFunction(name, given));
  return Object.freeze({
    onLogin: hook('onLogin', options.onLogin),
    onLogout: hook('onLogout', options.onLogout),
    onError: neverFailing(options.onError === undefined ? warnOnce() : hook('onError', options.onError)),
  });
}

/** Whoever reports a fault has a request to answer, or a logout to finish: a log that is away must not keep it. */
function neverFailing(onError: Hooks['onError']): Hooks['onError'] {
  return async (event) => {
    try {
      await onError(event);
    } catch {
      process.emitWarning('onError threw or rejected, and the fault it was told of may be lost.', {
        type: 'ConnectAuthWarning',
        code: 'CONNECT_AUTH_ON_ERROR',
      });
    }
  };
}

/** Without `onError`, the faults that an operator should mend are said once of each kind. */
function warnOnce(): Hooks['onError'] {
  const said = new Set<string>();
  return ({ error, during }) => {
    const kind = `${error.code}, during ${during}`;
    if (error.status < 500 || said.has(kind)) return;
    said.add(kind);
    const cause = error.cause instanceof Error ? ` Cause: ${error.cause.message}.` : '';
    process.emitWarning(`${error.message}${cause} (${kind}; set onError to be told of each.)`, {
      type: 'ConnectAuthWarning',
      code: 'CONNECT_AUTH_FAULT',
    });
  };
}
