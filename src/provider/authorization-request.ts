import type * as client from 'openid-client';
import { ConfigurationError, LoginError, ProviderError } from '../errors.ts';
import { hash } from '../keys.ts';
import type {
  AuthorizationDetail,
  ProviderCapabilities,
  ProviderDefinition,
} from '../provider-definition.ts';
import { buildRequestUrl, type RequestUrlOptions } from './request-url.ts';
import { splitWords } from './split-words.ts';

/** What binds an answer to its login: nobody else may know them. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** What one login asks of the provider. */
export interface LoginRequest {
  readonly secrets: LoginSecrets;
  readonly redirectUri: string;
  readonly prompt?: string | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly acrValues?: readonly string[] | undefined;
  readonly loginHint?: string | undefined;
  readonly uiLocales?: string | undefined;
  /** What it asks to be allowed, in place of what each login asks for. */
  readonly authorizationDetails?: readonly AuthorizationDetail[] | undefined;
  /** What else the provider takes; nothing of it replaces what the protocol says. */
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** The ID token of the session that a silent login is about. */
  readonly idTokenHint?: string | undefined;
  /** Wraps the state for a popup of the provider's own. */
  readonly wrapState?: ((state: string) => string) | undefined;
}

/** What must be kept, secret and bound to the browser, until the provider answers. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string | undefined;
  readonly codeVerifier: string | undefined;
  readonly redirectUri: string;
  readonly maxAgeSeconds?: number | undefined;
  readonly acrValues?: readonly string[] | undefined;
}

/**
 * Makes the authorization request of a login and what its answer will be checked against. Where it is pushed, the provider
 * is told of it here, once.
 *
 * @throws ProviderError `provider_unsupported` for a silent login at a provider that has none; LoginError
 * `login_insufficient` where no login of this provider can prove what is asked.
 */
export async function createAuthorizationRequest(
  configuration: client.Configuration,
  request: LoginRequest,
  { name, definition, readKeys }: RequestUrlOptions & { readonly name: string },
): Promise<{ url: URL; checks: LoginChecks }> {
  const { quirks, capabilities } = definition;
  const prompt = request.prompt ?? definition.authorizationParams.prompt;
  if (prompt && splitWords(prompt).includes('none') && !capabilities.silentLogin) {
    throw new ProviderError(`Provider "${name}" has no silent login: prompt=none shows its sign-in page.`, {
      code: 'provider_unsupported',
      provider: name,
    });
  }
  const { max_age: maxAge, acr_values: acrValues } = definition.authorizationParams;
  const checks = createLoginChecks(definition, {
    secrets: request.secrets,
    redirectUri: request.redirectUri,
    // What the options ask for at each login is checked as well.
    maxAgeSeconds: request.maxAgeSeconds ?? (maxAge === undefined ? undefined : Number(maxAge)),
    acrValues: request.acrValues ?? (acrValues === undefined ? undefined : splitWords(acrValues)),
  });
  checkProvable(checks, capabilities, name);
  const params = buildParams(definition, request, checks);
  if (params.state!.length > quirks.maxStateLength) {
    throw new ConfigurationError(
      `Provider "${name}" takes a state of ${quirks.maxStateLength} characters; this one has ${params.state!.length}. Is the page's origin very long?`,
    );
  }
  const all = addResources(params, definition);
  return { url: await buildRequestUrl(configuration, all, { definition, readKeys }), checks };
}

/** What the answer to a login will be checked against: the same at its beginning and at its callback. */
export function createLoginChecks(
  { quirks, implicit }: ProviderDefinition,
  {
    secrets: { state, nonce, codeVerifier },
    ...asked
  }: Pick<LoginRequest, 'secrets' | 'redirectUri' | 'maxAgeSeconds' | 'acrValues'>,
): LoginChecks {
  const usesPkce = quirks.pkce !== 'none' && !implicit;
  return {
    state,
    nonce: quirks.nonce ? nonce : undefined,
    codeVerifier: usesPkce ? codeVerifier : undefined,
    redirectUri: asked.redirectUri,
    maxAgeSeconds: asked.maxAgeSeconds,
    acrValues: asked.acrValues,
  };
}

/** Before the person is sent anywhere: what a provider never tells, no login will prove. */
function checkProvable(
  { maxAgeSeconds, acrValues }: LoginChecks,
  { authTime, acr }: ProviderCapabilities,
  name: string,
): void {
  const lacks = [
    ...(maxAgeSeconds !== undefined && !authTime ? ['when a person proved who they are (auth_time)'] : []),
    ...(acrValues !== undefined && !acr ? ['how they did it (acr)'] : []),
  ];
  if (lacks.length === 0) return;
  throw new LoginError(
    `Provider "${name}" cannot prove what was asked: it does not say ${lacks.join(' and ')}.`,
    {
      code: 'login_insufficient',
    },
  );
}

/** Everything the authorization request says; a definition's own parameters cannot replace any of it. */
function buildParams(
  definition: ProviderDefinition,
  request: LoginRequest,
  checks: LoginChecks,
): Record<string, string> {
  const { quirks } = definition;
  const details = request.authorizationDetails ?? definition.authorizationDetails;
  const params = {
    ...definition.authorizationParams,
    ...request.params,
    authorization_details: details && JSON.stringify(details),
    id_token_hint: request.idTokenHint,
    prompt: request.prompt,
    max_age: request.maxAgeSeconds?.toString(),
    acr_values: request.acrValues?.join(' '),
    login_hint: request.loginHint,
    ui_locales: request.uiLocales,
    response_type: definition.implicit ? 'id token token' : undefined,
    response_mode: definition.responseMode === 'query' ? undefined : definition.responseMode,
    scope: quirks.authorizationRequest === 'bare' ? undefined : writeScope(definition),
    redirect_uri: checks.redirectUri,
    state: request.wrapState ? request.wrapState(checks.state) : checks.state,
    nonce: checks.nonce,
    code_challenge: checks.codeVerifier && hash(checks.codeVerifier),
    code_challenge_method: checks.codeVerifier && quirks.pkce,
  };
  // An application's parameter goes where the login itself says nothing.
  const own = Object.entries(params).map(([name, value]) => [
    name,
    value ?? definition.authorizationParams[name],
  ]);
  return Object.fromEntries(own.filter(([, value]) => value !== undefined));
}

/**
 * Each resource is a parameter of its own.
 *
 * @see [RFC 8707, section 2.1](https://www.rfc-editor.org/rfc/rfc8707#section-2.1)
 */
function addResources(
  params: Readonly<Record<string, string>>,
  { resource = [] }: ProviderDefinition,
): URLSearchParams {
  const all = new URLSearchParams(params);
  if (resource.length > 0) all.delete('resource');
  for (const each of resource) all.append('resource', each);
  return all;
}

/** None at all is another thing than an empty one. */
function writeScope({ scope, quirks }: ProviderDefinition): string | undefined {
  return scope === '' ? undefined : splitWords(scope).join(quirks.scopeSeparator);
}
