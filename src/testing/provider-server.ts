import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProviderFaults, TestEndpoint } from './provider-faults.ts';

/** A request to the provider. */
export interface ProviderRequest {
  readonly method: string;
  /** Its path and query, at the issuer. */
  readonly url: URL;
  readonly headers: Readonly<IncomingMessage['headers']>;
  /** The body, where it is a form. */
  readonly form: URLSearchParams;
}

/** What is answered. */
export interface ProviderAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is a page, anything else JSON. */
  readonly body?: string | object;
}

/** One of its endpoints. */
export interface ProviderRoute {
  readonly endpoint: TestEndpoint;
  answer(request: ProviderRequest): ProviderAnswer | Promise<ProviderAnswer>;
}

/** A server that listens. */
export interface ProviderServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What it is made of. */
export interface ProviderServerOptions {
  readonly host: string;
  readonly port: number;
  readonly faults: ProviderFaults;
  /** By path, once it is known where the server listens. */
  readonly createRoutes: (issuer: string) => Readonly<Record<string, ProviderRoute>>;
}

/** Starts the HTTP server of the provider. */
export async function startProviderServer({
  host,
  port: wanted,
  faults,
  createRoutes,
}: ProviderServerOptions): Promise<ProviderServer> {
  const server = createServer();
  server.listen(wanted, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://${host}:${port}`;
  const routes = createRoutes(issuer);
  const closing = new AbortController();

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const url = new URL(req.url ?? '/', issuer);
    const route = routes[url.pathname];
    if (!route) return send(res, { status: 404, body: { error: 'not_found' } });
    const { endpoint } = route;
    const delay = faults.meet('slow', endpoint);
    if (delay) await wait(delay.delayMs, undefined, { signal: closing.signal });
    if (faults.meet('unreachable', endpoint)) return void req.socket.destroy();
    if (faults.meet('server_error', endpoint))
      return send(res, { status: 500, body: { error: 'server_error' } });
    if (faults.meet('not_json', endpoint)) return send(res, { body: '<h1>Maintenance</h1>' });
    const form = new URLSearchParams(req.method === 'POST' ? await text(req) : '');
    send(res, await route.answer({ method: req.method ?? 'GET', url, headers: req.headers, form }));
  };
  // A request that ends while it is answered is nobody's fault.
  server.on('request', (req, res) => void handle(req, res).catch(() => req.socket.destroy()));

  return {
    port,
    close: async () => {
      closing.abort();
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(res: ServerResponse, { status = 200, headers, body = '' }: ProviderAnswer): void {
  const isPage = typeof body === 'string';
  res.writeHead(status, {
    'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'cache-control': 'no-store',
    ...headers,
  });
  res.end(isPage ? body : JSON.stringify(body));
}
