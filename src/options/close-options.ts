import type { Server } from 'node:http';
import { numberFrom, refuse } from './option-checks.ts';
import { optional, type Resolved, type Table, withDefault } from './option-table.ts';

/** What `auth.close()` may be told. */
export interface CloseOptions {
  /**
   * The server that serves the application. It is closed first: it takes no connection any more, answers what is under way
   * and what comes on open connections, and streams and sockets that wait by `onEnd()` are called back at once.
   *
   * @default none: it has been closed already
   */
  server?: Server;
  /**
   * How long all of it may take, in milliseconds. Whatever is still open then is cut. 0 waits for nothing.
   *
   * @default 10000
   */
  timeoutMs?: number;
}

function checkServer(where: string, value: unknown): Server {
  const server = value as Partial<Server> | null;
  const isServer = typeof server?.close === 'function' && typeof server.closeAllConnections === 'function';
  return isServer ? (value as Server) : refuse(where, 'a server of node:http or node:https', value);
}

/** The options of `auth.close()`. */
export const CLOSE_OPTIONS = {
  server: optional(checkServer, { defaultIs: 'none: it has been closed already' }),
  timeoutMs: withDefault(numberFrom(0, 3_600_000), 10_000),
} satisfies Table<CloseOptions>;

/** What comes of them. */
export type ResolvedCloseOptions = Resolved<typeof CLOSE_OPTIONS>;
