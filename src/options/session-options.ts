import { ConfigurationError } from '../errors.ts';
import { isBelowCookiePath } from '../is-below-cookie-path.ts';
import { hash } from '../keys.ts';
import {
  checkBoolean,
  checkFunction,
  checkPath,
  checkString,
  checkStrings,
  oneOf,
  refuse,
  wholeNumberFrom,
} from './option-checks.ts';
import { optional, type Resolved, type Table, withDefault } from './option-table.ts';
import type { ResolvedOptions, SessionOptions } from './options.ts';

const A_DAY = 86_400;

/** Browsers keep no cookie for longer than 400 days. */
const checkSeconds = wholeNumberFrom(1, 400 * A_DAY);

/** The options of `session`. */
export const SESSION_OPTIONS = {
  cookieName: optional(checkCookieName, {
    defaultIs: "'session', and eight characters more wherever a second application could have the same",
    aliases: ['name', 'key'],
  }),
  cookiePath: withDefault(checkPath, '/', { aliases: ['path'] }),
  idleTimeoutSeconds: optional(checkSeconds, {
    defaultIs: '86400 (a day); `absoluteTimeoutSeconds` where that is less',
    aliases: ['rollingDuration'],
  }),
  absoluteTimeoutSeconds: withDefault(checkSeconds, 604_800, { aliases: ['absoluteDuration'] }),
  persistent: withDefault(checkBoolean, false),
  describe: optional<NonNullable<SessionOptions['describe']>>(checkFunction, { defaultIs: 'nothing' }),
  maxPerUser: optional(wholeNumberFrom(1, 1000), {
    defaultIs: 'any number',
    aliases: ['maxSessions', 'maximumSessions', 'limit'],
  }),
  whenTooMany: withDefault(oneOf('end_oldest', 'refuse'), 'end_oldest'),
  revalidateSeconds: optional(wholeNumberFrom(10, 400 * A_DAY), { defaultIs: 'never' }),
  userFields: withDefault(checkStrings, ['sub', 'name']),
  carryOver: withDefault(checkStrings, []),
} satisfies Table<SessionOptions>;

/** Where the cookies belong. */
export interface CookiePlace {
  readonly baseUrl: URL;
  /** The path of `baseUrl`: empty, or begins with a slash. */
  readonly basePath: string;
  /** The option `application` as it was given. */
  readonly application: string | undefined;
  readonly routes: ResolvedOptions['routes'];
}

/** Completes the options of `session`. */
export function completeSession(
  where: string,
  session: Resolved<typeof SESSION_OPTIONS>,
  place: CookiePlace,
): ResolvedOptions['session'] {
  const { cookiePath, absoluteTimeoutSeconds: absolute } = session;
  const idle = session.idleTimeoutSeconds ?? Math.min(A_DAY, absolute);
  if (idle > absolute) {
    throw new ConfigurationError(
      `${where}.idleTimeoutSeconds must not exceed session.absoluteTimeoutSeconds.`,
    );
  }
  checkCookiePath(`${where}.cookiePath`, cookiePath, place);
  const cookieName = completeCookieName(
    `${where}.cookieName`,
    session.cookieName ?? findCookieName(place),
    cookiePath,
    place.baseUrl.protocol === 'https:',
  );
  return Object.freeze({
    ...session,
    cookieName,
    idleTimeoutSeconds: idle,
    describe: session.describe ?? (() => undefined),
  });
}

function checkCookieName(where: string, value: unknown): string {
  const name = checkString(where, value);
  return /^[\w\-.]{1,64}$/.test(name) ? name : refuse(where, 'letters, digits, "_", "-" and "."', value);
}

/**
 * Cookies know no port, and all of ours are sent to every path: applications of one host would take them for their own.
 */
function findCookieName({ baseUrl, basePath, application }: CookiePlace): string {
  if (application === undefined && baseUrl.port === '' && basePath === '') return 'session';
  return `session-${hash(application ?? [baseUrl.port, basePath]).slice(0, 8)}`;
}

/** A callback that the cookie is not sent to would never find its login. */
function checkCookiePath(where: string, cookiePath: string, { basePath, routes }: CookiePlace): void {
  for (const name of ['login', 'initiateLogin', 'callback', 'logout', 'session', 'keptForm'] as const) {
    const path = `${basePath}${routes[name]}`;
    if (routes[name] !== false && !isBelowCookiePath(path, cookiePath)) {
      throw new ConfigurationError(
        `${where} must hold routes.${name}: browsers send no cookie of ${cookiePath} to ${path}.`,
      );
    }
  }
}

const warned = new WeakSet<object>();

/**
 * Once everything else is right: what is refused needs no advice. Once for the options as they were written, of however
 * many base URLs and tenants they are.
 */
export function warnOfCookiePath(where: string, given: object, cookiePath: string): void {
  if (cookiePath === '/' || warned.has(given)) return;
  warned.add(given);
  process.emitWarning(
    `${where} is ${cookiePath}: other applications of the host, and scripts of their pages, can put a cookie in front of ours. Leave it out; applications of one host have cookies of their own names.`,
    { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_COOKIE_PATH' },
  );
}

/**
 * On https a name says what a browser must refuse. `__Host-Http-`: what was not set by this host, for all its paths, over
 * HTTP; a browser that does not know it yet treats it as `__Host-`, and only lets scripts of our pages set it as well.
 * `__Http-` has no such elder, so that a cookie with another path is named `__Secure-`.
 *
 * @see [RFC 6265bis, section 4.1.3](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#section-4.1.3)
 */
function completeCookieName(where: string, name: string, cookiePath: string, https: boolean): string {
  const prefix = /^__(Host-Http|Host|Http|Secure)-/i.exec(name)?.[0] ?? '';
  if (prefix && !https) throw new ConfigurationError(`${where}: ${prefix} needs an https baseUrl.`);
  if (/^__host-/i.test(prefix) && cookiePath !== '/') {
    throw new ConfigurationError(`${where}: a ${prefix} cookie must have the path "/". Drop cookiePath.`);
  }
  if (!https) return name;
  return `${cookiePath === '/' ? '__Host-Http-' : '__Secure-'}${name.slice(prefix.length)}`;
}
