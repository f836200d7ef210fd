import { inspect } from 'node:util';
import type { Request } from 'express';
import { TokenError } from '../errors.ts';
import { BearerError } from '../guard-errors.ts';
import { hookFault } from '../hook-fault.ts';
import { checkFunction } from '../options/option-checks.ts';
import type { RequestAuth } from '../request-types.ts';
import { tellUnawaited } from '../tell-unawaited.ts';
import { createTokenCalls, type GetToken, type TokenCallsOptions } from './api-access.ts';
import type { BearerLogin } from './bearer-login.ts';
import type { RequestState } from './request-state.ts';

/** What `req.auth` of a bearer token is made of. */
export interface BearerAuthOptions extends Pick<TokenCallsOptions, 'providers' | 'apiOrigins' | 'callApi'> {
  readonly now: () => number;
}

/** Gives a request the person of its bearer token, as `req.user` and `req.auth`. It has no session all the same. */
export function attachBearer(req: Request, user: Express.User, auth: RequestAuth): void {
  for (const [name, value] of Object.entries({ user, auth }))
    Object.defineProperty(req, name, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * Makes `req.auth` of a bearer token. It calls APIs with the token that was presented; whatever concerns a session is
 * refused. Prints and serialises without the token.
 */
export function createBearerAuth(
  state: RequestState,
  login: BearerLogin,
  { providers, apiOrigins, callApi, now }: BearerAuthOptions,
): RequestAuth {
  const { services } = state;
  const { provider, issuer, claims, acr, amr, authTime, scopes, token, endsAt } = login;
  const tell = (fault: Parameters<typeof services.tell>[0]) => services.tell(fault, state);

  /** The guard has let it pass by this much: it must not be over for the handler behind. */
  const toleranceMs = (providers.get(provider)?.definition.clockToleranceSeconds ?? 0) * 1000;
  const getToken: GetToken = async ({ resource, exchange }) => {
    if (resource !== undefined || exchange !== undefined)
      throw new BearerError(
        'Another token needs a session; this request brought a bearer token, which is for one.',
        'session_required',
      );
    if (endsAt !== undefined && endsAt <= now() - toleranceMs)
      throw new TokenError('The bearer token has ended. Its client must bring another.', 'token_expired');
    return { accessToken: token };
  };
  const refuse = (call: string) => (): Promise<never> => {
    const fault = new BearerError(
      `${call} needs a session; this request brought a bearer token, which its client alone can give up.`,
      'session_required',
    );
    return tellUnawaited(Promise.reject<never>(fault), call, tell);
  };
  const describe = () => ({ isAuthenticated: true, kind: 'bearer', provider, issuer });

  const auth: RequestAuth = {
    ...{ kind: 'bearer', isAuthenticated: true, provider, issuer, claims, acr, amr, authTime, scopes },
    // They are those of a login that we began.
    capabilities: undefined,
    expiresAt: endsAt === undefined ? undefined : new Date(endsAt),
    tenant: services.tenant,
    login: refuse('req.auth.login()'),
    trySilentLogin: refuse('req.auth.trySilentLogin()'),
    logout: refuse('req.auth.logout()'),
    renew: refuse('req.auth.renew()'),
    onEnd: (callback) => onTokenEnd(state, endsAt === undefined ? undefined : endsAt - now(), callback),
    ...createTokenCalls(getToken, { providers, apiOrigins, callApi, now, tell, whoIs: () => login }),
  };
  Object.defineProperty(auth, 'toJSON', { value: describe });
  Object.defineProperty(auth, inspect.custom, { value: describe });
  return auth;
}

/** Longer ones would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls back when the token ends, unless the response has closed before. */
function onTokenEnd(
  { res, services, ...rest }: RequestState,
  lifeMs: number | undefined,
  callback: () => void,
) {
  checkFunction('onEnd(): callback', callback);
  if (lifeMs === undefined || lifeMs > MAX_TIMER_MS || res.destroyed) return () => undefined;
  const run = async () => {
    res.off('close', stop);
    await callback();
  };
  const timer = setTimeout(() => {
    run().catch((error: unknown) =>
      services.tell(hookFault('A callback of onEnd()', error), { ...rest, res }),
    );
  }, lifeMs);
  // A stream that waits keeps the process alive by itself.
  timer.unref();
  const stop = () => {
    clearTimeout(timer);
    res.off('close', stop);
  };
  res.once('close', stop);
  return stop;
}
