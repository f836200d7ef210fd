import type { ServerMetadata } from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';
import { CERTIFICATE_METHODS } from './client-key.ts';
import { ALIASED_ENDPOINTS } from './endpoints.ts';

/** Whether the provider is asked by a client that brings a certificate to the TLS handshake. */
export function usesCertificate({
  clientAuthentication,
  certificateBoundAccessTokens,
}: Pick<ProviderDefinition, 'clientAuthentication' | 'certificateBoundAccessTokens'>): boolean {
  return certificateBoundAccessTokens === true || CERTIFICATE_METHODS.includes(clientAuthentication);
}

/**
 * The metadata with the endpoints where they are for this client. A front end that asks everybody for a certificate would
 * have browsers ask people for one: so those who have one are sent elsewhere.
 *
 * @see [RFC 8705, section 5](https://www.rfc-editor.org/rfc/rfc8705#section-5)
 */
export function placeEndpoints(metadata: ServerMetadata, definition: ProviderDefinition): ServerMetadata {
  const aliases = metadata.mtls_endpoint_aliases as Readonly<Record<string, unknown>> | undefined;
  if (!usesCertificate(definition) || typeof aliases !== 'object' || aliases === null) return metadata;
  const named = ALIASED_ENDPOINTS.map((name) => [name, aliases[name]]).filter(
    ([, address]) => address !== undefined,
  );
  return { ...metadata, ...Object.fromEntries(named) };
}
