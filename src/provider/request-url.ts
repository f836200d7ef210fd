import * as client from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { ClientKeys } from './client-keys.ts';

/** What an authorization request is made with. */
export interface RequestUrlOptions {
  readonly definition: ProviderDefinition;
  /** The client's own keys, where it has any. */
  readonly readKeys: ClientKeys | undefined;
}

/** What a request says. */
export type RequestParams = Record<string, string> | URLSearchParams;

/**
 * Makes the address that the browser is sent to: with the request in it, signed where that is wanted, or with the name that
 * the provider gave to a request that was pushed. What could not be pushed is never sent another way, and each name is good
 * for one login.
 *
 * @throws what openid-client throws, or a FoundFault, when the provider refuses the request.
 * @see [RFC 9126, section 2](https://www.rfc-editor.org/rfc/rfc9126#section-2)
 */
export async function buildRequestUrl(
  configuration: client.Configuration,
  params: RequestParams,
  { definition, readKeys }: RequestUrlOptions,
): Promise<URL> {
  const metadata = configuration.serverMetadata();
  const [signs, pushes] = [isSigned(definition, metadata), isPushed(definition, metadata)];
  const signed = signs ? await sign(configuration, params, readKeys!) : undefined;
  if (pushes) {
    // All of a signed request counts, and nothing beside it (RFC 9126, section 3).
    const request = signed?.searchParams.get('request');
    return client.buildAuthorizationUrlWithPAR(configuration, request ? { request } : params);
  }
  if (signed) return signed;
  const url = client.buildAuthorizationUrl(configuration, params);
  if (definition.quirks.authorizationRequest === 'bare') url.searchParams.delete('response_type');
  return url;
}

/** @see [RFC 9101, section 4](https://www.rfc-editor.org/rfc/rfc9101#section-4) */
async function sign(
  configuration: client.Configuration,
  params: RequestParams,
  readKeys: ClientKeys,
): Promise<URL> {
  const { key, id, algorithm } = (await readKeys()).signing;
  return client.buildAuthorizationUrlWithJAR(
    configuration,
    params,
    id === undefined ? key : { key, kid: id },
    {
      [client.modifyAssertion]: (header) => {
        header.alg = algorithm;
      },
    },
  );
}

/** Whether the authorization requests of a provider are pushed: it demands that, or the options do. */
export function isPushed(
  { pushedAuthorizationRequests }: ProviderDefinition,
  { require_pushed_authorization_requests: isDemanded }: Readonly<client.ServerMetadata>,
): boolean {
  return pushedAuthorizationRequests === true || isDemanded === true;
}

/** The same of those that are signed. */
export function isSigned(
  { signedAuthorizationRequests }: ProviderDefinition,
  { require_signed_request_object: isDemanded }: Readonly<client.ServerMetadata>,
): boolean {
  return signedAuthorizationRequests === true || isDemanded === true;
}
