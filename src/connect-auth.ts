import { channel } from 'node:diagnostics_channel';
import { IncomingMessage, type ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { joinOne, joinSites } from './assembly/join-sites.ts';
import { shutDown } from './assembly/shut-down.ts';
import { TEST_DOOR } from './assembly/test-door.ts';
import type { CheckOptions } from './check/check-options.ts';
import type { CheckReport } from './check/check-report.ts';
import type { LoginHealth } from './check/login-health.ts';
import { ConfigurationError } from './errors.ts';
import { startDebugLog } from './observe/debug-log.ts';
import { CLOSE_OPTIONS, type CloseOptions } from './options/close-options.ts';
import { readOptions } from './options/option-table.ts';
import type { ConnectAuthOptions } from './options/options.ts';
import { resolveOptions } from './options/resolve-options.ts';
import { hasSites, planSites } from './options/site-options.ts';
import type { UpgradeAuth } from './request-types.ts';
import type { StoreHealth } from './store/store.ts';
import { tellUnawaited } from './tell-unawaited.ts';
import type { ConnectAuthSessions } from './user/auth-sessions.ts';

/** How the application is. */
export interface ConnectAuthHealth {
  /** Whether sessions work. `false`: logins and guarded pages answer 503. */
  readonly ok: boolean;
  readonly store: StoreHealth;
  /**
   * Whether people can log in, by the names of the providers (`default` where there is one alone): changes nothing for those
   * who are logged in. Empty where there are tenants.
   */
  readonly logins: Readonly<Record<string, LoginHealth>>;
}

/** The middleware, and what belongs to it beside requests. */
export interface ConnectAuth extends RequestHandler {
  /**
   * The same for requests that are none of Express's, such as the handshakes of socket.io: `io.engine.use(auth)` gives
   * `socket.request` `user` and `auth`, as `authenticateUpgrade()` finds them, or neither when nobody is logged in.
   */
  (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  /** The sessions of a user: to list them and to end them without their browsers. */
  readonly sessions: ConnectAuthSessions;
  /** The same of a tenant. A call rejects with the code `tenant_unknown` where there is none. */
  sessionsOf(tenant: string): ConnectAuthSessions;
  /**
   * Finds out who opens a WebSocket, in the `upgrade` event of the server: it passes no middleware, and any page may
   * open one, so that its origin is checked as for unsafe requests.
   *
   * @throws CrossOriginError (403) for another origin, LoginRequiredError (401) when nobody is logged in, StoreError
   * (503) when Redis is away. Answer with the error's `status`.
   */
  authenticateUpgrade(req: IncomingMessage): Promise<UpgradeAuth>;
  /**
   * Says how the application is. It may be asked often: providers are looked at once a minute at most, and waited for no
   * longer than half a second. `routes.health` answers probes by `ok` alone.
   */
  health(): Promise<ConnectAuthHealth>;
  /**
   * Looks at everything an operator can set: the options, Redis, the providers, the clocks, and with `url` the way from a
   * browser to here. Takes some seconds; sends each provider one made-up code, and touches no session. The command
   * `express-connect-auth doctor` prints it.
   *
   * @throws ConfigurationError for options that are wrong.
   */
  check(options?: CheckOptions): Promise<CheckReport>;
  /**
   * Ends what waits: `onEnd()` calls back for every answer and socket that is open, refreshes and logouts under way come to
   * their end, and the connection to Redis ends, unless the client is the application's own.
   *
   * With `server` that is a whole shutdown, in which no request is lost. Without it the server must be closed first: what
   * it still answers would find no store.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Gives an Express application login sessions: mounts `/login`, `/oauth/callback` and `/logout`, and gives every
 * request `req.user`, `req.auth` and `req.session`.
 *
 * @throws ConfigurationError when an option is unknown or wrong, naming it and the remedy.
 */
export function connectAuth(options: ConnectAuthOptions): ConnectAuth {
  refuseRequest(options);
  startDebugLog();
  const joined =
    typeof options === 'object' && options !== null && hasSites(options)
      ? joinSites(planSites(options))
      : joinOne(resolveOptions(options));
  const { handle, sessions, sessionsOf, authenticateUpgrade, tell, operator, testDoor } = joined;

  function connectAuthMiddleware(
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    if (operator.answerOperator(req, res)) return;
    handle(req as Request, res as Response, next);
  }

  const close = async (given: CloseOptions = {}) =>
    shutDown(joined, readOptions('auth.close()', given, CLOSE_OPTIONS));

  // Never there in production.
  if (testDoor) Object.defineProperty(connectAuthMiddleware, TEST_DOOR, { value: testDoor });
  const auth = Object.assign(connectAuthMiddleware, {
    sessions,
    sessionsOf,
    authenticateUpgrade,
    health: () => tellUnawaited(operator.health(), 'auth.health()', tell),
    check: (choice?: CheckOptions) => tellUnawaited(operator.check(choice), 'auth.check()', tell),
    close: (given?: CloseOptions) => tellUnawaited(close(given), 'auth.close()', tell),
  });
  created.publish(auth);
  return auth;
}

/** The command finds by it what a program constructs and does not export, of whichever copy of this package. */
const created = channel('express-connect-auth:created');

/** `app.use(connectAuth)` makes Express call us with a request. */
function refuseRequest(options: unknown): void {
  if (options instanceof IncomingMessage) {
    throw new ConfigurationError('connectAuth is missing its call: app.use(connectAuth({ … })).');
  }
}
