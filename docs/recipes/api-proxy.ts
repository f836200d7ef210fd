import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, RequestHandler, Response } from 'express';

/** What the API is told: no cookie, and nobody's word on who they are. */
const ASKED = ['accept', 'accept-language', 'content-type', 'if-match', 'if-none-match', 'range'];
/** What the browser is told: nothing of connections, cookies, caches or other origins. */
const TOLD = [
  'content-type',
  'content-disposition',
  'content-language',
  'content-range',
  'etag',
  'retry-after',
];

/**
 * Passes requests on to an API, with the person's token: `app.use('/api', requireAuth, createApiProxy(…))`, before any
 * body parser. Bodies stream both ways, and what is open ends with the session.
 *
 * @param api - URL that everything is below, with a slash at its end. Its origin must be among `apiOrigins`.
 */
export function createApiProxy(api: string): RequestHandler {
  return async (req, res, next) => {
    const target = findTarget(new URL(api), req.url);
    if (!target) {
      res.status(404).json({ error: 'not_found' });
      return;
    }
    const stop = new AbortController();
    res.once('close', () => stop.abort());
    try {
      req.auth.onEnd(() => stop.abort());
      await answer(res, await req.auth.fetch(target, createRequest(req, stop.signal)));
    } catch (error) {
      if (res.headersSent || stop.signal.aborted) res.destroy();
      else next(error);
    }
  };
}

/** The address below `api`; `undefined` for one that leads out of it, here or by the reading of another server. */
function findTarget(api: URL, path: string): URL | undefined {
  const target = new URL(`.${path}`, api);
  const isBelow = target.origin === api.origin && target.pathname.startsWith(api.pathname);
  return isBelow && !/%2f|%5c|%00/i.test(target.pathname) ? target : undefined;
}

function createRequest(req: Request, signal: AbortSignal): RequestInit & { duplex: 'half' } {
  const headers = new Headers();
  for (const name of ASKED) {
    const value = req.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  const hasBody = req.method !== 'GET' && req.method !== 'HEAD';
  const body = hasBody ? (Readable.toWeb(req) as ReadableStream<Uint8Array>) : null;
  return { method: req.method, headers, body, signal, duplex: 'half' };
}

async function answer(res: Response, { status, headers, body }: globalThis.Response): Promise<void> {
  res.status(status);
  for (const name of TOLD) {
    const value = headers.get(name);
    if (value !== null) res.set(name, value);
  }
  // Whatever the API says becomes no page of our origin.
  res.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Security-Policy': "default-src 'none'; sandbox" });
  res.flushHeaders();
  if (body) await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), res);
  else res.end();
}
