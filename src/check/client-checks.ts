import { LoginError, ProviderError } from '../errors.ts';
import type { Announced, RedirectAnswer } from '../provider/provider-examiner.ts';
import { type Check, failed, failedBy, passed, skipped, splitMessage, warned } from './check.ts';
import type { ProviderSubject } from './provider-checks.ts';

/** How providers refuse a code that nobody was given, once they believe who sent it. */
const REFUSES_CODE: ReadonlySet<string> = new Set(['invalid_grant', 'bad_verification_code', 'invalid_code']);
/** How they refuse a client. */
const REFUSES_CLIENT: ReadonlySet<string> = new Set([
  'invalid_client',
  'unauthorized_client',
  'incorrect_client_credentials',
  'bad_client_secret',
  'invalid_client_id',
  'access_denied',
]);

/** Has the client prove itself, for a code that nobody was given. */
export async function checkCredentials(subject: ProviderSubject): Promise<readonly Check[]> {
  const { name: provider, definition, examiner, redirectUri, tryCredentials } = subject;
  const name = 'provider.credentials';
  if (definition.implicit) return [skipped(name, 'The implicit flow exchanges nothing.', { provider })];
  if (redirectUri === undefined)
    return [skipped(name, 'routes.callback is false: this process begins no logins.', { provider })];
  if (!tryCredentials) return [skipped(name, 'It was not asked for.', { provider })];
  try {
    await examiner.tryCode(redirectUri);
  } catch (error) {
    return [judgeRefusal(error, subject)];
  }
  return [
    warned(name, 'It gave tokens for a code that was made up.', {
      provider,
      field: 'clientId',
      remedy: 'Ask the provider.',
    }),
  ];
}

function judgeRefusal(error: unknown, { name: provider, definition }: ProviderSubject): Check {
  const name = 'provider.credentials';
  const secret = definition.clientKey ? 'clientKey' : 'clientSecret';
  const oauthError = error instanceof ProviderError ? error.oauthError : undefined;
  if (oauthError !== undefined && REFUSES_CODE.has(oauthError)) {
    const who = definition.clientSecret || definition.clientKey ? 'the client and its proof' : 'the client';
    return passed(name, `It knows ${who}: a made-up code was refused as such (${oauthError}).`, { provider });
  }
  const isRefused = oauthError !== undefined && REFUSES_CLIENT.has(oauthError);
  if (isRefused || !(error instanceof ProviderError) || error.code !== 'provider_refused') {
    const { says, remedy } = splitMessage(error instanceof Error ? error.message : String(error));
    return failed(name, `${says}${quoteProvider(error)}`, {
      provider,
      field: secret,
      remedy: remedy ?? `Are clientId and ${secret} those of this provider, and of this application there?`,
    });
  }
  const { says } = splitMessage(error.message);
  const told = quoteProvider(error);
  return skipped(name, `It cannot be told from its answer to a made-up code. ${says}${told}`, { provider });
}

/** Its own words, from which what looks like a secret has been taken. */
function quoteProvider(error: unknown): string {
  const words = error instanceof ProviderError ? error.oauthErrorDescription : undefined;
  return words === undefined ? '' : ` The provider says: "${words}".`;
}

/** What a provider says to a browser that nobody is logged in with, and so knows client and address. */
const NOBODY_THERE: ReadonlySet<string> = new Set([
  'login_required',
  'interaction_required',
  'account_selection_required',
  'consent_required',
]);

/** Which option an error of the authorization request speaks of. */
const BY_ERROR: Readonly<Record<string, readonly [field: string, remedy: string]>> = {
  invalid_scope: ['scope', 'Correct scope, or let the provider allow it to this client.'],
  unauthorized_client: ['clientId', 'Allow this client the authorization code flow at the provider.'],
  unsupported_response_type: ['clientId', 'Allow this client the authorization code flow at the provider.'],
  invalid_request: [
    'authorizationParams',
    'Look at what authorizationParams add, and at what the provider demands.',
  ],
};

/** Asks for a login that shows no page: whether the redirect URI is registered shows in where that leads. */
export async function checkRedirectUri(
  subject: ProviderSubject,
  { authorization_endpoint: endpoint }: Announced['metadata'],
): Promise<readonly Check[]> {
  const { name: provider, definition, examiner, redirectUri } = subject;
  const name = 'provider.redirect-uri';
  const { capabilities, quirks, responseMode } = definition;
  if (redirectUri === undefined) return [];
  const isTold =
    capabilities.silentLogin && responseMode === 'query' && quirks.authorizationRequest === 'standard';
  if (!isTold || endpoint === undefined)
    return [skipped(name, `It cannot be told whether ${redirectUri} is registered.`, { provider })];
  try {
    return [judgeRedirect(await examiner.tryRedirect(redirectUri), subject, redirectUri)];
  } catch (error) {
    if (error instanceof LoginError) return [skipped(name, error.message, { provider })];
    return [
      failedBy(name, error, {
        provider,
        field: 'authorization_endpoint',
        remedy: 'Look whether browsers reach it.',
      }),
    ];
  }
}

function judgeRedirect(
  { status, error }: RedirectAnswer,
  { name: provider, definition }: ProviderSubject,
  redirectUri: string,
): Check {
  const name = 'provider.redirect-uri';
  const clientId = JSON.stringify(definition.clientId).slice(0, 100);
  if (error !== undefined && NOBODY_THERE.has(error))
    return passed(name, `${redirectUri} is registered for the client ${clientId}.`, { provider });
  if (error !== undefined) {
    const shown = error.slice(0, 64).replace(/[^ -~]/g, '?');
    const [field, remedy] = BY_ERROR[error] ?? [
      'authorizationParams',
      'Look for that error in its documentation.',
    ];
    return failed(name, `An authorization request is answered with the error ${shown}.`, {
      provider,
      field,
      remedy,
    });
  }
  if (status >= 400 && status < 500 && status !== 429) {
    return failed(name, `It refuses an authorization request (status ${status}), and sends nobody back.`, {
      provider,
      field: 'clientId',
      remedy: `Register ${redirectUri} there, to the letter, for the client ${clientId}; look whether the client exists.`,
    });
  }
  return skipped(name, `It cannot be told whether ${redirectUri} is registered (status ${status}).`, {
    provider,
  });
}
