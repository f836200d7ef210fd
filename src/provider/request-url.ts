import * as client from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';

/**
 * Makes the address that the browser is sent to: with the request in it, or with the name that the provider gave to a
 * request that was pushed. What could not be pushed is never sent another way, and each name is good for one login.
 *
 * @throws what openid-client throws, or a FoundFault, when the provider refuses the request.
 * @see [RFC 9126, section 2](https://www.rfc-editor.org/rfc/rfc9126#section-2)
 */
export async function buildRequestUrl(
  configuration: client.Configuration,
  params: Readonly<Record<string, string>>,
  definition: ProviderDefinition,
): Promise<URL> {
  if (isPushed(definition, configuration.serverMetadata()))
    return client.buildAuthorizationUrlWithPAR(configuration, params);
  const url = client.buildAuthorizationUrl(configuration, params);
  if (definition.quirks.authorizationRequest === 'bare') url.searchParams.delete('response_type');
  return url;
}

/** Whether the authorization requests of a provider are pushed: it demands that, or the options do. */
export function isPushed(
  { pushedAuthorizationRequests }: ProviderDefinition,
  { require_pushed_authorization_requests: isDemanded }: Readonly<client.ServerMetadata>,
): boolean {
  return pushedAuthorizationRequests === true || isDemanded === true;
}
