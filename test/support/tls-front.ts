import { once } from 'node:events';
import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createRsaKey } from '../emulators/signing.ts';

/** A proxy on loopback that ends TLS for hosts below `localhost`, which browsers know to be this machine. */
export interface TlsFront {
  /** The origin of a host, such as `https://app.example.localhost:34567`. */
  originOf(host: string): string;
  /** Sends the requests for a host on to a plain http server, and tells it nothing of TLS. */
  forward(host: string, origin: string): void;
  /** Answers the requests for a host. */
  answer(host: string, listener: RequestListener): void;
  close(): Promise<void>;
}

/** Starts one. Its certificate is nobody's: a browser must be told to take it. */
export async function startTlsFront(): Promise<TlsFront> {
  const hosts = new Map<string, RequestListener>();
  const key = await createRsaKey();
  const options = {
    key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: createSelfSignedCertificate('localhost', key),
  };
  const server = createServer(options, (req, res) => {
    const listener = hosts.get(req.headers.host?.split(':')[0] ?? '');
    if (listener) listener(req, res);
    else res.writeHead(421).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    originOf: (host) => `https://${host}:${port}`,
    forward: (host, origin) => {
      hosts.set(host, (req, res) => {
        const { method, url: path, headers } = req;
        const outgoing = request(
          origin,
          { method, path, headers, agent: false },
          (incoming: IncomingMessage) => {
            res.writeHead(incoming.statusCode!, incoming.rawHeaders);
            incoming.pipe(res);
          },
        );
        outgoing.once('error', () => res.destroy());
        req.pipe(outgoing);
      });
    },
    answer: (host, listener) => {
      hosts.set(host, listener);
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
