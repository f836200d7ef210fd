import { type DpopKey, type DpopProver, wantsNonce } from '../dpop.ts';
import type { Fetch } from './bounded-fetch.ts';

/**
 * A fetch that sends an access token with the proof of its key, to an endpoint of the provider that takes one. A server that
 * wants a nonce is asked once more with it.
 *
 * @see [RFC 9449, section 7](https://www.rfc-editor.org/rfc/rfc9449#section-7)
 */
export function createOwnerFetch(
  fetch: Fetch,
  { prover, key, accessToken }: { prover: DpopProver; key: DpopKey; accessToken: string },
): Fetch {
  const send = async (url: string, options: RequestInit, asked?: string) => {
    const headers = new Headers(options.headers);
    const { method = 'GET' } = options;
    headers.set('authorization', `DPoP ${accessToken}`);
    headers.set('dpop', prover.prove({ key, method, url, accessToken, nonce: asked }));
    const answer = await fetch(url, { ...options, headers });
    return { answer, nonce: prover.note(url, answer.headers) };
  };
  return async (url, options) => {
    const { answer, nonce } = await send(url, options);
    return wantsNonce(answer) ? (await send(url, options, nonce)).answer : answer;
  };
}
