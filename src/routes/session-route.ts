import type { Request } from 'express';
import type { SessionAnswer } from '../answer-types.ts';
import { setPrivateCacheHeaders } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';
import type { ApplicationKeys } from '../keys.ts';
import { type Identity, type IdentityReader, userOf } from '../session/identity.ts';
import type { SessionCookie } from '../session/session-cookie.ts';
import type { SessionEnding } from '../session/session-ending.ts';
import type { SessionUpkeep } from '../session/session-upkeep.ts';
import type { Store } from '../store/store.ts';
import { readQuery } from './request-input.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { RouteHandler } from './route-table.ts';
import type { Urls } from './urls.ts';

/** What it is made of. */
export interface SessionRouteOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly cookie: SessionCookie;
  readonly readIdentity: IdentityReader;
  readonly ending: SessionEnding;
  readonly upkeep: SessionUpkeep;
  readonly readReturnAddress: ReturnAddressReader;
  readonly urls: Urls;
  /** Names of what scripts are told of `req.user`. */
  readonly userFields: readonly string[];
  readonly idleTimeoutMs: number;
  readonly now: Clock;
}

/** The session that a request names, as it is stored. */
interface FoundSession {
  readonly key: string;
  readonly identity: Identity;
  readonly seenAt: number;
  readonly endsAt: number;
}

/**
 * Makes the route that tells a script who is there and for how long. It reads the session by itself: every other
 * request keeps a session alive, and this one does not unless `?slide=true` asks for it.
 */
export function createSessionRoute(options: SessionRouteOptions): RouteHandler {
  const { store, keys, cookie, readIdentity, ending, upkeep } = options;
  const { readReturnAddress, urls, idleTimeoutMs, now } = options;

  const find = async (req: Request): Promise<FoundSession | undefined> => {
    const id = cookie.read(req);
    if (id === undefined) return undefined;
    const key = keys.sessionKey(id);
    const { login } = await store.readSession(key, { mayRefuse: true });
    const identity = readIdentity(login);
    if (!login || !identity || (await ending.endIfExpired(key, login))) return undefined;
    return { key, identity, seenAt: login.seenAt, endsAt: login.endsAt };
  };

  const slide = async (found: FoundSession): Promise<FoundSession | undefined> => {
    const isKept = await upkeep.keep(found.key, found.identity);
    return isKept ? { ...found, seenAt: now() } : undefined;
  };

  /** What it says, but for the addresses. */
  const describe = (found: FoundSession | undefined): SessionAnswer => {
    if (!found) return { user: null, idleSeconds: 0, absoluteSeconds: 0 };
    const user = userOf(found.identity) as unknown as Record<string, unknown>;
    const fields = options.userFields.filter((name) => Object.hasOwn(user, name));
    return {
      user: Object.fromEntries(fields.map((name) => [name, user[name]])),
      idleSeconds: secondsUntil(found.seenAt + idleTimeoutMs),
      absoluteSeconds: secondsUntil(found.endsAt),
    };
  };

  const secondsUntil = (time: number) => Math.max(0, Math.floor((time - now()) / 1000));

  return async (req, res) => {
    const query = readQuery(req);
    const found = await find(req);
    const current = found && query.get('slide') === 'true' ? await slide(found) : found;
    // The page that asks knows where it is; else its browser may say.
    const returnTo = readReturnAddress(query.get('returnTo')) ?? readReturnAddress(req.headers.referer);
    const [loginUrl, logoutUrl] = [urls.login(returnTo), urls.logout(returnTo)];
    setPrivateCacheHeaders(res, { mayStore: false });
    res.json({ ...describe(current), loginUrl, logoutUrl } satisfies {
      [Name in keyof SessionAnswer]: SessionAnswer[Name] | undefined;
    });
  };
}
