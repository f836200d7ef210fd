/** Above any honest answer of a provider: metadata, keys, tokens, userinfo. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Thrown when an answer is larger than 1 MiB. */
export const BODY_TOO_LARGE = 'ERR_BODY_TOO_LARGE';

/** The part of `fetch` that is used here. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/**
 * `fetch` whose whole answer, body included, arrives within `timeoutMs` and 1 MiB after decompression, and that
 * follows no redirect: a 3xx from a provider is an answer like any other.
 */
export function createBoundedFetch(timeoutMs: number): Fetch {
  return async (url, options) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
    const response = await fetch(url, { ...options, signal, redirect: 'manual' });
    const body = await readBounded(response);
    const headers = new Headers(response.headers);
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
    const empty = body.byteLength === 0 || [101, 204, 205, 304].includes(response.status);
    const copy = new Response(empty ? null : body, {
      status: response.status,
      statusText: response.statusText,
      headers,
    });
    Object.defineProperty(copy, 'url', { value: response.url });
    return copy;
  };
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      // Leaving the loop cancels the stream, so nothing more is received or inflated.
      throw Object.assign(new Error('The answer is larger than 1 MiB.'), { code: BODY_TOO_LARGE });
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
