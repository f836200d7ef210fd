import { foundFault, nameRequest, readFoundFault, showAddress } from './provider-fault.ts';
import type { WholeAnswer } from './whole-answer.ts';

/** Above any honest answer of a provider: metadata, keys, tokens, userinfo. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The part of `fetch` that is used here. */
export type Fetch = (url: string, options: RequestInit) => Promise<Response>;

/** A fetch that waits for all of an answer. */
export type BoundedFetch = (url: string, options: RequestInit) => Promise<WholeAnswer>;

/** What bounds a call, and what makes it. */
export interface BoundedFetchOptions {
  /** For the whole answer, body included. */
  readonly timeoutMs: number;
  /** The application's own, or that of Node. Nothing is taken on its word. */
  readonly fetch: Fetch;
}

/**
 * A `fetch` whose whole answer, body included, arrives within `timeoutMs` and 1 MiB after decompression, and that
 * follows no redirect: a 3xx from a provider is an answer like any other. Rejects with a `FoundFault` that names the
 * request.
 */
export function createBoundedFetch({ timeoutMs, fetch }: BoundedFetchOptions): BoundedFetch {
  return async (url, options) => {
    const asked = nameRequest(options.method, url);
    // Cheaper than a signal of Node's own that has a time-out.
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeoutMs).unref();
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    try {
      return await abortable(
        signal,
        readWhole({ asked, url }, fetch(url, { ...options, signal, redirect: 'manual' })),
      );
    } catch (error) {
      if (readFoundFault(error)) throw error;
      const got = signal.aborted ? 'none in that time' : `a fault of the network (${codesOf(error)})`;
      throw foundFault(
        {
          asked,
          expected: `an answer within ${timeoutMs} ms`,
          got,
          option: signal.aborted ? 'timeoutMs' : undefined,
        },
        { code: 'provider_unavailable', cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A fetch of the application's own may look at no signal. */
function abortable<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

async function readWhole(
  { asked, url }: { asked: string; url: string },
  answer: Promise<Response>,
): Promise<WholeAnswer> {
  const response = await answer;
  checkResponse(asked, response);
  const text = new TextDecoder().decode(await readBounded(asked, response));
  const headers = new Headers(response.headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name);
  // Nothing was followed: where it was asked is where it is from, whatever a fetch of the application says.
  return { url, status: response.status, headers, text };
}

/** A fetch of the application's own may be of another library, or wrong. */
function checkResponse(asked: string, response: Response): void {
  if (typeof response?.status !== 'number' || typeof response.headers?.get !== 'function') {
    throw foundFault({
      asked,
      expected: 'a Response',
      got: 'something else from fetch',
      option: 'fetch',
    });
  }
  // What was sent has gone where nobody looked at; what came back is from there.
  if (response.redirected) {
    const got = `one that was followed, to ${showAddress(response.url)}`;
    throw foundFault({ asked, expected: 'no redirect, or one as it came', got, option: 'fetch' });
  }
}

async function readBounded(asked: string, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream, so nothing more is received or inflated.
    if (size > MAX_BODY_BYTES)
      throw foundFault({ asked, expected: 'an answer of at most 1 MiB', got: 'more' });
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** Names and codes of a network fault and its causes: `ECONNREFUSED`, `CERT_HAS_EXPIRED`. Never messages. */
function codesOf(error: unknown): string {
  const words: string[] = [];
  for (let link = error, depth = 0; link && depth < 4; link = nextOf(link), depth += 1) {
    const { code } = link as { code?: unknown };
    if (typeof code === 'string' && /^[\w.-]{1,64}$/.test(code)) words.push(code);
  }
  return words.join(', ') || (error instanceof Error ? error.name : typeof error);
}

function nextOf(error: unknown): unknown {
  const { cause, errors } = error as { cause?: unknown; errors?: unknown };
  return cause ?? (Array.isArray(errors) ? errors[0] : undefined);
}
