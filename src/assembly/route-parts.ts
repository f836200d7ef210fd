import { LoginRefused } from '../application-errors.ts';
import { createApplicationKeys } from '../keys.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createBackchannelLogout } from '../routes/backchannel-logout.ts';
import { createCallback } from '../routes/callback.ts';
import { createFrontchannelLogout } from '../routes/frontchannel-logout.ts';
import { createGlobalTokenRevocation } from '../routes/global-token-revocation.ts';
import { createInitiatedLogin } from '../routes/initiated-login.ts';
import { createJwksRoute } from '../routes/jwks-route.ts';
import { createKeptFormRoute } from '../routes/kept-form-route.ts';
import { createKeptForms } from '../routes/kept-forms.ts';
import { createLogin } from '../routes/login.ts';
import { createLogout } from '../routes/logout.ts';
import { createLogoutReturns } from '../routes/logout-returns.ts';
import { createPendingLogins } from '../routes/pending-logins.ts';
import { createRevocation } from '../routes/revocation.ts';
import { createRouteTable } from '../routes/route-table.ts';
import { createSessionRoute } from '../routes/session-route.ts';
import { createSilentMarks } from '../routes/silent-marks.ts';
import type { BrowserSession } from '../session/browser-session.ts';
import type { Sealer } from '../vault/sealer.ts';
import type { AnswerParts } from './answer-parts.ts';
import { isInMemory } from './create-store.ts';
import type { Surroundings } from './join-parts.ts';
import type { SessionParts, SessionPartsOptions } from './session-parts.ts';

/** What the routes are made of. */
export interface RoutePartsOptions
  extends Pick<Surroundings, 'store' | 'metrics' | 'processId'>,
    Omit<SessionPartsOptions, 'reportError'>,
    AnswerParts {
  readonly sealer: Sealer;
  readonly sessionParts: SessionParts;
}

/** Makes our routes, and joins them. */
export function createRouteParts(options: ResolvedOptions, given: RoutePartsOptions) {
  const { store, processId, keys, sealer, vault, providers, sessionParts, diagnostics } = given;
  const { urls, answers, sendPage, readReturnAddress, hostNames, ownOrigins } = given;
  const { sessions, userSessions, readIdentity, ending, upkeep, describeLogin } = sessionParts;
  const { cookie, rememberedProvider, idleTimeoutMs, traceLogout } = sessionParts;
  const { hooks, secrets, https, origin, mapUser, loginParameters, clearSiteData } = options;
  const { now, monotonic } = options.clocks;
  const { cookieName, cookiePath, describe } = options.session;

  const pendingLogins = createPendingLogins({
    store,
    secrets,
    // A login that began in the memory of one process cannot be finished by another, and must not go round.
    keys: createApplicationKeys(options.application + (isInMemory(options) ? processId : '')),
    cookieName,
    cookiePath,
    https,
    now,
  });
  const { redirect } = answers;
  const logoutReturns = createLogoutReturns({
    urls,
    readReturnAddress,
    sendPage,
    redirect,
    cookieName,
    cookiePath,
    https,
  });
  const revocation = createRevocation(providers, vault, answers);
  const silentMarks = createSilentMarks({ cookieName, cookiePath, https, now });
  const parts = {
    providers,
    pendingLogins,
    sessions,
    vault,
    readReturnAddress,
    urls,
    answers,
    revocation,
    rememberedProvider,
    ownOrigins,
    silentMarks,
  };
  /** Only a hint: a login begins whatever the store does. */
  const readIdToken = async ({ id }: BrowserSession) => {
    const tokens = id === undefined ? undefined : await vault.read(id).catch(() => undefined);
    return tokens?.idToken;
  };
  const login = createLogin({
    ...{ ...parts, readIdToken, hostNames, loginParameters, origin, diagnostics, now },
  });
  const logout = createLogout({
    ...{ ...parts, logoutReturns, origin, clearSiteData, traceLogout },
    logoutPath: options.routes.logout,
  });
  const keptForms = createKeptForms({ store, sealer, keys, cookieName, cookiePath, https, now });
  const keptForm = createKeptFormRoute({ ...parts, keptForms, startLogin: login.start, now });
  const keepsForms = options.routes.keptForm !== false;
  const onLogin: typeof hooks.onLogin = async (event) => {
    const refusal = await hooks.onLogin(event);
    // Whatever else it returns lets the login pass.
    if (refusal instanceof LoginRefused) return refusal;
    if (keepsForms) keptForms.noteLogin(event);
    const { provider, issuer, missingScopes } = event;
    diagnostics.tell('login.finished', () => ({ provider, issuer, missingScopes: missingScopes.length }));
    return refusal;
  };
  const callback = createCallback({
    ...{ ...parts, mapUser, describeLogin, describe, now, monotonic },
    startLogin: login.start,
    hooks: { ...hooks, onLogin },
  });
  const findRoute = createRouteTable(
    options,
    {
      login: login.route,
      logout: logout.route,
      callback: (req, res, browser, provider) =>
        diagnostics.trace(
          'callback',
          () => ({ provider }),
          () => callback.route(req, res, browser, provider),
        ),
      keptForm: keptForm.route,
      jwks: createJwksRoute({ providers, answers, monotonic }),
      backchannelLogout: createBackchannelLogout({ ...parts, userSessions, store, keys, now, monotonic }),
      globalTokenRevocation: createGlobalTokenRevocation({
        ...{ ...parts, userSessions, store, keys, now, monotonic },
        url: `${options.baseUrl}${options.routes.globalTokenRevocation}`,
      }),
      initiateLogin: createInitiatedLogin({
        ...{ ...parts, startLogin: login.start },
        path: `${options.basePath}${options.routes.initiateLogin}`,
      }),
      frontchannelLogout: createFrontchannelLogout({ providers, userSessions, sendPage, now }),
      signedOut: logoutReturns.route,
      metrics: async (req, res) => void given.metrics?.route(req, res, ignore),
      session: createSessionRoute({
        ...{
          store,
          keys,
          readIdentity,
          ending,
          upkeep,
          cookie,
          readReturnAddress,
          urls,
          idleTimeoutMs,
          now,
        },
        userFields: options.session.userFields,
      }),
    },
    { urls, answers },
  );

  const { establish } = callback;
  return { findRoute, login, logout, establish, keepForm: keepsForms ? keptForm.keep : undefined };
}

/** It always answers. */
function ignore(): void {}
