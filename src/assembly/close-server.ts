import type { Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** A client that keeps its connection busy sends something in this time, and is told that it is the last. */
const IDLE_MS = 1000;
const POLL_MS = 50;
const ACCEPT_MS = 100;

/**
 * Closes a server without losing a request: it takes no connection any more, each further answer says that it is the last
 * of its connection, and connections on which nothing comes are closed a second later. What is left when `patience` has
 * come is cut.
 */
export async function closeServer(server: Server, patience: AbortSignal): Promise<void> {
  server.prependListener('request', sayLast);
  // What waits to be accepted would be cut by the system when nobody listens any more.
  await pause(ACCEPT_MS, patience);
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    stopListening(server, () => {
      isClosed = true;
      resolve();
    });
  });
  await Promise.race([closed, pause(IDLE_MS, patience)]);
  while (!isClosed && !patience.aborted) {
    server.closeIdleConnections();
    await Promise.race([closed, pause(POLL_MS, patience)]);
  }
  server.closeAllConnections();
  server.off('request', sayLast);
}

/**
 * Once: the server tells of its end each time that it is closed. By itself it would cut idle connections in this moment, and
 * with them requests that are on their way.
 */
function stopListening(server: Server, onClosed: () => void): void {
  const own = Object.getOwnPropertyDescriptor(server, 'closeIdleConnections');
  server.closeIdleConnections = () => undefined;
  server.close(onClosed);
  if (own) Object.defineProperty(server, 'closeIdleConnections', own);
  else Reflect.deleteProperty(server, 'closeIdleConnections');
}

function sayLast(_req: unknown, res: ServerResponse): void {
  res.setHeader('Connection', 'close');
}

/** Holds up nothing but its caller. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
