import { ConnectAuthError } from '../../src/errors.ts';
import { hash } from '../../src/keys.ts';
import type { BrowserSession } from '../../src/session/browser-session.ts';
import { indexesOf } from '../../src/session/cut.ts';
import { decodeEndedIdentity, type Identity } from '../../src/session/identity.ts';
import { createRequest, createResponse, createTokens, type ModelProcess } from './logout-model.ts';
import type { Turns } from './turns.ts';

const WEEK_MS = 604_800_000;
const ISSUER = 'https://id.example';

export type StepKind =
  | 'login'
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
  | 'revokeAll';

/** One thing that somebody does, in one of two browsers, at one of two processes. */
export interface Step {
  readonly kind: StepKind;
  readonly browser: 0 | 1;
  readonly process: 0 | 1;
  /** Whom a logout token means: everybody of that name, the session of the browser, or who is both. */
  readonly target: 'sub' | 'sid' | 'both';
}

interface Browser {
  /** The session id in its cookie. */
  id: string | undefined;
  /** Its session at the provider. */
  atProvider: { sid: string; authTime: number } | undefined;
}

/** What an acknowledged logout promised: none of these logins is authenticated in a request that begins later. */
interface Promised {
  readonly by: string;
  readonly at: number;
  readonly isDead: (login: Identity) => boolean;
}

export interface WorldOptions {
  readonly sub: string;
  /** Whether the provider says in ID tokens when the person authenticated. */
  readonly tellsAuthTime: boolean;
  readonly turns: Turns;
  readonly now: () => number;
}

