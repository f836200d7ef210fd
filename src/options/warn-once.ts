import { ApplicationError } from '../application-errors.ts';
import { type ConnectAuthError, LoginError, type ProviderError } from '../errors.ts';
import type { Hooks } from '../events.ts';

/** In place of `onError`: the faults that an operator should mend are said once of each kind. */
export function warnOnce(): Hooks['onError'] {
  const said = new Set<string>();
  return ({ error, during, reference }) => {
    if (error.status < 500 && !(error instanceof LoginError && error.needsOperator)) return;
    const kind = `${error.code}, during ${during}`;
    const { provider, fault, oauthErrorDescription: told } = error as Partial<ProviderError>;
    const key = [kind, provider, fault?.member, fault?.option].join();
    if (said.has(key)) return;
    said.add(key);
    const words = told === undefined ? '' : ` The provider says: "${told}".`;
    const text = `${error.message}${words}${describeReason(error)} (${kind}, reference ${reference}; set onError to be told of each.)`;
    process.emitWarning(text, {
      type: 'ConnectAuthWarning',
      code: 'CONNECT_AUTH_FAULT',
      ...detailOf(error),
    });
  };
}

function describeReason(error: ConnectAuthError): string {
  if (error instanceof ApplicationError || !(error.cause instanceof Error)) return '';
  const { message } = error.cause;
  return error.message.includes(message) ? '' : ` Cause: ${message}.`;
}

/** What the application threw is printed as Express prints what a handler throws: it is the application's own. */
function detailOf(error: ConnectAuthError): { detail?: string } {
  const thrown = error instanceof ApplicationError ? error.cause : undefined;
  return thrown instanceof Error && thrown.stack ? { detail: thrown.stack } : {};
}
