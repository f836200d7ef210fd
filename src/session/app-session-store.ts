import { RedisStore } from 'connect-redis';
import type { Request, Response } from 'express';
import session, { type CookieOptions, type Session, type SessionData, type Store } from 'express-session';
import { ConfigurationError } from '../errors.ts';
import type { BrowserSession } from './browser-session.ts';
import { checkNotBegun } from './cookies.ts';
import type { Sessions } from './sessions.ts';

/** What express-session's session takes for its request: where it finds itself, its id and its store. */
export interface SessionCarrier {
  session: Session | undefined;
  sessionID: string;
  readonly sessionStore: AppSessionStore;
  readonly cookieOptions: CookieOptions;
  /** The JSON that is stored under the id by now; `undefined`: nothing. */
  stored: string | undefined;
  /** The id of the browser that this is the session of: when it has another, this one is over. */
  browserId: string | undefined;
  /** Whether what was to be written over is not there any more: the session has ended or moved elsewhere. */
  isGone: boolean;
}

/** The store of one request, as express-session's session calls it. */
export type AppSessionStore = Omit<Store, 'createSession'> & {
  /** Brings a session to life with data that has been read. */
  createSession(carrier: SessionCarrier, data: object): Session & SessionData;
};

/** Whose session it is. */
export interface SessionExchange {
  readonly req: Request;
  readonly res: Response;
  readonly browser: BrowserSession;
  /** Of which the store is the store. */
  carrier(): SessionCarrier;
}

/** What the stores of all requests are made of. */
export interface AppSessionStoreOptions {
  readonly sessions: Sessions;
  /** Ends the whole session when the application calls `req.session.destroy()`. */
  readonly endSession: (req: Request, res: Response, browser: BrowserSession) => Promise<void>;
}

type Done = (error?: unknown, data?: SessionData | null) => void;

/**
 * connect-redis, writing through our store, with what express-session needs to know of one request. The methods are the
 * same for all requests; each store adds whose it is.
 */
export function createSessionStore({
  sessions,
  endSession,
}: AppSessionStoreOptions): (exchange: SessionExchange) => AppSessionStore {
  const writer = new RedisStore({
    prefix: '',
    disableTTL: true,
    serializer: { parse: JSON.parse, stringify: (data) => serializeData(data as SessionData) },
    // The real life of the record is decided where it is written. The first letter says whether it must be there.
    client: {
      set: (key: string, data: string) =>
        sessions
          .writeData(key.slice(1), data, { mustExist: key.startsWith(MUST_EXIST) })
          .then((isWritten) => {
            if (!isWritten) throw GONE;
          }),
    },
  });

  const regenerate = async ({ res, browser, carrier }: SessionExchange) => {
    checkNotBegun(res, 'req.session.regenerate()');
    const current = carrier();
    if (browser.identity) {
      // A login survives: its identity and tokens move to the new id, with the application's data emptied.
      await sessions.renew(browser, res, '{}');
      current.stored = '{}';
    } else {
      await sessions.discard(browser);
      current.stored = undefined;
    }
    current.browserId = browser.id;
    current.sessionID = browser.id ?? sessions.newId();
    current.sessionStore.createSession(current, {});
  };

  const methods: Record<string, (this: { exchange: SessionExchange }, ...args: never[]) => unknown> = {
    createSession(carrier: SessionCarrier, data: object) {
      carrier.session = Reflect.construct(session.Session, [carrier, data], RequestSession) as Session;
      return carrier.session;
    },
    get(id: string, done: Done) {
      const read = async () => {
        const data = await sessions.readData(id);
        return data === null ? null : parseData(data);
      };
      settle(read(), done);
    },
    set(id: string, data: SessionData, done: Done) {
      const carrier = this.exchange.carrier();
      const isCurrent = id === carrier.sessionID;
      const mustExist = !isCurrent || carrier.stored !== undefined;
      const text = serializeData(data);
      writer.set((mustExist ? MUST_EXIST : MAY_BE_NEW) + id, data, (error?: unknown) => {
        const isWritten = !error || error === GONE;
        if (isWritten && isCurrent) Object.assign(carrier, { stored: text, isGone: error === GONE });
        done(isWritten ? undefined : error);
      });
    },
    destroy(id: string, done?: Done) {
      const { req, res, browser, carrier } = this.exchange;
      if (id !== carrier().sessionID) {
        done?.(new ConfigurationError(NOT_ANOTHER));
        return;
      }
      settle(endSession(req, res, browser), done);
    },
    regenerate(_carrier: SessionCarrier, done: Done) {
      settle(regenerate(this.exchange), done);
    },
    all: refuse,
    clear: refuse,
    ids: refuse,
    length: refuse,
  };
  const prototype = Object.assign(Object.create(session.Store.prototype), methods);

  return (exchange) => Object.defineProperty(Object.create(prototype), 'exchange', { value: exchange });
}

/** Nothing to complain of: as with express-session, what a session had to say goes with it. */
const GONE = new Error('There is no such session any more.');
const MUST_EXIST = '+';
const MAY_BE_NEW = '-';

const NOT_ANOTHER =
  'req.sessionStore.destroy() ends the session of this request alone. For another one there is auth.sessions.revoke().';

function refuse(done: Done): void {
  done(new ConfigurationError('req.sessionStore cannot list or clear the sessions of all browsers.'));
}

function settle(work: Promise<unknown>, done: Done | undefined): void {
  work.then(
    (data) => done?.(null, data as SessionData | null),
    (error) => done?.(error),
  );
}

/** What is stored: the application's own data. The cookie is no part of it. */
export function serializeData(data: Partial<SessionData> | undefined): string {
  return data ? JSON.stringify(data) : '{}';
}

/** Anything but an object reads as an empty session. */
export function parseData(text: string | null): SessionData {
  try {
    const data: unknown = JSON.parse(text ?? '{}');
    return (typeof data === 'object' && data !== null && !Array.isArray(data) ? data : {}) as SessionData;
  } catch {
    return {} as SessionData;
  }
}

const COOKIE = Symbol('cookie');

/**
 * Stands in for express-session's constructor, so that its sessions have the cookie on their prototype: made when
 * somebody asks for it, left out of what is stored, and not to be set by what the application copies into its session.
 */
function RequestSession(): void {}
RequestSession.prototype = Object.create(session.Session.prototype as object, {
  cookie: {
    get(this: { req: SessionCarrier; [COOKIE]?: session.Cookie }) {
      if (!this[COOKIE]) {
        const cookie = new (session.Cookie as unknown as new (options: CookieOptions) => session.Cookie)(
          this.req.cookieOptions,
        );
        Object.defineProperty(this, COOKIE, { value: cookie });
      }
      return this[COOKIE];
    },
    set() {},
  },
});
