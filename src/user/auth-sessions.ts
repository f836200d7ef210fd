import type { Request } from 'express';
import { ConfigurationError } from '../errors.ts';
import { checkObject, checkString, refuse, wholeNumberFrom } from '../options/option-checks.ts';
import { type Field, optional, readOptions, type Table, withDefault } from '../options/option-table.ts';
import type { UserName, UserSession, UserSessions } from '../session/user-sessions.ts';
import { type TellFault, tellUnawaited } from '../tell-unawaited.ts';
import { getRequestState, type RequestServices } from './request-state.ts';

/** Which sessions of a user are listed, and how. */
export interface SessionListOptions {
  /** A request, whose own session is marked. @default none */
  current?: Request;
  /** Only so many of the newest, up to 1,000. @default 100 */
  limit?: number;
}

/**
 * All of them reject with `StoreError` when Redis is away: then nothing is known to have ended. An `issuer` that no
 * provider of the options has is a `ConfigurationError`.
 */
export interface ConnectAuthSessions {
  /** The sessions that live now, the one seen last first. */
  list(user: UserName, options?: SessionListOptions): Promise<readonly UserSession[]>;
  /** Ends the session with this handle. False: it had ended already. */
  revoke(handle: string): Promise<boolean>;
  /** Ends all sessions of the person who asks but the one they ask from. Returns how many. */
  revokeOthers(current: Request): Promise<number>;
  /** Ends all sessions of a user, and every login begun by now. Returns how many sessions. */
  revokeAll(user: UserName): Promise<number>;
}

/** The options of `auth.sessions.list()`. */
export const SESSION_LIST_OPTIONS: {
  readonly current: Field<Request | undefined>;
  readonly limit: Field<number>;
} = {
  current: optional(checkRequest, { aliases: ['req', 'request'] }),
  limit: withDefault(wholeNumberFrom(1, 1000), 100),
} satisfies Table<SessionListOptions>;

/** What they are told of the application. */
export interface AuthSessionsOptions extends Pick<RequestServices, 'application' | 'tell'> {
  /** Of the providers in the options, as they are written there. */
  readonly issuers: ReadonlySet<string>;
}

/** What applications call as `auth.sessions`. */
export function createAuthSessions(
  userSessions: UserSessions,
  { application, tell, issuers }: AuthSessionsOptions,
): ConnectAuthSessions {
  const browserOf = (method: string, req: Request) => findBrowser(method, req, application);
  const nameOf = (method: string, user: UserName) => checkUserName(method, user, issuers);

  return mayBeForgotten(tell, {
    list: async (user, options = {}) => {
      const { current, limit } = readOptions('auth.sessions.list()', options, SESSION_LIST_OPTIONS);
      return userSessions.list(nameOf('list', user), {
        current: current === undefined ? undefined : browserOf('list', current),
        limit,
      });
    },
    revoke: userSessions.revoke,
    revokeOthers: async (current) => userSessions.revokeOthers(browserOf('revokeOthers', current)),
    revokeAll: async (user) => userSessions.revokeAll(nameOf('revokeAll', user)),
  });
}

/** The same of an application that has still to be found. */
export function createDeferredSessions(
  find: () => Promise<ConnectAuthSessions>,
  tell: TellFault,
): ConnectAuthSessions {
  return mayBeForgotten(tell, {
    list: async (...given) => (await find()).list(...given),
    revoke: async (handle) => (await find()).revoke(handle),
    revokeOthers: async (current) => (await find()).revokeOthers(current),
    revokeAll: async (user) => (await find()).revokeAll(user),
  });
}

/** The same calls, none of which ends the process when nobody awaits it: `tell` hears of what fails. */
function mayBeForgotten(tell: TellFault, calls: ConnectAuthSessions): ConnectAuthSessions {
  const run = <T>(method: string, promise: Promise<T>) =>
    tellUnawaited(promise, `auth.sessions.${method}()`, tell);
  return {
    list: (user, options) => run('list', calls.list(user, options)),
    revoke: (handle) => run('revoke', calls.revoke(handle)),
    revokeOthers: (current) => run('revokeOthers', calls.revokeOthers(current)),
    revokeAll: (user) => run('revokeAll', calls.revokeAll(user)),
  };
}

/** A name that is not whole would find nobody, and say with an empty list or a 0 that nobody is logged in. */
function checkUserName(method: string, user: UserName, issuers: ReadonlySet<string>): UserName {
  const where = `auth.sessions.${method}()`;
  checkObject(`${where}: user`, user);
  const name = {
    issuer: checkString(`${where}: issuer`, user.issuer),
    sub: checkString(`${where}: sub`, user.sub),
  };
  if (issuers.has(name.issuer)) return name;
  const known = [...issuers].map((issuer) => JSON.stringify(issuer)).join(', ');
  return refuse(
    `${where}: issuer`,
    `that of a provider in the options, to the last slash: ${known}`,
    name.issuer,
  );
}

function checkRequest(where: string, value: unknown): Request {
  checkObject(where, value);
  return value as unknown as Request;
}

function findBrowser(method: string, req: Request, ours: string) {
  checkObject(`auth.sessions.${method}(): current`, req);
  const state = getRequestState(req);
  if (!state) {
    throw new ConfigurationError(
      `auth.sessions.${method}(): current must be a request that has passed connectAuth.`,
    );
  }
  if (state.services.application !== ours) {
    throw new ConfigurationError(
      `auth.sessions.${method}(): current must be a request of this application, and of this tenant.`,
    );
  }
  if (state.browser.fault) throw state.browser.fault;
  return state.browser;
}
