import type { Server, ServerResponse } from 'node:http';
import { Server as Listener } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

/** A client that keeps its connection busy sends something in this time, and is told that it is the last. */
const IDLE_MS = 1000;
const POLL_MS = 50;

/**
 * Closes a server without losing a request: it takes no connection any more, each further answer says that it is the last
 * of its connection, and connections on which nothing comes are closed a second later. What is left when `patience` has
 * come is cut.
 */
export async function closeServer(server: Server, patience: AbortSignal): Promise<void> {
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    // Not the server's own: that cuts idle connections at once, and with them requests that are on their way.
    Listener.prototype.close.call(server, () => resolve());
  }).then(() => {
    isClosed = true;
  });
  server.prependListener('request', sayLast);
  await waitUntil(closed, IDLE_MS, patience);
  while (!isClosed && !patience.aborted) {
    server.closeIdleConnections();
    await waitUntil(closed, POLL_MS, patience);
  }
  server.closeAllConnections();
  // Its own timers as well, which look for slow requests.
  server.close(() => undefined);
  server.off('request', sayLast);
}

function sayLast(_req: unknown, res: ServerResponse): void {
  res.setHeader('Connection', 'close');
}

async function waitUntil(done: Promise<void>, ms: number, patience: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([patience, over.signal]);
  await Promise.race([done, wait(ms, undefined, { signal }).catch(() => undefined)]);
  over.abort();
}
