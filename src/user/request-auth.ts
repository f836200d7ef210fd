import { inspect } from 'node:util';
import { ConnectAuthError } from '../errors.ts';
import { LOGIN_PARAMETERS, LOGOUT_PARAMETERS, SILENT_LOGIN_PARAMETERS } from '../options/login-options.ts';
import { readOptions } from '../options/option-table.ts';
import type { RequestAuth } from '../request-types.ts';
import { checkNotBegun } from '../session/cookies.ts';
import type { RequestState } from './request-state.ts';
import { onSessionEnd } from './session-end.ts';

/** Makes `req.auth`. It reads the session as it stands at each moment: a login or logout shows at once. */
export function createRequestAuth(state: RequestState): RequestAuth {
  const { browser, services } = state;
  const identity = () => {
    if (browser.fault) throw browser.fault;
    return browser.identity;
  };
  const describe = () => ({
    isAuthenticated: browser.identity !== undefined,
    provider: browser.identity?.provider,
    issuer: browser.identity?.issuer,
  });
  const auth: RequestAuth = {
    get isAuthenticated() {
      return identity() !== undefined;
    },
    tenant: services.tenant,
    get provider() {
      return identity()?.provider;
    },
    get issuer() {
      return identity()?.issuer;
    },
    get claims() {
      return identity()?.claims;
    },
    get acr() {
      return identity()?.acr;
    },
    get authTime() {
      const authTime = identity()?.authTime;
      return authTime === undefined ? undefined : new Date(authTime * 1000);
    },
    get expiresAt() {
      const end = identity()?.absoluteEnd;
      return end === undefined ? undefined : new Date(end);
    },
    login: (parameters = {}) =>
      beforeResponse(state, 'req.auth.login()', () =>
        services.login(state, readOptions('req.auth.login()', parameters, LOGIN_PARAMETERS)),
      ),
    trySilentLogin: async (parameters = {}) => {
      checkNotBegun(state.res, 'req.auth.trySilentLogin()');
      const where = 'req.auth.trySilentLogin()';
      return services.trySilentLogin(state, readOptions(where, parameters, SILENT_LOGIN_PARAMETERS));
    },
    // Not refused when it comes late: whatever else it cannot do any more, it ends the session.
    logout: async (parameters = {}) => {
      await services.logout(state, readOptions('req.auth.logout()', parameters, LOGOUT_PARAMETERS));
    },
    renew: () => beforeResponse(state, 'req.auth.renew()', () => renew(state)),
    onEnd: (callback) => onSessionEnd({ ...state, watch: services.watch }, callback),
    ...services.createApiAccess(state),
  };
  Object.defineProperty(auth, 'toJSON', { value: describe });
  Object.defineProperty(auth, inspect.custom, { value: describe });
  return auth;
}

/** A handler that does not wait for us sends its own response meanwhile: then ours has nowhere to go. */
async function beforeResponse({ res }: RequestState, call: string, work: () => Promise<void>): Promise<void> {
  checkNotBegun(res, call);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ConnectAuthError)) checkNotBegun(res, call);
    throw error;
  }
}

async function renew({ res, browser, services, appSession }: RequestState): Promise<void> {
  const data = appSession?.isOver() ? undefined : appSession?.readData();
  await services.sessions.renew(browser, res, data ?? browser.data ?? '{}');
}
