import {
  type ConnectAuthError,
  LoginError,
  ProviderError,
  readErrorDescription,
  readOauthError,
} from '../errors.ts';

/** The provider is away, or fails: nobody has cancelled or refused anything. */
const PASSING: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

/**
 * What an error that came to the callback means. Nobody has signed it: it ends no more than this login.
 *
 * @param answer - its parameters `error` and `error_description`, whatever they hold. The second is for the operator alone.
 * @param subject - begins the message, as in `Provider "default": the login`.
 * @see [RFC 6749, section 4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)
 */
export function readAuthorizationError(
  { error, description }: { error: unknown; description: unknown },
  { subject, provider, cause }: { subject: string; provider: string; cause?: unknown },
): ConnectAuthError {
  const oauthError = readOauthError(error);
  const oauthErrorDescription = readErrorDescription(description);
  const found = { oauthError, oauthErrorDescription, cause };
  const message = `${subject} was answered with the error ${oauthError ?? '(malformed)'}.`;
  if (oauthError !== undefined && PASSING.has(oauthError))
    return new ProviderError(message, { code: 'provider_unavailable', provider, ...found });
  // What was asked by acr_values cannot be met (OpenID Connect Unmet Authentication Requirements).
  const code = oauthError === 'unmet_authentication_requirements' ? 'login_insufficient' : 'login_denied';
  return new LoginError(message, { code, ...found });
}
