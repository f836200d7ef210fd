import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

export interface Exchange {
  method: string;
  url: string | URL;
  /** The target in the request line, where it is not the path of `url`. */
  target?: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
}

/**
 * Sends one request and reads the whole answer. Redirects are not followed.
 *
 * By node:http and not by fetch, which puts `Sec-Fetch-Mode: cors` into each request and lets no test say otherwise.
 */
export function exchange({ method, url, target, headers, body, signal }: Exchange): Promise<Response> {
  return new Promise((resolve, reject) => {
    const optional = { ...(target !== undefined && { path: target }), ...(signal && { signal }) };
    // A server of a test signs its certificate itself.
    const request = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
    const trust = { rejectUnauthorized: false, ...(isBelowLocalhost(url) && { lookup: findThisMachine }) };
    const outgoing = request(url, { method, headers, agent: false, ...trust, ...optional });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const status = incoming.statusCode!;
        const answer = new Headers();
        for (let at = 0; at < incoming.rawHeaders.length; at += 2) {
          answer.append(incoming.rawHeaders[at]!, incoming.rawHeaders[at + 1]!);
        }
        const isEmpty = status === 204 || status === 304;
        resolve(new Response(isEmpty ? null : Buffer.concat(chunks), { status, headers: answer }));
      });
    });
    outgoing.end(body);
  });
}

/** Browsers know these names to be this machine, whatever its resolver says. */
function isBelowLocalhost(url: string | URL): boolean {
  return new URL(url).hostname.endsWith('.localhost');
}

const findThisMachine: LookupFunction = (_host, { all }, answer) => {
  const family = 4;
  if (all) answer(null, [{ address: '127.0.0.1', family }]);
  else answer(null, '127.0.0.1', family);
};
