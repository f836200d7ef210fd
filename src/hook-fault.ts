import { ApplicationError } from './application-errors.ts';
import { ConnectAuthError } from './errors.ts';

/**
 * What code of the application threw: our error says whose fault it is, and carries what was thrown as its `cause`. One of
 * our own errors stays as it is.
 *
 * @param hook - the function as the application knows it, such as `onLogout`.
 */
export function hookFault(hook: string, thrown: unknown): ConnectAuthError {
  return thrown instanceof ConnectAuthError ? thrown : new ApplicationError(hook, thrown);
}
