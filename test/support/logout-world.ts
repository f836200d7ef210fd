import { ConnectAuthError } from '../../src/errors.ts';
import type { BrowserSession } from '../../src/session/browser-session.ts';
import { decodeIdentity, type Identity, type NewIdentity } from '../../src/session/identity.ts';
import { createSessionHandles } from '../../src/session/session-handles.ts';
import {
  CLIENT_ID,
  createExchange,
  createRequest,
  createTokens,
  ISSUER,
  indexes,
  keys,
  type ModelProcess,
  postToken,
} from './logout-model.ts';
import type { Turns } from './turns.ts';

/** How far ahead of the others a clock may be without a login that it began being refused for it. */
const CLOCK_SLACK_MS = 300_000;

export type StepKind =
  | 'login'
  | 'callbackAgain'
  | 'request'
  | 'list'
  | 'change'
  | 'renew'
  | 'refresh'
  | 'logout'
  | 'logoutToken'
  | 'logoutTokenAgain'
  | 'revoke'
  | 'revokeOthers'
  | 'revokeAll'
  | 'clock';

/** One thing that somebody does, in one of two browsers, at one of two processes. */
export interface Step {
  readonly kind: StepKind;
  readonly browser: 0 | 1;
  readonly process: 0 | 1;
  /** Whom a logout token means: everybody of that name, the session of the browser, or who is both. */
  readonly target: 'sub' | 'sid' | 'both';
  /** How far from the true time a clock is set. */
  readonly offsetMs: number;
}

interface Browser {
  /** The session id in its cookie. */
  id: string | undefined;
  /** The logins under way in its cookies, by their state. */
  readonly pending: Set<string>;
  /** Its session at the provider. */
  atProvider: { sid: string; authTime: number } | undefined;
}

/** A login that a provider has authorized. */
interface AuthorizedLogin {
  readonly state: string;
  /** By the clock of the process that began it. */
  readonly startedAt: number;
  /** The true time. */
  readonly begun: number;
  readonly atProvider: { sid: string; authTime: number };
}

/** What an acknowledged logout promised: none of these logins is authenticated in a request that begins later. */
interface Promised {
  readonly by: string;
  readonly at: number;
  readonly isDead: (login: KnownLogin) => boolean;
}

/** A login as it truly was. */
interface KnownLogin extends NewIdentity {
  readonly state: string;
  /** When it began by the true time. */
  readonly begun: number;
  /** When its browser was told, by the true time. */
  acknowledgedAt: number;
}

export interface WorldOptions {
  readonly sub: string;
  /** Whether the provider says in ID tokens when the person authenticated. */
  readonly tellsAuthTime: boolean;
  readonly turns: Turns;
  /** The true time, which is that of the provider. */
  readonly now: () => number;
  /** Sets the one clock that steps. */
  readonly setClock: (offsetMs: number) => void;
}

