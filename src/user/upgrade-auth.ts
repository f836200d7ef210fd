import type { IncomingMessage } from 'node:http';
import { CrossOriginError, LoginRequiredError } from '../errors.ts';
import type { UpgradeAuth } from '../request-types.ts';
import { factsOf, userOf } from '../session/identity.ts';
import { tellUnawaited } from '../tell-unawaited.ts';
import { outliveHangUp } from './outlive-hang-up.ts';
import type { RequestServices } from './request-state.ts';
import type { Revalidate } from './revalidate.ts';
import { onSessionEnd } from './session-end.ts';

/** Finds out who opens a WebSocket, by the same cookie and the same read as any request. */
export function createUpgradeAuth(
  { sessions, watch, tenant, isForeign, createApiAccess, tell }: RequestServices,
  revalidate: Revalidate | undefined,
): (req: IncomingMessage) => Promise<UpgradeAuth> {
  const authenticate = async (req: IncomingMessage): Promise<UpgradeAuth> => {
    outliveHangUp(req);
    // A page of any site may open a WebSocket here, and a sibling's brings our cookie along.
    if (isForeign(req)) throw new CrossOriginError();
    const browser = await sessions.read(req);
    if (!sessions.touch(browser)) await sessions.keepUp(browser);
    await revalidate?.(browser);
    const { fault, identity } = browser;
    if (fault) throw fault;
    if (!identity) throw new LoginRequiredError();
    const { claims, absoluteEnd } = identity;
    return {
      ...factsOf(identity),
      ...{ user: userOf(identity), tenant, claims },
      expiresAt: new Date(absoluteEnd),
      onEnd: (callback) => onSessionEnd({ watch, browser, req }, callback),
      ...createApiAccess({ browser }),
    };
  };
  return (req) => tellUnawaited(authenticate(req), 'auth.authenticateUpgrade()', tell);
}
