import type { Clock } from './clock.ts';
import { createDpopProver, wantsNonce } from './dpop.ts';
import { TokenError } from './errors.ts';
import type { UsableToken } from './tokens.ts';

/**
 * Checks that an address may be sent the access token: a token goes to places the application has named, and nowhere else
 * (RFC 6750, section 5.3).
 *
 * @param call - how the message names who asks, such as `req.auth.fetch()`.
 * @throws TokenError `token_destination`.
 */
export function checkDestination(call: string, address: string | URL, apiOrigins: ReadonlySet<string>): URL {
  const url = URL.canParse(String(address)) ? new URL(address) : undefined;
  // What fetch says of such an address quotes it.
  const hasCredentials = url !== undefined && (url.username !== '' || url.password !== '');
  if (url && /^https?:$/.test(url.protocol) && apiOrigins.has(url.origin) && !hasCredentials) return url;
  throw new TokenError(`${call} ${describePlace(url, hasCredentials)}.`, 'token_destination');
}

function describePlace(url: URL | undefined, hasCredentials: boolean): string {
  if (!url) return 'needs an absolute URL, of an origin listed in apiOrigins';
  if (hasCredentials) return 'takes no address with a user name or a password in it';
  return `sends the access token only to origins listed in apiOrigins; ${url.origin} is not`;
}

/** Calls an API with a token: one that is bound to a key with its proof, any other as the bearer's. */
export type CallApi = (url: URL, call: { init: RequestInit; token: UsableToken }) => Promise<Response>;

/** What calls go through. */
export interface ApiCallsOptions {
  /** The application's own, or Node's. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly now: Clock;
}

/**
 * Makes the calls. Redirects are handed back, not followed: the token must not travel where the application did not send
 * it. An API that wants a nonce in the proof is asked once more, where the body can be sent again.
 *
 * @see [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1) and
 * [RFC 9449, section 7.1](https://www.rfc-editor.org/rfc/rfc9449#section-7.1)
 */
export function createApiCalls({ fetch, now }: ApiCallsOptions): CallApi {
  const prover = createDpopProver(now);

  const send = async (
    url: URL,
    { init, token: { accessToken, dpopKey: key } }: Parameters<CallApi>[1],
    asked?: string,
  ) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `${key ? 'DPoP' : 'Bearer'} ${accessToken}`);
    if (key) {
      // As it goes out: `fetch` writes the common methods in capitals.
      const { method } = new Request(url, { method: init.method ?? 'GET' });
      headers.set('dpop', prover.prove({ key, method, url, accessToken, nonce: asked }));
    }
    const redirect = init.redirect === 'error' ? 'error' : 'manual';
    const answer = await fetch(url.href, { ...init, headers, redirect });
    return { answer, nonce: key && prover.note(url, answer.headers) };
  };

  return async (url, call) => {
    const { answer, nonce } = await send(url, call);
    if (!call.token.dpopKey || !wantsNonce(answer) || !isRepeatable(call.init.body)) return answer;
    await dropAnswer(answer);
    return (await send(url, call, nonce)).answer;
  };
}

/** A stream is gone once it was sent. */
export function isRepeatable(body: RequestInit['body']): boolean {
  return !(
    body instanceof ReadableStream ||
    (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  );
}

/** Frees the connection of an answer that nobody reads. */
export async function dropAnswer({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => undefined);
}