/** One person with two browsers, two processes, and a note of all that was promised and seen. */
export function createWorld(
  { sub, tellsAuthTime, turns, now, setClock }: WorldOptions,
  processes: readonly [ModelProcess, ModelProcess],
) {
  const browsers: readonly [Browser, Browser] = [createBrowser(), createBrowser()];
  const logins = new Map<string, KnownLogin>();
  /** Which logins continue each other: an id change, or the same person again in the same browser. */
  const lines = new Map<string, string>();
  const cookies = new Map<string, string>();
  const promised: Promised[] = [];
  const seen: { by: string; from: number; loginId: string }[] = [];
  /** How often each login was taken. */
  const taken = new Map<string, number>();
  const authorized: (AuthorizedLogin | undefined)[] = [undefined, undefined];
  let count = 0;
  let lastToken: { jti: string; sub?: string; sid?: string; issuedAt: number; cameAt: number } | undefined;
  const seconds = () => Math.floor(now() / 1000);
  const next = (what: string) => `${sub} ${what} ${++count}`;

  const nameOf = ({ kind, browser, process, offsetMs }: Step) =>
    kind === 'clock' ? `clock ${offsetMs}` : `${kind} (browser ${browser}, process ${process})`;
  const promise = (step: Step, isDead: Promised['isDead']) =>
    promised.push({ by: nameOf(step), at: now(), isDead });
  const endLine = (step: Step, loginId: string | undefined) => {
    const line = loginId === undefined ? undefined : lines.get(loginId);
    if (line !== undefined) promise(step, (login) => lines.get(login.loginId) === line);
  };
  /**
   * Whether a logout of all that has begun until `time` means this login. A known limit: one that was begun by a clock
   * which is ahead, by less than five minutes, looks as if it began after the logout. It may survive that, if its session
   * was not there yet: a mark of the logout cannot tell it from a new login.
   */
  const hasBegunBy = ({ begun, loginStartedAt, acknowledgedAt }: KnownLogin, time: number) => {
    const ahead = loginStartedAt - time;
    const isLimit = acknowledgedAt > time && ahead > 0 && ahead < CLOCK_SLACK_MS;
    return begun <= time && !isLimit;
  };
  /** The first thing of each request. */
  const read = async (step: Step): Promise<BrowserSession> => {
    const from = now();
    const { sessions } = processes[step.process];
    const session = await sessions.read(createRequest(browsers[step.browser].id));
    if (!sessions.touch(session)) await sessions.keepUp(session);
    if (session.fault) throw session.fault;
    if (session.identity) seen.push({ by: nameOf(step), from, loginId: session.identity.loginId });
    return session;
  };
  const setCookie = (browser: Browser, id: string, loginId: string) => {
    browser.id = id;
    cookies.set(id, loginId);
  };
  const authorize = (browser: Browser) => {
    browser.atProvider ??= { sid: next('sid'), authTime: seconds() };
    return browser.atProvider;
  };

  /** As the callback does, but for the cryptography. */
  const finish = async (step: Step, { state, startedAt, begun, atProvider }: AuthorizedLogin) => {
    const { sessions, vault, store, clocks } = processes[step.process];
    const browser = browsers[step.browser];
    const { sid, authTime } = atProvider;
    const session = await read(step);
    const [takenAt, id] = [clocks.monotonic(), sessions.newId()];
    const owner = sessions.keyOf(id);
    const outcome = await store.takeLogin(state, owner, startedAt);
    if (outcome !== 'mine') {
      browser.pending.delete(state);
      return;
    }
    taken.set(state, (taken.get(state) ?? 0) + 1);
    const issuedAt = await turns.take('the provider takes the code', async () => seconds());
    const identity: NewIdentity = {
      ...{ loginId: next('login'), provider: 'default', issuer: ISSUER, clientId: CLIENT_ID, sub, sid },
      ...{ claims: { sub }, authTime: tellsAuthTime ? authTime : undefined, issuedAt },
      ...{ loginStartedAt: startedAt, loggedInAt: clocks.now() },
    };
    const login: KnownLogin = { ...identity, state, begun, acknowledgedAt: Number.POSITIVE_INFINITY };
    logins.set(identity.loginId, login);
    const before = session.identity?.loginId;
    lines.set(identity.loginId, (before && lines.get(before)) ?? identity.loginId);
    const sealedTokens = vault.seal(id, createTokens(clocks.now()));
    const isCancelled = async () => (await store.readLogins([state]))[0] !== owner;
    const onLateEnd = async () => undefined;
    const proven = { id, identity, sealedTokens, takenAt, isCancelled, onLateEnd };
    await sessions.logIn(session, createExchange(), proven);
    login.acknowledgedAt = now();
    browser.pending.delete(state);
    setCookie(browser, id, identity.loginId);
  };

  const acts: Record<StepKind, (step: Step) => Promise<void>> = {
    clock: async ({ offsetMs }) => {
      await turns.take(`a clock is set to ${offsetMs}`, async () => setClock(offsetMs));
    },
    login: async (step) => {
      const browser = browsers[step.browser];
      const [state, startedAt, begun] = [next('state'), processes[step.process].clocks.now(), now()];
      browser.pending.add(state);
      const atProvider = await turns.take('the provider authorizes', async () => authorize(browser));
      const login = { state, startedAt, begun, atProvider };
      authorized[step.browser] = login;
      await finish(step, login);
    },
    callbackAgain: async (step) => {
      const login = authorized[step.browser];
      if (login) await finish(step, login);
    },
    request: async (step) => {
      await read(step);
    },
    list: async (step) => {
      await processes[step.process].userSessions.list({ issuer: ISSUER, sub }, { limit: 100 });
    },
    change: async (step) => {
      const session = await read(step);
      if (!session.id) return;
      await turns.take('the handler works', async () => undefined);
      const choice = { mustExist: session.data !== null };
      await processes[step.process].sessions.writeData(session.id, '{"late":true}', choice);
    },
    renew: async (step) => {
      const session = await read(step);
      await processes[step.process].sessions.renew(session, createExchange().res, '{"renewed":true}');
      setCookie(browsers[step.browser], session.id!, session.identity!.loginId);
    },
    refresh: async (step) => {
      const { vault, store, tokenSource } = processes[step.process];
      const { id, identity } = await read(step);
      if (!id || !identity) return;
      const tokens = vault.open(id, (await store.readTokens(keys.sessionKey(id))) ?? undefined);
      const owner = { sessionId: id, provider: 'default', sub };
      await tokenSource.get(owner, { minValiditySeconds: 0, rejected: tokens?.accessToken });
    },
    logout: async (step) => {
      const { sessions, store } = processes[step.process];
      const browser = browsers[step.browser];
      const cancelled = new Set(browser.pending);
      const session = await read(step);
      const untold = cancelled.size > 0 ? await store.cancelLogins([...cancelled]) : [];
      const ended = await sessions.end(session, createExchange(), 'logout');
      await sessions.endUntold(untold, createRequest());
      browser.id = undefined;
      browser.atProvider = undefined;
      for (const state of cancelled) browser.pending.delete(state);
      endLine(step, ended?.identity?.loginId);
      if (cancelled.size > 0) promise(step, ({ state }) => cancelled.has(state));
    },
    logoutToken: async (step) => {
      const { atProvider } = browsers[step.browser];
      const target = {
        ...(step.target !== 'sid' && { sub }),
        ...(step.target !== 'sub' && { sid: atProvider?.sid ?? 'unknown' }),
      };
      for (const browser of browsers) {
        if (step.target === 'sub' || browser.atProvider === atProvider) browser.atProvider = undefined;
      }
      lastToken = { jti: next('jti'), ...target, issuedAt: seconds(), cameAt: now() };
      await deliver(step, lastToken);
    },
    logoutTokenAgain: async (step) => {
      if (lastToken) await deliver(step, lastToken);
    },
    revoke: async (step) => {
      const { id } = browsers[step.browser];
      if (id === undefined) return;
      await processes[step.process].userSessions.revoke(createSessionHandles(keys).of(keys.sessionKey(id)));
      endLine(step, cookies.get(id));
    },
    revokeOthers: async (step) => {
      const session = await read(step);
      if (!session.identity) return;
      const { loginId } = session.identity;
      const begun = now();
      await processes[step.process].userSessions.revokeOthers(session);
      promise(step, (login) => hasBegunBy(login, begun) && login.loginId !== loginId);
    },
    revokeAll: async (step) => {
      const begun = now();
      await processes[step.process].userSessions.revokeAll({ issuer: ISSUER, sub });
      promise(step, (login) => hasBegunBy(login, begun));
    },
  };

  const deliver = async (step: Step, token: NonNullable<typeof lastToken>) => {
    const { cameAt, issuedAt: issuedBy, ...target } = token;
    await turns.take('the logout token arrives', async () => undefined);
    const status = await postToken(processes[step.process], { sub: undefined, sid: undefined, ...token });
    if (status !== 200) throw new Error(`A logout token was answered ${status}.`);
    promise(step, ({ sub: whose, sid, authTime = 0, issuedAt, loginStartedAt }) => {
      const isMeant = whose === (target.sub ?? whose) && sid === (target.sid ?? sid);
      const mayBeBefore = Math.min(authTime, issuedAt) <= issuedBy && loginStartedAt <= cameAt;
      return isMeant && (issuedAt < issuedBy || mayBeBefore);
    });
  };

  return {
    promised,
    seen,
    /** What a handler or a person is told in good order, such as that a session has ended, is no fault. */
    act: async (step: Step) => {
      try {
        await acts[step.kind](step);
      } catch (error) {
        if (!(error instanceof ConnectAuthError) || error.status >= 500) throw error;
      }
    },
    nameOf,
    /**
     * Every request that was authenticated though a logout had been acknowledged before it began, and every login that
     * was taken twice.
     */
    findBroken: (): string[] => [
      ...seen.flatMap(({ by, from, loginId }) =>
        promised
          .filter(({ at, isDead }) => at < from && isDead(logins.get(loginId)!))
          .map((end) => `${by} was authenticated after ${end.by}`),
      ),
      ...[...taken].filter(([, times]) => times > 1).map(([state]) => `${state} was taken twice`),
    ],
    /**
     * The same for whoever comes back at the very end, with each cookie that there ever was. And what lives at all, a
     * cookie or not, is where the next logout looks for it; tokens do not outlive their session.
     */
    findResurrected: async (): Promise<{ broken: string[]; living: number }> => {
      const { real, listSessions, hasTokens, isEnded } = processes[0];
      const delivered = new Set([...cookies.keys()].map((id) => keys.sessionKey(id)));
      const isListed = async (login: Identity, key: string) => {
        const pages = await Promise.all(indexes.holding(login).map((index) => real.scanIndex(index)));
        return pages.every((page) => page.keys.includes(key));
      };
      const inspect = async (key: string) => {
        const { login: stored } = await real.readSession(key);
        const login = stored && decodeIdentity(stored);
        if (!login) {
          const isKept = !(await hasTokens(key)) || (await isEnded(key));
          return { lives: false, faults: isKept ? [] : ['tokens outlive their session'] };
        }
        const { loginId } = login;
        const undone = promised.filter(({ isDead }) => delivered.has(key) && isDead(logins.get(loginId)!));
        const faults = undone.map((end) => `${loginId} lives after ${end.by}`);
        if (!(await isListed(login, key))) faults.push(`an index lacks ${loginId}, which lives`);
        return { lives: true, faults };
      };
      const sessions = await Promise.all((await listSessions()).map(inspect));
      return {
        broken: sessions.flatMap(({ faults }) => faults.map((what) => `in the end ${what}`)),
        living: sessions.filter(({ lives }) => lives).length,
      };
    },
  };
}

function createBrowser(): Browser {
  return { id: undefined, pending: new Set(), atProvider: undefined };
}
