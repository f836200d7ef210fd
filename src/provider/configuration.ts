import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { Fetch } from './bounded-fetch.ts';
import { createKeyAuthentication } from './client-key.ts';
import { checkEndpoint } from './preset-options.ts';
import { toProviderError } from './provider-faults.ts';

/** Discovered metadata is looked up again after an hour; while that fails, the old one serves. */
const METADATA_LIFE_MS = 3_600_000;
const RETRY_AFTER_FAILURE_MS = 60_000;
/** While a provider that we have not met fails, strangers cause so many looks in that time. */
const STRANGER_LOOKS = 2;
const STRANGER_LOOKS_MS = 5_000;

/** openid-client's configuration of a provider. */
export interface ConfigurationSource {
  /**
   * Gives it, discovering the provider when it is first needed.
   *
   * @param choice - `byStranger`: for a request that anybody can send, and repeat, without leaving for the provider.
   * @throws ProviderError when that fails.
   */
  find(choice?: { byStranger: boolean }): Promise<client.Configuration>;
  /** The same provider, asked through another fetch. */
  withFetch(configuration: client.Configuration, fetch: Fetch): client.Configuration;
}

/**
 * Parallel callers share one discovery. A failure is told to those who waited for it and is not kept: the next
 * caller tries again.
 */
export function createConfigurationSource(
  definition: ProviderDefinition,
  { name, fetch, monotonic }: { name: string; fetch: Fetch; monotonic: Clock },
): ConfigurationSource {
  const authentication = authenticateClient(definition);
  const configure = (metadata: client.ServerMetadata, by: Fetch) =>
    prepare(
      new client.Configuration(metadata, definition.clientId, undefined, authentication),
      definition,
      by,
    );
  const withFetch: ConfigurationSource['withFetch'] = (configuration, by) =>
    configure(configuration.serverMetadata(), by);

  if (definition.metadata) {
    const configuration = configure({ issuer: definition.issuer, ...definition.metadata }, fetch);
    return { find: async () => configuration, withFetch };
  }

  let current: { configuration: client.Configuration; until: number } | undefined;
  let discovery: Promise<client.Configuration> | undefined;
  let failures = { count: 0, since: Number.NEGATIVE_INFINITY };

  const areLooksUsedUp = () =>
    failures.count >= STRANGER_LOOKS && monotonic() - failures.since < STRANGER_LOOKS_MS;
  const countFailure = () => {
    const isRecent = monotonic() - failures.since < STRANGER_LOOKS_MS;
    failures = isRecent ? { ...failures, count: failures.count + 1 } : { count: 1, since: monotonic() };
  };

  const discover = async () => {
    try {
      const configuration = await discoverProvider(definition, { name, fetch, authentication });
      current = { configuration, until: monotonic() + METADATA_LIFE_MS };
      return configuration;
    } catch (error) {
      if (!current) {
        countFailure();
        throw error;
      }
      current = { ...current, until: monotonic() + RETRY_AFTER_FAILURE_MS };
      return current.configuration;
    } finally {
      discovery = undefined;
    }
  };

  return {
    find: async ({ byStranger } = { byStranger: false }) => {
      if (current && current.until > monotonic()) return current.configuration;
      if (byStranger && !current && !discovery && areLooksUsedUp()) {
        throw new ProviderError(`Provider "${name}" has just failed discovery.`, {
          code: 'provider_unavailable',
          provider: name,
        });
      }
      discovery ??= discover();
      return discovery;
    },
    withFetch,
  };
}

async function discoverProvider(
  definition: ProviderDefinition,
  { name, fetch, authentication }: { name: string; fetch: Fetch; authentication: client.ClientAuth },
): Promise<client.Configuration> {
  try {
    const configuration = await client.discovery(
      new URL(definition.issuer),
      definition.clientId,
      undefined,
      authentication,
      {
        timeout: definition.timeoutMs / 1000,
        [client.customFetch]: fetch as client.CustomFetch,
        execute: usesHttp(definition) ? [client.allowInsecureRequests] : [],
      },
    );
    checkDiscovered(configuration.serverMetadata(), definition, name);
    return prepare(configuration, definition, fetch);
  } catch (error) {
    const announced = findAnnouncedIssuer(error);
    if (announced !== undefined) throw otherIssuer(announced, definition, name);
    throw toProviderError(error, name, 'discovery');
  }
}

/** What openid-client found in place of the configured issuer; `undefined`: it failed for another reason. */
function findAnnouncedIssuer(error: unknown): string | undefined {
  for (let link = error, depth = 0; link && depth < 4; link = (link as Error).cause, depth += 1) {
    const { attribute, body } = link as { attribute?: unknown; body?: { issuer?: unknown } };
    if (attribute === 'issuer' && typeof body?.issuer === 'string') return body.issuer;
  }
  return undefined;
}

function otherIssuer(announced: string, { issuer }: ProviderDefinition, name: string): ProviderError {
  return new ProviderError(
    `Provider "${name}": the issuer it announces is not the configured one: expected ${issuer}, got ${JSON.stringify(announced.slice(0, 200))}.`,
    { code: 'provider_invalid_response', provider: name },
  );
}

/** openid-client compares issuers as URLs; the specification, and every later check, as strings. */
function checkDiscovered(
  metadata: Readonly<client.ServerMetadata>,
  definition: ProviderDefinition,
  name: string,
): void {
  const { issuer } = definition;
  if (metadata.issuer !== issuer) throw otherIssuer(metadata.issuer, definition, name);
  const required = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
  const optional = ['userinfo_endpoint', 'end_session_endpoint', 'revocation_endpoint'] as const;
  for (const endpoint of required) checkEndpoint(endpoint, metadata[endpoint], issuer);
  for (const endpoint of optional) {
    if (metadata[endpoint] !== undefined) checkEndpoint(endpoint, metadata[endpoint], issuer);
  }
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

/**
 * HTTP Basic with `id:secret` as they are. RFC 6749, section 2.3.1 wants both form-encoded, which turns the hyphens of
 * a client id into `%2D`; a server that compares the bytes refuses that. The body names the client as well.
 */
function createRawBasic(secret: string): client.ClientAuth {
  return (_server, { client_id: clientId }, body, headers) => {
    body.set('client_id', clientId);
    const credentials = Buffer.from(`${clientId}:${secret}`).toString('base64');
    headers.set('authorization', `Basic ${credentials}`);
  };
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
