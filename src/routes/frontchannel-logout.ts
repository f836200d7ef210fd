import type { Request, Response } from 'express';
import type { Clock } from '../clock.ts';
import type { SendPage } from '../pages/page-sender.ts';
import type { Provider } from '../provider/provider.ts';
import type { UserSessions } from '../session/user-sessions.ts';
import { readQuery } from './request-input.ts';

/** What it is made of. */
export interface FrontchannelLogoutOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly userSessions: UserSessions;
  readonly sendPage: SendPage;
  readonly now: Clock;
}

/**
 * The page that a provider loads in a frame when its session ends. No cookie of ours comes along, so the session is
 * found by `iss` and `sid`, which must both be there and fit. It proves nothing of the sender: tokens are not revoked.
 *
 * @see [OpenID Connect Front-Channel Logout, section 3](https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout)
 */
export function createFrontchannelLogout(
  options: FrontchannelLogoutOptions,
): (req: Request, res: Response) => Promise<void> {
  const { providers, userSessions, sendPage, now } = options;
  return async (req, res) => {
    const query = readQuery(req);
    const [issuer, sid] = [readOnce(query, 'iss'), readOnce(query, 'sid')];
    const known = [...providers.values()].filter((candidate) => candidate.issuer === issuer);
    const [provider] = known;
    // It does not say for which client: the session at the provider is over for all of them.
    const clientIds = new Set(sid ? known.map(({ definition }) => definition.clientId) : []);
    for (const clientId of clientIds) {
      const target = { issuer: issuer!, clientId, sid };
      await userSessions.endByMark(target, { startedBy: now() }, 'front_channel');
    }
    await sendPage(req, res, {
      status: 200,
      name: 'frame_signed_out',
      ...(provider
        ? { frameAncestors: [...new Set([new URL(provider.issuer).origin, ...provider.knownOrigins()])] }
        : {}),
    });
  };
}

function readOnce(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  return values.length === 1 && values[0] !== '' && values[0]!.length <= 4096 ? values[0] : undefined;
}
