import { once } from 'node:events';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createRsaKey } from '../emulators/signing.ts';

/** A key and the certificate of it that signs itself, in PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

export async function createCertificate(name: string): Promise<Certificate> {
  const rsa = await createRsaKey();
  const key = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, cert: createSelfSignedCertificate(name, rsa) };
}

/** The header by which the front tells whose certificate it has seen; what a client writes there is lost. */
export const CERTIFICATE_HEADER = 'x-client-certificate';

/** A front that ends TLS, asks everybody for a certificate, and hands requests on with it. */
export interface CertificateFront {
  readonly origin: string;
  /** Its own certificate. */
  readonly cert: string;
  /** Paths that were asked, each with whether a certificate came along. */
  readonly seen: { readonly path: string; readonly withCertificate: boolean }[];
  forwardTo(origin: string): void;
  close(): Promise<void>;
}

export async function startCertificateFront(): Promise<CertificateFront> {
  const own = await createCertificate('localhost');
  const seen: CertificateFront['seen'] = [];
  let target = '';
  const server = createServer({ ...own, requestCert: true, rejectUnauthorized: false }, (req, res) => {
    const { raw } = (req.socket as TLSSocket).getPeerCertificate();
    seen.push({ path: req.url!, withCertificate: raw !== undefined });
    const { [CERTIFICATE_HEADER]: _, ...others } = req.headers;
    const headers = raw ? { ...others, [CERTIFICATE_HEADER]: raw.toString('base64') } : others;
    const outgoing = plainRequest(
      `${target}${req.url}`,
      { method: req.method, headers, agent: false },
      (incoming) => {
        res.writeHead(incoming.statusCode!, incoming.rawHeaders);
        incoming.pipe(res);
      },
    );
    outgoing.once('error', () => res.destroy());
    req.pipe(outgoing);
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    cert: own.cert,
    seen,
    forwardTo: (origin) => {
      target = origin;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A fetch that brings a certificate to https, as an application writes one. */
export function createCertificateFetch(own: Partial<Certificate>, trusted: string): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input));
    if (url.protocol === 'http:') return fetch(url, init);
    const body = init.body === null || init.body === undefined ? undefined : String(init.body);
    const headers = new Headers(init.headers);
    if (init.body instanceof URLSearchParams && !headers.has('content-type'))
      headers.set('content-type', 'application/x-www-form-urlencoded');
    const outgoing = request(url, {
      ...{ ...own, ca: trusted, method: init.method, agent: false, signal: init.signal ?? undefined },
      headers: Object.fromEntries(headers),
    } as object);
    outgoing.end(body);
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const { statusCode: status = 0, headers: answered } = incoming;
    const pairs = Object.entries(answered).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as [string, string]] : [],
    );
    return new Response([204, 304].includes(status) ? null : Buffer.concat(chunks), {
      status,
      headers: pairs,
    });
  };
}
