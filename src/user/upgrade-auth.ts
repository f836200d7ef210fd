import type { IncomingMessage } from 'node:http';
import { CrossOriginError, LoginRequiredError } from '../errors.ts';
import type { UpgradeAuth } from '../request-types.ts';
import { userOf } from '../session/identity.ts';
import type { RequestServices } from './request-state.ts';
import type { Revalidate } from './revalidate.ts';
import { onSessionEnd } from './session-end.ts';

/** Finds out who opens a WebSocket, by the same cookie and the same read as any request. */
export function createUpgradeAuth(
  { sessions, watch, tenant, isForeign, createApiAccess }: RequestServices,
  revalidate: Revalidate | undefined,
): (req: IncomingMessage) => Promise<UpgradeAuth> {
  return async (req) => {
    // From here to the upgrade nobody else listens, and a client that hangs up would end the process.
    if (req.headers.upgrade !== undefined) req.socket.on('error', () => undefined);
    // A page of any site may open a WebSocket here, and a sibling's brings our cookie along.
    if (isForeign(req)) throw new CrossOriginError();
    const browser = await sessions.read(req);
    if (!sessions.touch(browser)) await sessions.keepUp(browser);
    await revalidate?.(browser);
    const { fault, identity } = browser;
    if (fault) throw fault;
    if (!identity) throw new LoginRequiredError();
    const { provider, issuer, claims, acr, authTime, absoluteEnd } = identity;
    return {
      ...{ user: userOf(identity), tenant, provider, issuer, claims, acr },
      authTime: authTime === undefined ? undefined : new Date(authTime * 1000),
      expiresAt: new Date(absoluteEnd),
      onEnd: (callback) => onSessionEnd({ watch, browser, req }, callback),
      ...createApiAccess({ browser }),
    };
  };
}
