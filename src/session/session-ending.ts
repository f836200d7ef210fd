import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { StoreError } from '../errors.ts';
import type { Hooks, LogoutReason } from '../events.ts';
import { hookFault } from '../hook-fault.ts';
import type { FinishLater } from '../store/finish-later.ts';
import type { StoredLogin } from '../store/record-format.ts';
import { type MovedSession, walkMoves } from '../store/session-moves.ts';
import type { EndAnswer, Store } from '../store/store.ts';
import { decodeIdentity, type Identity } from './identity.ts';
import type { SessionRecords } from './session-records.ts';

/** Which session to end, and on what condition. */
export interface EndTarget {
  /** Where it is; it is followed to where it has moved. */
  readonly key: string;
  /** Only if its tokens are still these. Else the answer is `conflict`. */
  readonly ifTokens?: Buffer;
  /** Only if it is over by the store's own clock as well. Else the answer is `alive`. */
  readonly ifExpired?: boolean;
  /** Only a login that this says yes to. One that cannot be read is meant: in doubt, it is. */
  readonly isMeant?: (login: Identity) => boolean;
  /** The logins that one sweep has told of last: a session whose id is changing is found under both. */
  readonly told?: Set<string>;
  /** Told of an end that was unknown at first, when it becomes known. */
  readonly onLateEnd?: (ended: EndedSession) => Promise<void>;
}

/** A session that has ended. */
export interface EndedSession {
  readonly key: string;
  /** Whether it is this call that ended it, and told of it. Else another has, within the last minute. */
  readonly isFirst: boolean;
  /** Who was logged in; `undefined`: it could not be read. */
  readonly identity: Identity | undefined;
  /** The sealed tokens as they were in that moment. */
  readonly tokens: Buffer | undefined;
  /** What `onLogout` was told: the reason given, or the end that the session had come to by itself. */
  readonly reason: LogoutReason;
}

/** The one place where sessions end. */
export interface SessionEnding {
  /**
   * Ends a session: takes its record, tells `onLogout`, takes it out of its indexes. Of all callers, in all processes,
   * one takes it, and tells; only a process that dies in between loses the event. `undefined`: nobody was logged in.
   *
   * @throws StoreError when the outcome is unknown. It is found out, and told, behind the caller's back.
   */
  end(
    target: EndTarget,
    reason: LogoutReason,
    req?: Request,
  ): Promise<EndedSession | 'conflict' | 'alive' | undefined>;
  /**
   * Whether a login found under this key is over: by the clock of this process, and then by the store's, by which it is
   * ended. For those who look at sessions without their requests.
   *
   * @throws StoreError when nobody knows.
   */
  endIfExpired(key: string, login: StoredLogin): Promise<boolean>;
  /** Ends a session that nobody has been told of, and tells nobody. What the store refuses is done later. */
  discard(key: string): Promise<void>;
}

/** What it is made of. */
export interface SessionEndingOptions {
  readonly store: Store;
  readonly records: SessionRecords;
  readonly finishLater: FinishLater;
  readonly onLogout: Hooks['onLogout'];
  readonly idleTimeoutMs: number;
  /** Told what `onLogout` threw. */
  readonly reportError: (error: unknown, req?: Request) => Promise<void>;
}

/** Makes it over a store. */
export function createSessionEnding(options: SessionEndingOptions): SessionEnding {
  const { store, records, finishLater, onLogout, idleTimeoutMs, reportError } = options;

  /** One attempt to take the record, wherever it has moved. */
  const take = (target: EndTarget, owner: string): Promise<MovedSession<Taking>> => {
    const { ifTokens, isMeant } = target;
    const ifExpired = target.ifExpired ? { idleMs: idleTimeoutMs } : undefined;
    return walkMoves<Taking>(target.key, async (key) => {
      if (isMeant) {
        const { login, movedTo } = await store.readSession(key);
        if (movedTo !== undefined) return { movedTo };
        const identity = login && decodeIdentity(login);
        if (identity && !isMeant(identity)) return { found: 'none' };
      }
      const answer = await store.endSession(key, { owner, ifTokens, ifExpired });
      return typeof answer === 'object' && 'movedTo' in answer ? answer : { found: answer };
    });
  };

  const tell = async (identity: Identity, reason: LogoutReason, req: Request | undefined) => {
    const { provider, issuer, sub } = identity;
    try {
      await onLogout({ reason, provider, issuer, sub, req });
    } catch (error) {
      await reportError(hookFault('onLogout', error), req);
    }
  };

  const attempt = async (target: EndTarget, owner: string, given: LogoutReason, req: Request | undefined) => {
    const { key, found = 'none' } = await take(target, owner);
    if (found === 'none') return undefined;
    if (typeof found === 'string') return found;
    const { isFirst, login, tokens, at } = found;
    const identity = login && decodeIdentity(login);
    const reason = (login && records.findExpiry(login, at)) ?? given;
    records.forgetTouch(key);
    if (identity && isFirst) {
      if (isNews(identity, target.told)) await tell(identity, reason, req);
      await records.removeFromIndexes(key, identity);
    }
    return { key, isFirst, identity, tokens, reason };
  };

  const end: SessionEnding['end'] = async (target, reason, req) => {
    const owner = createOwner();
    try {
      return await attempt(target, owner, reason, req);
    } catch (error) {
      if (error instanceof StoreError) {
        finishLater.finish(async () => {
          const ended = await attempt(target, owner, reason, req);
          if (typeof ended === 'object') await target.onLateEnd?.(ended);
        });
      }
      throw error;
    }
  };

  return {
    end,

    endIfExpired: async (key, login) => {
      const expiry = records.findExpiry(login);
      return expiry !== undefined && (await end({ key, ifExpired: true }, expiry)) !== 'alive';
    },

    discard: async (key) => {
      const owner = createOwner();
      const discard = async () => {
        const { found } = await take({ key }, owner);
        const login = typeof found === 'object' ? found.login : undefined;
        const identity = login && decodeIdentity(login);
        if (identity) await records.removeFromIndexes(key, identity);
      };
      await discard().catch(() => finishLater.finish(discard));
    },
  };
}

/** Far more than end while an id changes; a sweep may be one of millions. */
const MAX_TOLD = 10_000;

function isNews({ loginId }: Identity, told: Set<string> = new Set()): boolean {
  const isKnown = told.has(loginId);
  told.add(loginId);
  const [oldest] = told;
  if (told.size > MAX_TOLD) told.delete(oldest!);
  return !isKnown;
}

type Taking = Exclude<EndAnswer, { movedTo: string }>;

/** Names one attempt. */
function createOwner(): string {
  return randomBytes(16).toString('base64url');
}
