import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import { type ConnectAuthError, ProviderError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { createConflictTeller } from './announcements.ts';
import type { Fetch } from './bounded-fetch.ts';
import { placeEndpoints } from './certificate-endpoints.ts';
import { discover } from './discovery.ts';
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
  /** Asks the same provider through another fetch; of a callback, `iss` is looked at by us. */
  askThrough<Answer>(
    configuration: client.Configuration,
    fetch: Fetch,
    ask: (own: client.Configuration) => Promise<Answer>,
  ): Promise<Answer>;
}

/** What a source needs beside the definition. */
export interface ConfigurationSourceOptions {
  /** The provider's name in the options. */
  readonly name: string;
  readonly fetch: Fetch;
  readonly monotonic: Clock;
  readonly authenticate: client.ClientAuth;
  /** Told of what is announced otherwise than it is configured. */
  readonly reportFault: (fault: ConnectAuthError) => void;
}

/**
 * Parallel callers share one discovery. A failure is told to those who waited for it and is not kept: the next
 * caller tries again.
 */
export function createConfigurationSource(
  definition: ProviderDefinition,
  { name, fetch, monotonic, authenticate, reportFault }: ConfigurationSourceOptions,
): ConfigurationSource {
  const configure = (metadata: client.ServerMetadata, by: Fetch) =>
    prepare(
      new client.Configuration(
        placeEndpoints(metadata, definition),
        definition.clientId,
        undefined,
        authenticate,
      ),
      definition,
      by,
    );
  const askThrough = createSpareConfigurations((metadata) =>
    configure({ ...metadata, authorization_response_iss_parameter_supported: false }, fetch),
  );

  if (definition.metadata) {
    const configuration = configure({ issuer: definition.issuer, ...definition.metadata }, fetch);
    return { find: async () => configuration, askThrough };
  }

  const tellConflicts = createConflictTeller(definition, { name, tell: reportFault });
  let current: { configuration: client.Configuration; until: number } | undefined;
  let discovery: Promise<client.Configuration> | undefined;
  let failures = { count: 0, since: Number.NEGATIVE_INFINITY };

  const areLooksUsedUp = () =>
    failures.count >= STRANGER_LOOKS && monotonic() - failures.since < STRANGER_LOOKS_MS;
  const countFailure = () => {
    const isRecent = monotonic() - failures.since < STRANGER_LOOKS_MS;
    failures = isRecent ? { ...failures, count: failures.count + 1 } : { count: 1, since: monotonic() };
  };

  const look = async () => {
    try {
      const discovered = await discover(definition, fetch);
      const configuration = configure(discovered.metadata, fetch);
      current = { configuration, until: monotonic() + METADATA_LIFE_MS };
      tellConflicts(discovered);
      return configuration;
    } catch (error) {
      if (!current) {
        countFailure();
        throw toProviderError(error, name, 'discovery');
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
      discovery ??= look();
      return discovery;
    },
    askThrough,
  };
}

/** To make one is to copy all metadata twice: those of requests that have been answered serve the next ones. */
function createSpareConfigurations(
  configure: (metadata: client.ServerMetadata) => client.Configuration,
): ConfigurationSource['askThrough'] {
  const sparesOf = new WeakMap<client.Configuration, client.Configuration[]>();
  return async (configuration, fetch, ask) => {
    const spares = sparesOf.get(configuration) ?? [];
    sparesOf.set(configuration, spares);
    const own = spares.pop() ?? configure(configuration.serverMetadata());
    own[client.customFetch] = fetch as client.CustomFetch;
    try {
      return await ask(own);
    } finally {
      spares.push(own);
    }
  };
}

function prepare(
  configuration: client.Configuration,
  definition: ProviderDefinition,
  fetch: Fetch,
): client.Configuration {
  configuration[client.customFetch] = fetch as client.CustomFetch;
  // Our fetch bounds each call.
  configuration.timeout = 0;
  if (usesHttp(definition)) client.allowInsecureRequests(configuration);
  // The library copies it for whoever looks at it, which happens several times in a login.
  const metadata = Object.freeze(configuration.serverMetadata());
  return Object.defineProperty(configuration, 'serverMetadata', { value: () => metadata });
}

/** Where that is opened on purpose or on loopback: each endpoint has been checked for it by itself. */
function usesHttp({ issuer, metadata, dangerouslyAllowHttp }: ProviderDefinition): boolean {
  const addresses = [issuer, ...Object.values(metadata ?? {})];
  return dangerouslyAllowHttp.size > 0 || addresses.some((url) => String(url).startsWith('http:'));
}
