import type { ProviderDefinition, ProviderMetadata } from '../provider-definition.ts';
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { moveParamsToQuery } from './quirks/query-params.ts';
import { rewriteTokenAnswer } from './quirks/token-answer-rules.ts';

/** The endpoints whose traffic a provider's quirks touch, as far as they are known yet. */
export type KnownEndpoints = Pick<
  ProviderMetadata,
  'token_endpoint' | 'revocation_endpoint' | 'userinfo_endpoint'
>;

/** The bounded fetch with a provider's quirks on it, each at the endpoint it belongs to and nowhere else. */
export function createProviderFetch(
  { quirks, identity, timeoutMs }: ProviderDefinition,
  endpoints: () => KnownEndpoints | undefined,
): Fetch {
  const bounded = createBoundedFetch(timeoutMs);
  const { tokenType, expiresInUnit, errorFormat, tokenParams } = quirks;

  return async (url, options) => {
    const known = endpoints();
    if (url === known?.userinfo_endpoint) return refuseOtherThanJson(await bounded(url, options));
    if (url !== known?.token_endpoint && url !== known?.revocation_endpoint) return bounded(url, options);
    const request = tokenParams === 'query' ? moveParamsToQuery(url, options) : { url, options };
    const answer = await bounded(request.url, request.options);
    const idToken = identity.from === 'access_token' || isRefresh(options) ? 'set_aside' : 'verify';
    return rewriteTokenAnswer(answer, { tokenType, expiresInUnit, errorFormat, idToken });
  };
}

/** Its ID token is verified by us alone, so that a fault of it is told from one of the answer. */
function isRefresh({ body }: RequestInit): boolean {
  return body instanceof URLSearchParams && body.get('grant_type') === 'refresh_token';
}

/** A JWT would be taken by the library without its signature being verified, and anything else as if it were JSON. */
function refuseOtherThanJson(response: Response): Response {
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || /^application\/json\s*(;|$)/i.test(type)) return response;
  return new Response(null, { status: 406, statusText: 'Userinfo must be application/json' });
}
