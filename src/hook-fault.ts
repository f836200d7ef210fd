import { ConnectAuthError } from './errors.ts';

/**
 * What code of the application threw, where that changes nothing: code `unexpected`. Its message says whose fault it is,
 * which the description of what was thrown does not. One of our own errors stays as it is.
 *
 * @param hook - the function as the application knows it, such as `onLogout`.
 */
export function hookFault(hook: string, thrown: unknown): ConnectAuthError {
  if (thrown instanceof ConnectAuthError) return thrown;
  return new ConnectAuthError(`${hook} of the application threw.`, {
    code: 'unexpected',
    status: 500,
    cause: thrown,
  });
}
