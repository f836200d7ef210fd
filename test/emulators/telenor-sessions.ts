import { randomUUID } from 'node:crypto';
import type { Authorization } from './authorize-endpoint.ts';
import type { RecordedRequest } from './emulator-server.ts';
import type { EmulatorUser } from './emulator-user.ts';
import { randomValue } from './grants.ts';
import type { Parameters } from './parameters.ts';
import type { TelenorClient, TelenorSettings } from './telenor-options.ts';

/** A browser that is signed in at the provider, for all SSO clients. */
interface TelenorSession {
  /** The secret in the browser. */
  cookie: string;
  /** The public name of the session. */
  sid: string;
  user: EmulatorUser;
  /** Seconds. */
  authTime: number;
  acr: string;
}

const cookieName = 'telenor_session';
const cookieAttributes = 'Path=/oauth; HttpOnly; SameSite=Lax';

export type TelenorSessions = ReturnType<typeof createTelenorSessions>;

/** The SSO sessions: one per browser, named by a cookie of the provider. */
export const createTelenorSessions = (given: { settings: TelenorSettings; seconds: () => number }) => {
  const { settings, seconds } = given;
  const sessions = new Map<string, TelenorSession>();

  const find = (request: RecordedRequest): TelenorSession | undefined => {
    const cookie = new RegExp(`(?:^|; )${cookieName}=([^;]*)`).exec(request.headers.cookie ?? '')?.[1];
    return cookie === undefined ? undefined : sessions.get(cookie);
  };

  /** The session that answers this authorization without asking the person again. */
  const findSufficient = (authorization: Authorization<TelenorClient>): TelenorSession | undefined => {
    const { client, parameters, request } = authorization;
    const session = client.sso ? find(request) : undefined;
    if (session === undefined || parameters.get('prompt') === 'login') return undefined;
    const maxAge = Number(parameters.get('max_age') ?? Number.POSITIVE_INFINITY);
    const isFresh = seconds() - session.authTime <= maxAge;
    return isFresh && Number(session.acr) >= highestAcr(parameters) ? session : undefined;
  };

  // A step-up of the same person continues the session, so that a later logout ends all that hangs on it.
  const keepSession = (request: RecordedRequest, acr: string): TelenorSession => {
    const current = find(request);
    const isSamePerson = current?.user.sub === settings.user.sub;
    const names = isSamePerson ? current : { cookie: randomValue(), sid: randomUUID() };
    const session = { ...names, user: settings.user, authTime: seconds(), acr };
    sessions.set(session.cookie, session);
    return session;
  };

  /** Uses the session of the browser or signs the person in. Only SSO clients leave a session behind. */
  const authenticate = (authorization: Authorization<TelenorClient>) => {
    const { client, parameters, request } = authorization;
    const sufficient = findSufficient(authorization);
    const acr = String(highestAcr(parameters) || settings.acr);
    const session = sufficient ?? (client.sso ? keepSession(request, acr) : undefined);
    return {
      authentication: {
        user: session?.user ?? settings.user,
        authTime: session?.authTime ?? seconds(),
        acr: session?.acr ?? acr,
        amr: [sufficient ? 'SSO' : acr === '1' ? 'OTP' : 'UID_PWD'],
        sessionId: session?.sid,
      },
      cookie: session && `${cookieName}=${session.cookie}; ${cookieAttributes}`,
    };
  };

  const end = (sid: string): void => {
    for (const session of sessions.values()) {
      if (session.sid === sid) sessions.delete(session.cookie);
    }
  };

  return { find, findSufficient, authenticate, end };
};

export const expiredSessionCookie = `${cookieName}=; Max-Age=0; ${cookieAttributes}`;

/** Level 1 is possession of the phone, 2 the password; 0 when none was asked for. */
const highestAcr = (parameters: Parameters): number => {
  const known = (parameters.get('acr_values') ?? '').split(' ').filter((value) => /^[12]$/.test(value));
  return Math.max(0, ...known.map(Number));
};
