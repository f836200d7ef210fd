import type { ProviderDefinition, ProviderMetadata } from '../provider-definition.ts';
import { createBoundedFetch } from './bounded-fetch.ts';
import { type KeepIdToken, rewriteTokenAnswer } from './quirks/token-answer-rules.ts';

/** The endpoints whose traffic a provider's quirks touch, as far as they are known yet. */
export type KnownEndpoints = Pick<
  ProviderMetadata,
  'token_endpoint' | 'revocation_endpoint' | 'userinfo_endpoint'
>;

/** A fetch that hands the ID token of a token answer to whoever asks for it, and to nobody else. */
export type ProviderFetch = (
  url: string,
  options: RequestInit,
  keepIdToken?: KeepIdToken,
) => Promise<Response>;

/** The bounded fetch with a provider's quirks on it, each at the endpoint it belongs to and nowhere else. */
export function createProviderFetch(
  { quirks, timeoutMs }: ProviderDefinition,
  endpoints: () => KnownEndpoints | undefined,
): ProviderFetch {
  const bounded = createBoundedFetch(timeoutMs);

  return async (url, options, keepIdToken) => {
    const known = endpoints();
    if (isAt(url, known?.userinfo_endpoint)) return refuseOtherThanJson(await bounded(url, options));
    if (!isAt(url, known?.token_endpoint) && !isAt(url, known?.revocation_endpoint))
      return bounded(url, options);
    const request = quirks.tokenParams === 'query' ? moveParamsToQuery(url, options) : { url, options };
    return rewriteTokenAnswer(await bounded(request.url, request.options), quirks, keepIdToken);
  };
}

/** The library calls an endpoint by its normal form; the provider may write a default port, or capitals in the host. */
function isAt(url: string, endpoint: string | undefined): boolean {
  return endpoint !== undefined && url === new URL(endpoint).href;
}

/** Some brokers want the parameters of a token request in its URL. Never in both places. */
function moveParamsToQuery(url: string, options: RequestInit): { url: string; options: RequestInit } {
  if (!(options.body instanceof URLSearchParams)) return { url, options };
  const target = new URL(url);
  for (const [name, value] of options.body) target.searchParams.append(name, value);
  const headers = new Headers(options.headers);
  headers.delete('content-type');
  return { url: target.href, options: { ...options, headers, body: null } };
}

/** A JWT would be taken by the library without its signature being verified, and anything else as if it were JSON. */
function refuseOtherThanJson(response: Response): Response {
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || /^application\/json\s*(;|$)/i.test(type)) return response;
  return new Response(null, { status: 406, statusText: 'Userinfo must be application/json' });
}
