import type { ProviderMetadata } from '../provider-definition.ts';

/** An endpoint of a provider, by its member of the metadata. */
export type EndpointName = Exclude<keyof ProviderMetadata, `${string}_supported`>;

/**
 * Every endpoint that is ever used, and by whom: a `browser` is sent there; this `server` asks for what anybody may have; the
 * `client` proves itself there, or brings a token of a person.
 */
const USERS = {
  authorization_endpoint: 'browser',
  token_endpoint: 'client',
  jwks_uri: 'server',
  userinfo_endpoint: 'client',
  end_session_endpoint: 'browser',
  revocation_endpoint: 'client',
  introspection_endpoint: 'client',
  pushed_authorization_request_endpoint: 'client',
} as const satisfies Record<EndpointName, 'browser' | 'server' | 'client'>;

/** All of them, which are checked wherever they come from: the options, or the discovery document. */
export const ENDPOINTS = Object.keys(USERS) as readonly EndpointName[];

/** The endpoints that browsers are sent to: never by plain http, whatever a network of servers does. */
export const FRONT_ENDPOINTS: readonly string[] = ENDPOINTS.filter((name) => USERS[name] === 'browser');

/** The endpoints that a client with a certificate asks at an address of their own, where the provider names one. */
export const ALIASED_ENDPOINTS: readonly EndpointName[] = ENDPOINTS.filter(
  (name) => USERS[name] === 'client',
);
