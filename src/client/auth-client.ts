import type { AuthMessage, LoginRequiredAnswer, LogoutAnswer, SessionAnswer } from '../answer-types.ts';

/** How the client finds the server, and what it does about a 401. */
export interface AuthClientOptions {
  /** `routes.session` of the server: a path, or a whole URL where the server has another origin. */
  sessionUrl: string;
  /**
   * How a 401 of `fetch()` leads to the login: in this `tab`, which leaves the page; in a `popup` beside it, which a
   * browser opens only where the person has just clicked; or not at all.
   * @default 'tab'
   */
  login?: 'tab' | 'popup' | 'none';
  /** Seconds before the end of the session when `watch()` says `ending`. @default 120 */
  noticeSeconds?: number;
  /** Seconds between two looks at the session while nothing happens. @default 300 */
  pollSeconds?: number;
}

/** Where the session stands: `active`, `ending` within `noticeSeconds`, or `ended`. */
export type SessionState = 'active' | 'ending' | 'ended';

/** What a page asks of the login. */
export interface AuthClient<User extends object = Record<string, unknown>> {
  /**
   * The browser's `fetch`, with the cookie of the server; after a 401 of a guard it leads to the login. In the tab that
   * leaves the page, so that the promise stays open; with a popup the request is sent once more after it. Where no login
   * comes about, or one has just not helped, the 401 is the answer.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  /**
   * Who is logged in and for how long. Does not keep the session alive, unless told to by `slide`.
   *
   * @throws Error when the server does not answer by 200.
   */
  session(options?: { slide?: boolean }): Promise<SessionAnswer<User>>;
  /** Leaves the page for the login, which leads back to it. */
  login(): Promise<void>;
  /** Opens the login in a window of its own; call it in a click. False: it was not finished. */
  loginInPopup(): Promise<boolean>;
  /** Ends the session, tells the other tabs, and leaves the page for the provider's logout. */
  logout(): Promise<void>;
  /**
   * Calls back with each change of the session: at once, before it ends, when it has ended, and when it goes on after
   * all. What happens in other tabs counts. Returns a function that stops it.
   */
  watch(callback: (state: SessionState, session: SessionAnswer<User>) => void): () => void;
}

/** Where the window of a login tells how it ended. */
const LOGIN_CHANNEL = 'connect-auth';
/** Where tabs tell each other to look at the session. */
const SESSION_CHANNEL = 'connect-auth-session';
/** Set while a login is tried in the tab, until there is a session. */
const TRIED = 'connect-auth-tried';
/** A login waits for no longer. */
const LOGIN_LIFE_MS = 900_000;
/** Between two looks at whether the person has closed the window. */
const POPUP_LOOK_MS = 500;
const RETRY_MS = 30_000;
/** Between two looks at a session that is about to end: another tab may prolong it until the last moment. */
const ENDING_SECONDS = 15;

