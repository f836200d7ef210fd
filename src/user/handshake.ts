import { IncomingMessage, type ServerResponse } from 'node:http';
import { LoginRequiredError } from '../errors.ts';
import type { UpgradeAuth } from '../request-types.ts';

/** A request that another server than Express hands to middleware, once this package has looked at it. */
export interface HandshakeRequest extends IncomingMessage {
  /** `undefined`: nobody is logged in. */
  user?: Express.User | undefined;
  /** `undefined`: nobody is logged in. */
  auth?: UpgradeAuth | undefined;
}

/** A middleware for them. */
export type Handshake = (req: HandshakeRequest, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Says whether a request is none of Express's: socket.io's `io.engine.use(auth)` hands over Node's own, for handshakes by
 * polling and for upgrades.
 */
export function isHandshake(req: IncomingMessage & { baseUrl?: unknown }): boolean {
  return req.baseUrl === undefined && req instanceof IncomingMessage && !('path' in req);
}

/**
 * Gives such a request `req.user` and `req.auth` as `authenticateUpgrade()` finds them. It has neither `req.session` nor
 * our routes. What came from a page of another origin, or while the store is away, is refused.
 */
export function createHandshake(authenticate: (req: IncomingMessage) => Promise<UpgradeAuth>): Handshake {
  return (req, _res, next) => {
    authenticate(req).then(
      (auth) => {
        Object.assign(req, { user: auth.user, auth });
        next();
      },
      (error: unknown) => next(error instanceof LoginRequiredError ? undefined : error),
    );
  };
}
