import type { IncomingMessage, ServerResponse } from 'node:http';
import { checkFunction } from '../options/option-checks.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { SessionWatch } from '../session/session-watch.ts';

/** What is held open, and by whose session. */
export interface SessionEndOptions {
  readonly watch: SessionWatch;
  readonly browser: BrowserSession;
  readonly req: IncomingMessage;
  /** Absent for a WebSocket, which has none. */
  readonly res?: ServerResponse;
}

/** Calls back when the session has ended, unless what is held open has closed before. Returns a function that stops it. */
export function onSessionEnd(
  { watch, browser, req, res }: SessionEndOptions,
  callback: () => void,
): () => void {
  checkFunction('onEnd(): callback', callback);
  // Nobody knows whether the session has ended while the store is away.
  if (browser.fault) throw browser.fault;
  // After an upgrade the connection is the answer. Else it is shared by many, one after the other.
  const carriers = [res, req.headers.upgrade === undefined ? undefined : req.socket].filter((it) => !!it);
  if (carriers.some(({ destroyed }) => destroyed)) return () => undefined;
  const stopWatching = watch.watch(browser.identity && browser.id, callback);
  const stop = () => {
    stopWatching();
    for (const carrier of carriers) carrier.off('close', stop);
  };
  for (const carrier of carriers) carrier.once('close', stop);
  return stop;
}