/** Makes the client of a page. Touches nothing of the browser before it is used. */
export function createAuthClient<User extends object = Record<string, unknown>>({
  sessionUrl,
  login: mode = 'tab',
  noticeSeconds = 120,
  pollSeconds = 300,
}: AuthClientOptions): AuthClient<User> {
  let known: SessionAnswer<User> | undefined;
  let leaving: Promise<never> | undefined;
  let popup: Promise<boolean> | undefined;

  const server = () => new URL(sessionUrl, location.href);
  const isOfServer = (url: string) => new URL(url).origin === server().origin;
  const address = (path: string | undefined) => {
    if (path === undefined) throw new Error('The server has no such route.');
    return new URL(path, server());
  };
  /** An address of the server that leads back to where the person is. */
  const leadBack = (path: string | undefined, query?: Record<string, string>) => {
    const url = address(path);
    for (const [name, value] of Object.entries({ returnTo: location.href, ...query }))
      url.searchParams.set(name, value);
    return url;
  };
  const tellTabs = () => {
    const channel = new BroadcastChannel(SESSION_CHANNEL);
    channel.postMessage('');
    channel.close();
  };
  const leave = (url: URL): Promise<never> => {
    location.assign(url);
    leaving ??= new Promise(() => undefined);
    return leaving;
  };

  const session: AuthClient<User>['session'] = async ({ slide } = {}) => {
    const url = leadBack(sessionUrl, slide ? { slide: 'true' } : {});
    const response = await fetch(url, { credentials: 'include', cache: 'no-store' });
    if (!response.ok) throw new Error(`The session could not be read: ${response.status}`);
    const answer: SessionAnswer<User> = await response.json();
    known = answer;
    if (answer.user) sessionStorage.removeItem(TRIED);
    if (slide) tellTabs();
    return answer;
  };
  /** What was said last will do, as browsers open windows soon after a click only. */
  const loginUrl = async () => (known ?? (await session())).loginUrl;

  const openPopup = async (path: string | undefined): Promise<boolean> => {
    const url = leadBack(path, { display: 'popup' });
    const channel = new BroadcastChannel(LOGIN_CHANNEL);
    let watch: ReturnType<typeof setInterval> | undefined;
    let latest: ReturnType<typeof setTimeout> | undefined;
    const isDone = await new Promise<boolean>((resolve) => {
      channel.onmessage = ({ data }: MessageEvent<AuthMessage>) => resolve(data.type === 'login');
      const popup = open(url, LOGIN_CHANNEL, 'popup,width=480,height=640');
      if (!popup) return resolve(false);
      latest = setTimeout(resolve, LOGIN_LIFE_MS, false);
      let looksClosed = 0;
      watch = setInterval(() => {
        // Policies of the pages it goes through cut the tie, so that it seems closed: then it still has the focus. And
        // what it said before it closed may be on its way.
        looksClosed = popup.closed && document.hasFocus() ? looksClosed + 1 : 0;
        if (looksClosed > 1) resolve(false);
      }, POPUP_LOOK_MS);
    });
    clearInterval(watch);
    clearTimeout(latest);
    channel.close();
    if (isDone) tellTabs();
    return isDone;
  };
  /** One window for whoever needs it. */
  const logInByPopup = (path: string | undefined): Promise<boolean> => {
    popup ??= openPopup(path).finally(() => {
      popup = undefined;
    });
    return popup;
  };

  return {
    session,
    login: async () => leave(leadBack(await loginUrl())),
    loginInPopup: async () => logInByPopup(await loginUrl()),

    fetch: async (input, init) => {
      const given = new Request(input, init);
      const isDefault = given.credentials === 'same-origin' && isOfServer(given.url);
      const request = isDefault ? new Request(given, { credentials: 'include' }) : given;
      const second = mode === 'popup' && request.clone();
      const response = await fetch(request);
      if (response.ok) sessionStorage.removeItem(TRIED);
      // Whatever another server answers leads nowhere.
      if (response.status !== 401 || mode === 'none' || !isOfServer(response.url)) return response;
      const { error, loginUrl: path }: Partial<LoginRequiredAnswer> = await response
        .clone()
        .json()
        .catch(() => ({}));
      // Who is logged in and must prove more is not helped by a login of the usual kind.
      if (error !== 'login_required' || !path) return response;
      if (second) return (await orAbort(logInByPopup(path), second.signal)) ? fetch(second) : response;
      if (leaving) return leaving;
      // It has been tried, and the page is here again without a session: going on would go round.
      if (sessionStorage.getItem(TRIED)) return response;
      sessionStorage.setItem(TRIED, '1');
      return leave(leadBack(path));
    },

    logout: async () => {
      const { logoutUrl } = await session();
      const response = await fetch(address(logoutUrl), { method: 'POST', credentials: 'include' });
      if (!response.ok) throw new Error(`The logout failed: ${response.status}`);
      const { redirectTo }: LogoutAnswer = await response.json();
      tellTabs();
      await leave(address(redirectTo));
    },

    watch: (callback) => {
      const channel = new BroadcastChannel(SESSION_CHANNEL);
      let timer: ReturnType<typeof setTimeout>;
      let state: SessionState | undefined;
      let looks = 0;
      const plan = (ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(look, ms);
      };
      const look = async ({ isTold = false } = {}) => {
        looks += 1;
        const mine = looks;
        plan(RETRY_MS);
        const found = await session().catch(() => undefined);
        // A newer look knows better, and whoever stopped wants to know no more.
        if (!found || mine !== looks) return;
        const left = found.user ? Math.min(found.idleSeconds, found.absoluteSeconds) - noticeSeconds : 0;
        const current = !found.user ? 'ended' : left > 0 ? 'active' : 'ending';
        const wait = { active: left, ending: ENDING_SECONDS, ended: pollSeconds }[current];
        plan(Math.min(wait, pollSeconds) * 1000 + 500);
        if (current === state) return;
        state = current;
        if (current === 'ended' && !isTold) tellTabs();
        callback(current, found);
      };
      const onVisible = () => void (document.visibilityState === 'visible' && look());
      channel.onmessage = () => void look({ isTold: true });
      document.addEventListener('visibilitychange', onVisible);
      look();
      return () => {
        looks = 0;
        clearTimeout(timer);
        channel.close();
        document.removeEventListener('visibilitychange', onVisible);
      };
    },
  };
}

/** @throws what the signal was aborted with, as `fetch` does. */
function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.onabort = () => reject(signal.reason);
  });
  return Promise.race([work, aborted]);
}
