import { inspect } from 'node:util';
import { ConnectAuthError } from '../errors.ts';
import { LOGIN_PARAMETERS, LOGOUT_PARAMETERS, SILENT_LOGIN_PARAMETERS } from '../options/login-options.ts';
import { readOptions } from '../options/option-table.ts';
import { splitWords } from '../provider/split-words.ts';
import type { RequestAuth } from '../request-types.ts';
import { checkNotBegun } from '../session/cookies.ts';
import { toDate } from '../session/identity.ts';
import { tellUnawaited } from '../tell-unawaited.ts';
import type { RequestState } from './request-state.ts';
import { onSessionEnd } from './session-end.ts';

/** Makes `req.auth`. It reads the session as it stands at each moment: a login or logout shows at once. */
export function createRequestAuth(state: RequestState): RequestAuth {
  const { browser, services } = state;
  const identity = () => {
    if (browser.fault) throw browser.fault;
    return browser.identity;
  };
  const run = <T>(call: string, work: (call: string) => Promise<T>) =>
    tellUnawaited(work(call), call, (fault) => services.tell(fault, state));
  const describe = () => ({
    isAuthenticated: browser.identity !== undefined,
    provider: browser.identity?.provider,
    issuer: browser.identity?.issuer,
  });
  const auth: RequestAuth = {
    get kind() {
      return identity() && 'session';
    },
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
    get amr() {
      return identity()?.amr ?? [];
    },
    get authTime() {
      return toDate(identity()?.authTime);
    },
    get scopes() {
      return splitWords(identity()?.scope ?? '');
    },
    get expiresAt() {
      const end = identity()?.absoluteEnd;
      return end === undefined ? undefined : new Date(end);
    },
    get capabilities() {
      const who = identity();
      return who && services.capabilitiesOf(who);
    },
    login: (parameters = {}) =>
      run('req.auth.login()', (call) =>
        beforeResponse(state, call, () =>
          services.login(state, readOptions(call, parameters, LOGIN_PARAMETERS)),
        ),
      ),
    trySilentLogin: (parameters = {}) =>
      run('req.auth.trySilentLogin()', async (call) => {
        checkNotBegun(state.res, call);
        return services.trySilentLogin(state, readOptions(call, parameters, SILENT_LOGIN_PARAMETERS));
      }),
    // Not refused when it comes late: whatever else it cannot do any more, it ends the session.
    logout: (parameters = {}) =>
      run('req.auth.logout()', async (call) =>
        services.logout(state, readOptions(call, parameters, LOGOUT_PARAMETERS)),
      ),
    renew: () => run('req.auth.renew()', (call) => beforeResponse(state, call, () => renew(state))),
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
