import { randomBytes } from 'node:crypto';
import * as client from 'openid-client';
import type { Clock } from '../clock.ts';
import type { ConnectAuthError } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { createAuthorizationRequest } from './authorization-request.ts';
import { createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { createClientProof } from './client-authentication.ts';
import { createConfigurationSource } from './configuration.ts';
import { createKeySet, type PublishedKeys } from './key-set.ts';
import type { ProviderSettings } from './provider.ts';
import { toProviderError } from './provider-faults.ts';
import { createProviderFetch } from './provider-fetch.ts';
import { createSecretReaders } from './secret-reader.ts';
import { toResponse } from './whole-answer.ts';

/** What a provider says of itself, and what of it is not as it is configured. */
export interface Announced {
  readonly metadata: Readonly<client.ServerMetadata>;
  /** `provider_conflict` each. */
  readonly conflicts: readonly ConnectAuthError[];
}

/** How a provider answered to an authorization request that nobody has to answer. */
export interface RedirectAnswer {
  readonly status: number;
  /** The `error` with which the browser was sent back to the redirect URI; `undefined`: it was not sent there. */
  readonly error: string | undefined;
}

/** Asks a provider what can be asked without a person. */
export interface ProviderExaminer {
  /** Discovers it anew. @throws ProviderError */
  discover(): Promise<Announced>;
  /** Fetches its keys anew. @throws ProviderError */
  fetchKeys(address: string): Promise<PublishedKeys['keys']>;
  /**
   * Exchanges a code that nobody was given: whether the client proves itself shows in how that is refused.
   *
   * @throws ProviderError, as at a login.
   */
  tryCode(redirectUri: string): Promise<void>;
  /** Asks for a login with `prompt=none`, as a browser that nobody is logged in with. @throws ProviderError */
  tryRedirect(redirectUri: string): Promise<RedirectAnswer>;
  /** How far its clock is ahead of ours by the `Date` of its last answer, in milliseconds, exact to half a second and the time of that answer. */
  clockOffsetMs(): number | undefined;
}

/** Makes one, which shares nothing with the provider at work: what it does and finds changes nothing there. */
export function createProviderExaminer(
  definition: ProviderDefinition,
  { name, now, monotonic, fetch, diagnostics }: Omit<ProviderSettings, 'reportFault'>,
): ProviderExaminer {
  const conflicts: ConnectAuthError[] = [];
  const dated = createDatedFetch(fetch, now);
  let metadata: Readonly<client.ServerMetadata> | undefined;
  const providerFetch = createProviderFetch(definition, {
    ...{ name, monotonic, diagnostics },
    endpoints: () => metadata as never,
    fetch: dated.fetch,
    verifyUserInfo: refuseToAsk,
    verifyIntrospection: refuseToAsk,
  });
  const readers = createSecretReaders(definition, { name, monotonic });
  const { authenticate, advise } = createClientProof(definition, readers);
  const configurations = createConfigurationSource(definition, {
    ...{ name, monotonic, authenticate, fetch: providerFetch },
    reportFault: (conflict) => void conflicts.push(conflict),
  });
  const configure = async () => {
    const configuration = await configurations.find();
    metadata = configuration.serverMetadata();
    return configuration;
  };
  const asProviderError = (doing: string) => (error: unknown) => {
    throw toProviderError(error, name, doing, advise(metadata ?? {}));
  };
  const bounded = createBoundedFetch({ timeoutMs: definition.timeoutMs, fetch: dated.fetch });

  return {
    discover: async () => ({ metadata: (await configure()).serverMetadata(), conflicts }),

    fetchKeys: async (address) => {
      const keySet = createKeySet(new URL(address), {
        ...{ name, monotonic },
        fetch: (url, options) => bounded(url, options).then(toResponse),
      });
      const { keys } = await keySet.fetchKeys().catch(asProviderError('its keys'));
      return keys;
    },

    tryCode: async (redirectUri) => {
      const configuration = await configure();
      const grant = {
        code: `connect-auth-check-${randomText()}`,
        redirect_uri: redirectUri,
        ...(definition.quirks.pkce === 'none' ? {} : { code_verifier: randomText() }),
      };
      await client
        .genericGrantRequest(configuration, 'authorization_code', grant)
        .catch(asProviderError('the token request'));
    },

    tryRedirect: async (redirectUri) => {
      const secrets = { state: randomText(), nonce: randomText(), codeVerifier: randomText() };
      const request = { secrets, redirectUri, prompt: 'none' };
      const { url } = await createAuthorizationRequest(await configure(), request, {
        ...{ name, definition, readKeys: readers.readKeys },
      }).catch(asProviderError('the authorization request'));
      const response = await bounded(url.href, { method: 'GET', headers: { accept: 'text/html' } }).catch(
        asProviderError('the authorization request'),
      );
      return { status: response.status, error: readError(response, redirectUri) };
    },

    clockOffsetMs: dated.offsetMs,
  };
}

function randomText(): string {
  return randomBytes(32).toString('base64url');
}

function readError({ headers }: Pick<Response, 'headers'>, redirectUri: string): string | undefined {
  const location = headers.get('location') ?? '';
  if (!URL.canParse(location)) return undefined;
  const { origin, pathname, searchParams } = new URL(location);
  const target = new URL(redirectUri);
  if (origin !== target.origin || pathname !== target.pathname) return undefined;
  return searchParams.get('error') ?? undefined;
}

/** Notes the `Date` of each answer. One that lay in a cache tells nothing. */
function createDatedFetch(fetch: Fetch, now: Clock): { fetch: Fetch; offsetMs: () => number | undefined } {
  let offset: number | undefined;
  return {
    offsetMs: () => offset,
    fetch: async (url, options) => {
      const before = now();
      const response = await fetch(url, options);
      const date = Date.parse(response?.headers?.get('date') ?? '');
      // Seconds are cut off, not rounded.
      if (!Number.isNaN(date) && !response.headers.has('age')) offset = date + 500 - (before + now()) / 2;
      return response;
    },
  };
}

function refuseToAsk(): Promise<never> {
  return Promise.reject(new Error('It is not asked.'));
}