/** One person with two browsers, two processes, and a note of all that was promised and seen. */
export function createWorld(
  { sub, tellsAuthTime, turns, now }: WorldOptions,
  processes: readonly [ModelProcess, ModelProcess],
) {
  const browsers: readonly [Browser, Browser] = [createBrowser(), createBrowser()];
  const logins = new Map<string, Identity>();
  /** Which logins continue each other: an id change, or the same person again in the same browser. */
  const lines = new Map<string, string>();
  const cookies = new Map<string, string>();
  const promised: Promised[] = [];
  const seen: { by: string; from: number; loginId: string }[] = [];
  let count = 0;
  let lastToken: { jti: string; sub?: string; sid?: string; issuedBy: number } | undefined;
  const seconds = () => Math.floor(now() / 1000);
  const next = (what: string) => `${sub} ${what} ${++count}`;

  const nameOf = ({ kind, browser, process }: Step) => `${kind} (browser ${browser}, process ${process})`;
  const promise = (step: Step, isDead: Promised['isDead']) =>
    promised.push({ by: nameOf(step), at: now(), isDead });
  const endLine = (step: Step, loginId: string | undefined) => {
    const line = loginId === undefined ? undefined : lines.get(loginId);
    if (line !== undefined) promise(step, (login) => lines.get(login.loginId) === line);
  };
  /** The first thing of each request. */
  const read = async (step: Step): Promise<BrowserSession> => {
    const from = now();
    const session = await processes[step.process].sessions.read(createRequest(browsers[step.browser].id));
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
  const createIdentity = (
    times: Pick<Identity, 'sid' | 'authTime' | 'issuedAt' | 'loginStartedAt'>,
  ): Identity => ({
    ...{ provider: 'default', issuer: ISSUER, sub, claims: { sub }, ...times },
    authTime: tellsAuthTime ? times.authTime : undefined,
    ...{ loginId: next('login'), loggedInAt: now(), absoluteEnd: now() + WEEK_MS },
  });

  const acts: Record<StepKind, (step: Step) => Promise<void>> = {
    login: async (step) => {
      const { sessions, vault } = processes[step.process];
      const browser = browsers[step.browser];
      const loginStartedAt = now();
      const atProvider = await turns.take('the provider authorizes', async () => authorize(browser));
      const session = await read(step);
      const issuedAt = await turns.take('the provider takes the code', async () => seconds());
      const id = sessions.newId();
      const identity = createIdentity({ ...atProvider, issuedAt, loginStartedAt });
      logins.set(identity.loginId, identity);
      const before = session.identity?.loginId;
      lines.set(identity.loginId, (before && lines.get(before)) ?? identity.loginId);
      const sealedTokens = await vault.seal(id, createTokens(now()));
      await sessions.logIn(session, createResponse(), { id, identity, sealedTokens });
      setCookie(browser, id, identity.loginId);
    },
    request: async (step) => {
      await read(step);
    },
    list: async (step) => {
      await processes[step.process].userSessions.list({ iss: ISSUER, sub });
    },
    change: async (step) => {
      const session = await read(step);
      if (!session.id) return;
      await turns.take('the handler works', async () => undefined);
      const choice = { mustExist: session.data !== null };
      await processes[step.process].sessions.writeData(session, session.id, '{"late":true}', choice);
    },
    renew: async (step) => {
      const session = await read(step);
      await processes[step.process].sessions.renew(session, '{"renewed":true}');
      setCookie(browsers[step.browser], session.id!, session.identity!.loginId);
    },
    refresh: async (step) => {
      const { vault, tokenSource } = processes[step.process];
      const { id, identity } = await read(step);
      if (!id || !identity) return;
      const tokens = await vault.read(id);
      const owner = { sessionId: id, provider: 'default', sub };
      await tokenSource.get(owner, { minValiditySeconds: 0, rejected: tokens?.accessToken });
    },
    logout: async (step) => {
      const browser = browsers[step.browser];
      const session = await read(step);
      const { identity } = await processes[step.process].sessions.logOut(session, createResponse());
      browser.id = undefined;
      browser.atProvider = undefined;
      endLine(step, identity?.loginId);
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
      lastToken = { jti: next('jti'), ...target, issuedBy: seconds() };
      await deliver(step, lastToken);
    },
    logoutTokenAgain: async (step) => {
      if (lastToken) await deliver(step, lastToken);
    },
    revoke: async (step) => {
      const { id } = browsers[step.browser];
      if (id === undefined) return;
      await processes[step.process].userSessions.revoke(hash(id));
      endLine(step, cookies.get(id));
    },
    revokeOthers: async (step) => {
      const session = await read(step);
      if (!session.identity) return;
      const { loginId } = session.identity;
      const begun = now();
      await processes[step.process].userSessions.revokeOthers(session);
      promise(step, (login) => login.loginStartedAt <= begun && login.loginId !== loginId);
    },
    revokeAll: async (step) => {
      const begun = now();
      await processes[step.process].userSessions.revokeAll({ iss: ISSUER, sub });
      promise(step, (login) => login.loginStartedAt <= begun);
    },
  };

  /** As the route does, after the token was verified. */
  const deliver = async (step: Step, { jti, issuedBy, ...target }: NonNullable<typeof lastToken>) => {
    const { store, userSessions } = processes[step.process];
    await turns.take('the logout token arrives', async () => undefined);
    const meaning = JSON.stringify({ cameAt: now() });
    const { cameAt } = JSON.parse(await store.putLogoutToken(hash([ISSUER, jti]), meaning, 240_000));
    await userSessions.endByCut({ issuer: ISSUER, ...target }, { issuedBy, cameAt }, 'back_channel');
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
    /** Every request that was authenticated though a logout had been acknowledged before it began. */
    findBroken: (): string[] =>
      seen.flatMap(({ by, from, loginId }) =>
        promised
          .filter(({ at, isDead }) => at < from && isDead(logins.get(loginId)!))
          .map((end) => `${by} was authenticated after ${end.by}`),
      ),
    /**
     * The same for whoever comes back at the very end, with each cookie that there ever was. And what lives at all, a
     * cookie or not, is where the next logout looks for it; tokens do not outlive their session.
     */
    findResurrected: async (): Promise<{ broken: string[]; living: number }> => {
      const { real, listSessions } = processes[0];
      const delivered = new Set([...cookies.keys()].map(hash));
      const inspect = async (key: string) => {
        const [{ auth }, tokens] = await Promise.all([real.readSession(key), real.readTokens(key)]);
        const login = decodeEndedIdentity(auth);
        if (!login) return { lives: false, faults: tokens === null ? [] : ['tokens outlive their session'] };
        const { loginId } = login;
        const undone = promised.filter(({ isDead }) => delivered.has(key) && isDead(logins.get(loginId)!));
        const faults = undone.map((end) => `${loginId} lives after ${end.by}`);
        const indexes = await Promise.all(indexesOf(login).map((index) => real.readIndex(index, now())));
        const isListed = indexes.every((keys) => keys.includes(key));
        return {
          lives: true,
          faults: isListed ? faults : [...faults, `an index lacks ${loginId}, which lives`],
        };
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
  return { id: undefined, atProvider: undefined };
}
