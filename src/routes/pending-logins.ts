import { hash, randomInt, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { ConfigurationError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { LoginSecrets } from '../provider/provider.ts';
import type { Secret } from '../secret.ts';
import { type CookieAttributes, readCookies, setCookie } from '../session/cookies.ts';
import { LOGIN_LIFE_MS, type Store } from '../store/store.ts';
import {
  type BegunLogin,
  createLoginCookies,
  FINGERPRINT_BYTES,
  type KeptLogin,
  type OpenedLogin,
} from './login-cookies.ts';
import { describeUnknown, type UnknownLogin } from './unknown-login.ts';

/**
 * Where a login shows itself: in the page, in a window of its own that ends on a page of ours, or in the popup of a
 * provider's package, whose result a page of ours hands over; or not at all, so that it ends where it came from.
 */
export type LoginDisplay = 'page' | 'popup' | 'provider_popup' | 'silent';

/** A login that waits for the provider's answer. */
export interface PendingLogin extends Omit<KeptLogin, 'fingerprint'> {
  readonly secrets: LoginSecrets;
}

/** To whom the answer of a login belongs; one that began before this changed is begun anew. */
export interface LoginClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
}

/** A login that was taken, by this callback alone. */
export interface TakenLogin {
  readonly outcome: 'mine';
  readonly login: PendingLogin;
  /** Whether a logout of this browser has come since. @throws StoreError */
  isCancelled(): Promise<boolean>;
}

/** What is left of a login that is over: where it was shown, and where it would have led. */
type RestOfLogin = Pick<KeptLogin, 'returnTo' | 'display'>;

/**
 * What a callback finds. `taken`: before, by this browser, for a session under that key; `cancelled`: by a logout;
 * `expired`: it waited for too long, or `clocksDiffer` by so much that nobody knows; `changed`: the provider is configured
 * otherwise by now; `unknown`: none of this browser's.
 */
export type FoundLogin =
  | TakenLogin
  | { readonly outcome: 'expired'; readonly clocksDiffer: boolean; readonly login: RestOfLogin }
  | { readonly outcome: 'changed'; readonly login: RestOfLogin }
  | { readonly outcome: 'cancelled'; readonly login: RestOfLogin }
  | { readonly outcome: 'taken'; readonly sessionKey: string | undefined; readonly login: RestOfLogin }
  | UnknownLogin;

/** The logins under way of all browsers. They live in the browsers: to begin one asks nothing of the store. */
export interface PendingLogins {
  begin(login: Pick<KeptLogin, 'isRestart'>): BegunLogin;
  /**
   * Keeps a login in this browser. A return address that does not fit loses its query, then gives way to `fallback`.
   *
   * @param location - the address that the browser is sent to beside it.
   * @throws ConfigurationError when what must be kept, or both together, are too large for proxies.
   */
  put(
    exchange: { req: Request; res: Response },
    login: Omit<KeptLogin, 'fingerprint'>,
    how: {
      begun: BegunLogin;
      client: LoginClient;
      crossSite: boolean;
      fallback: string;
      location: string;
    },
  ): void;
  /**
   * Takes a login out: once, whatever comes of it, and only by the browser that began it. Without `isFinal` the answer
   * holds nothing that could be used twice, and nothing is written.
   *
   * @param answer - `sessionKey`: under which its session will be, so that a logout finds it.
   * @throws StoreError when nobody knows: the login stays in the browser then.
   */
  take(
    exchange: { req: Request; res: Response },
    answer: { state: string; isFinal: boolean; sessionKey: string },
    clientOf: (login: KeptLogin) => LoginClient | undefined,
  ): Promise<FoundLogin>;
  /**
   * Ends all logins that this browser has under way, also one whose callback is at work. Returns the keys of the sessions
   * that callbacks have made of them, or will find that they must not.
   *
   * @throws StoreError when nobody knows: they stay in the browser then.
   */
  cancelAll(req: Request, res: Response): Promise<readonly string[]>;
}

/** What they are made of. */
export interface PendingLoginsOptions {
  readonly store: Store;
  readonly secrets: readonly Secret[];
  /** Of this application; with sessions in memory, of this process. */
  readonly keys: ApplicationKeys;
  /** Begins the cookies' names. */
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
  readonly now: () => number;
}

/** The cookie stays for an hour, for a restart that still knows the way. */
const COOKIE_LIFE_SECONDS = 3600;
/** Each login under way costs a cookie in every request. */
const NAMES = 5;
/** Of one cookie's value, in characters. */
const MAX_VALUE_LENGTH = 600;
/** Of `Location` and `Set-Cookie` together, in characters: many proxies take no more than 4 KB of headers. */
const MAX_HEADERS_LENGTH = 3500;
/** Of a cookie's name and attributes, about. */
const ATTRIBUTES_LENGTH = 120;

/** A cookie of a login under way, as the browser sent it. */
interface SentCookie {
  readonly name: string;
  readonly value: string;
  readonly login: OpenedLogin | undefined;
  /** What its `state` may be; empty where it does not open. */
  readonly states: readonly string[];
}

/** Makes them. */
export function createPendingLogins(options: PendingLoginsOptions): PendingLogins {
  const { store, secrets, keys, cookieName, cookiePath, https, now } = options;
  const cookies = createLoginCookies(secrets, keys);
  const names = Array.from({ length: NAMES }, (_, index) => `${cookieName}-login-${index}`);
  const isInTime = (startedAt: number) => now() - startedAt <= LOGIN_LIFE_MS;
  const takenName = (state: string) => keys.name('login', state);
  const fingerprintOf = ({ issuer, clientId, redirectUri }: LoginClient) =>
    hash('sha256', JSON.stringify([issuer, clientId, redirectUri]), 'buffer').subarray(0, FINGERPRINT_BYTES);

  const attributesOf = (crossSite: boolean, maxAge: number): CookieAttributes => ({
    httpOnly: true,
    // A POST from the provider's site carries only SameSite=None, which must be Secure, on loopback http as well.
    secure: https || crossSite,
    sameSite: crossSite ? 'none' : 'lax',
    path: cookiePath,
    maxAge,
  });
  const remove = (res: Response, { name, value }: SentCookie) =>
    setCookie(res, name, '', attributesOf(value.startsWith(CROSS_SITE), 0));

  const readAll = (req: Request): SentCookie[] => {
    const sent = readCookies(req);
    return names.flatMap((name): SentCookie[] => {
      const value = sent[name];
      if (value === undefined) return [];
      const opened = cookies.open(value.slice(1));
      if (opened === undefined) return [{ name, value, login: undefined, states: [] }];
      if ('states' in opened) return [{ name, value, login: undefined, states: opened.states }];
      return [{ name, value, login: opened, states: [opened.secrets.state] }];
    });
  };

  /** One that is free in this request, at random: two logins that begin at once shall not meet. Else the oldest. */
  const chooseName = (sent: readonly SentCookie[]): string => {
    const free = names.filter((name) => !sent.some((cookie) => cookie.name === name));
    if (free.length > 0) return free[randomInt(free.length)]!;
    const startOf = ({ login }: SentCookie) => login?.startedAt ?? 0;
    return sent.reduce((oldest, cookie) => (startOf(cookie) < startOf(oldest) ? cookie : oldest)).name;
  };

  return {
    begin: cookies.begin,

    put: ({ req, res }, login, { begun, client, crossSite, fallback, location }) => {
      const fingerprint = fingerprintOf(client);
      const addresses = [login.returnTo, login.returnTo.replace(/[?#].*/s, ''), fallback];
      const seal = (returnTo: string) =>
        (crossSite ? CROSS_SITE : SAME_SITE) + begun.seal({ ...login, returnTo, fingerprint });
      let value = seal(addresses.shift()!);
      while (value.length > MAX_VALUE_LENGTH && addresses.length > 0) value = seal(addresses.shift()!);
      if (value.length > MAX_VALUE_LENGTH)
        throw new ConfigurationError(`A login asks for more than its cookie holds. ${SHORTEN}`);
      const length = location.length + value.length + ATTRIBUTES_LENGTH;
      if (length > MAX_HEADERS_LENGTH) {
        throw new ConfigurationError(
          `A login makes headers of ${length} characters, which proxies refuse. ${SHORTEN}`,
        );
      }
      setCookie(res, chooseName(readAll(req)), value, attributesOf(crossSite, COOKIE_LIFE_SECONDS));
    },

    take: async ({ req, res }, { state, isFinal, sessionKey: owner }, clientOf) => {
      const sent = readAll(req);
      const cookie = sent.find(({ login }) => login && isEqual(login.secrets.state, state));
      const login = cookie?.login;
      if (!login) return describeUnknown(state, sent);
      const { fingerprint, startedAt } = login;
      const client = clientOf(login);
      if (!client || !fingerprintOf(client).equals(fingerprint)) {
        remove(res, cookie);
        return { outcome: 'changed', login };
      }
      const name = takenName(state);
      const outcome = isFinal
        ? await store.takeLogin(name, owner, startedAt)
        : isInTime(startedAt)
          ? 'mine'
          : 'expired';
      remove(res, cookie);
      if (outcome === 'taken') {
        const sessionKey = (await store.readLogins([name]))[0] ?? undefined;
        return { outcome, sessionKey, login };
      }
      if (outcome === 'expired') return { outcome, clocksDiffer: isInTime(startedAt), login };
      if (outcome !== 'mine') return { outcome, login };
      const isCancelled = async () => isFinal && (await store.readLogins([name]))[0] !== owner;
      return { outcome, login, isCancelled };
    },

    cancelAll: async (req, res) => {
      const sent = readAll(req);
      const states = sent.flatMap((cookie) => cookie.states);
      const taken = states.length > 0 ? await store.cancelLogins(states.map(takenName)) : [];
      if (!res.headersSent) for (const cookie of sent) remove(res, cookie);
      return taken;
    },
  };
}

/** Begins a cookie's value: how it was set, and so how it is removed. */
const CROSS_SITE = 'x';
const SAME_SITE = 's';

const SHORTEN = 'Shorten acrValues, authorizationParams or loginHint.';

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
