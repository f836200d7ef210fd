import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { Fetch } from './bounded-fetch.ts';
import { createKeyAuthentication } from './client-key.ts';
import { checkEndpoint } from './preset-options.ts';
import { toProviderError } from './provider-faults.ts';
import { createRawBasic } from './quirks/raw-basic.ts';

/** Discovered metadata is looked up again after an hour; while that fails, the old one serves. */
const METADATA_LIFE_MS = 3_600_000;
const RETRY_AFTER_FAILURE_MS = 60_000;

/** Gives openid-client's configuration of a provider, discovering it when it is first needed. */
export type ConfigurationSource = () => Promise<client.Configuration>;

/**
 * Parallel callers share one discovery. A failure is told to those who waited for it and is not kept: the next
 * caller tries again.
 */
export function createConfigurationSource(
  definition: ProviderDefinition,
  { name, fetch, now }: { name: string; fetch: Fetch; now: Clock },
): ConfigurationSource {
  const { metadata } = definition;
  if (metadata) {
    const configuration = prepare(
      new client.Configuration(
        { issuer: definition.issuer, ...metadata },
        definition.clientId,
        clientMetadata(definition),
        authenticateClient(definition),
      ),
      definition,
      fetch,
    );
    return async () => configuration;
  }

  let current: { configuration: client.Configuration; until: number } | undefined;
  let discovery: Promise<client.Configuration> | undefined;

  const discover = async () => {
    try {
      const configuration = await discoverProvider(definition, name, fetch);
      current = { configuration, until: now() + METADATA_LIFE_MS };
      return configuration;
    } catch (error) {
      if (!current) throw error;
      current = { ...current, until: now() + RETRY_AFTER_FAILURE_MS };
      return current.configuration;
    } finally {
      discovery = undefined;
    }
  };

  return () => {
    if (current && current.until > now()) return Promise.resolve(current.configuration);
    discovery ??= discover();
    return discovery;
  };
}

async function discoverProvider(
  definition: ProviderDefinition,
  name: string,
  fetch: Fetch,
): Promise<client.Configuration> {
  try {
    const configuration = await client.discovery(
      new URL(definition.issuer),
      definition.clientId,
      clientMetadata(definition),
      authenticateClient(definition),
      {
        timeout: definition.timeoutMs / 1000,
        [client.customFetch]: fetch as client.CustomFetch,
        execute: usesHttp(definition) ? [client.allowInsecureRequests] : [],
      },
    );
    checkDiscovered(configuration.serverMetadata(), definition, name);
    return prepare(configuration, definition, fetch);
  } catch (error) {
    throw toProviderError(error, name, 'discovery');
  }
}

/** openid-client compares issuers as URLs; the specification, and every later check, as strings. */
function checkDiscovered(
  metadata: Readonly<client.ServerMetadata>,
  { issuer }: ProviderDefinition,
  name: string,
): void {
  if (metadata.issuer !== issuer) {
    throw new ProviderError(
      `Provider "${name}": the issuer it announces is not the configured one: expected ${issuer}, got ${JSON.stringify(metadata.issuer.slice(0, 200))}.`,
      { code: 'provider_invalid_response', provider: name },
    );
  }
  const required = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
  const optional = ['userinfo_endpoint', 'end_session_endpoint', 'revocation_endpoint'] as const;
  for (const endpoint of required) checkEndpoint(endpoint, metadata[endpoint], issuer);
  for (const endpoint of optional) {
    if (metadata[endpoint] !== undefined) checkEndpoint(endpoint, metadata[endpoint], issuer);
  }
}

function clientMetadata(definition: ProviderDefinition): Partial<client.ClientMetadata> {
  return {
    id_token_signed_response_alg: definition.identity.algorithm,
    [client.clockTolerance]: definition.clockToleranceSeconds,
  };
}

function authenticateClient({
  clientAuthentication,
  clientSecret,
  clientKey,
  quirks,
}: ProviderDefinition): client.ClientAuth {
  if (clientKey) return createKeyAuthentication(clientKey);
  const secret = clientSecret?.reveal() ?? '';
  if (clientAuthentication === 'client_secret_basic' && quirks.basicEncoding === 'raw')
    return createRawBasic(secret);
  if (clientAuthentication === 'client_secret_basic') return client.ClientSecretBasic(secret);
  if (clientAuthentication === 'client_secret_post') return client.ClientSecretPost(secret);
  return client.None();
}

function prepare(
  configuration: client.Configuration,
  definition: ProviderDefinition,
  fetch: Fetch,
): client.Configuration {
  configuration[client.customFetch] = fetch as client.CustomFetch;
  configuration.timeout = definition.timeoutMs / 1000;
  if (usesHttp(definition)) client.allowInsecureRequests(configuration);
  return configuration;
}

/** On loopback, as the options have been checked for. The issuer may be one elsewhere all the same. */
function usesHttp({ issuer, metadata }: ProviderDefinition): boolean {
  return [issuer, ...Object.values(metadata ?? {})].some((url) => String(url).startsWith('http:'));
}
