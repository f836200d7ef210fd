import { ConnectAuthError } from './errors.ts';

/** The login that an API asks for, as `req.auth.login()` takes it. */
export interface StepUpLogin {
  /** Authentication context classes that will do, the best first. */
  readonly acrValues?: readonly string[];
  /** The person must have proven who they are at most so many seconds ago, from 1. */
  readonly maxAgeSeconds?: number;
  /** Where the API asks for a proof made now, or does not say what it asks for. */
  readonly prompt?: 'login';
  /** Where there are several: whose login the API has refused. Any other would leave what it wants unasked. */
  readonly provider?: string;
}

/**
 * An API that `req.auth.fetch()` called wants a fresher or stronger login than the one behind the token. Code
 * `step_up_required`; answered by 401. `await req.auth.login(error.login)` begins that login, and so does
 * `app.use(loginOnError)` for all routes.
 *
 * @see [RFC 9470, section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)
 */
export class StepUpRequiredError extends ConnectAuthError {
  readonly login: StepUpLogin;

  /** @param api - the origin of the API. */
  constructor(api: string, login: StepUpLogin) {
    super(`The API at ${api} asks for another login: ${describe(login)}.`, {
      code: 'step_up_required',
      status: 401,
    });
    this.login = login;
  }
}

function describe({ acrValues, maxAgeSeconds }: StepUpLogin): string {
  const parts = [
    acrValues && `one of the classes ${acrValues.join(' ')}`,
    maxAgeSeconds !== undefined && `not older than ${maxAgeSeconds} seconds`,
  ].filter((part) => part !== undefined && part !== false);
  return parts.length > 0 ? parts.join(', ') : 'a new one';
}
