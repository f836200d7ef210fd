import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ListeningServer {
  /** `http://host:port`. */
  readonly origin: string;
  readonly port: number;
  readonly server: Server;
  /** Stops listening and cuts all connections, also those that browsers keep open. */
  close(): Promise<void>;
}

/** Serves an app, or any request listener, on loopback. Port 0 is any free port. */
export function listen(app: RequestListener, host = '127.0.0.1', port = 0): Promise<ListeningServer> {
  return serve(() => app, host, port);
}

/** As `listen()`, for an app that must know its own origin, as `connectAuth({ baseUrl })` does. */
export async function serve(
  build: (origin: string) => RequestListener | Promise<RequestListener>,
  host = '127.0.0.1',
  port = 0,
): Promise<ListeningServer> {
  const server = createServer();
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  const origin = `http://${host}:${bound}`;
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  try {
    server.on('request', await build(origin));
  } catch (error) {
    await close();
    throw error;
  }
  return { origin, port: bound, server, close };
}
