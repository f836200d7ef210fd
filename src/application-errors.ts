import { ConnectAuthError, LoginError } from './errors.ts';

/**
 * A function of the application threw, and not to refuse: code `unexpected`. `cause` is what it threw, as it is: it is
 * the application's, and may hold what the application put there. Status 500, or the 5xx that the thrown error names.
 */
export class ApplicationError extends ConnectAuthError {
  /** The function as the application knows it, such as `mapUser`. */
  readonly hook: string;
  declare readonly cause: unknown;

  constructor(hook: string, thrown: unknown) {
    super(`${hook} of the application threw.`, { code: 'unexpected', status: findStatus(thrown) });
    this.hook = hook;
    Object.defineProperty(this, 'cause', { value: thrown, configurable: true, writable: true });
  }
}

/** What may be said with a refusal. */
export interface LoginRefusedOptions {
  /** What the person reads on the page that refuses them. @default that this account cannot be used here */
  publicMessage?: string;
}

/**
 * Refuses a login: thrown or returned by `mapUser` and `onLogin`. Code `login_refused`, answered by 403. The message is
 * for `onError` alone.
 *
 * `throw new LoginRefused('not invited', { publicMessage: 'Ask your team for an invitation.' })`
 */
export class LoginRefused extends LoginError {
  /** What the person reads; `undefined`: the words of our page. */
  readonly publicMessage: string | undefined;

  constructor(message = 'The application refused the login.', options: LoginRefusedOptions = {}) {
    super(message, { code: 'login_refused' });
    this.publicMessage = options.publicMessage;
  }
}

/** An outage that the application names as one stays one; nothing else of an error decides over ours. */
function findStatus(thrown: unknown): number {
  const { status, statusCode } = (thrown ?? {}) as { status?: unknown; statusCode?: unknown };
  const given = status ?? statusCode;
  return typeof given === 'number' && Number.isInteger(given) && given >= 500 && given <= 599 ? given : 500;
}
