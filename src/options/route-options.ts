import { ConfigurationError } from '../errors.ts';
import { checkPath } from './option-checks.ts';
import { optional, type Resolved, type Table, withDefault } from './option-table.ts';
import type { ResolvedOptions, RouteOptions } from './options.ts';

const checkPathOrOff = (where: string, value: unknown) => (value === false ? false : checkPath(where, value));

/** The options of `routes`. */
export const ROUTE_OPTIONS = {
  login: withDefault(checkPathOrOff, '/login', { aliases: ['signIn'] }),
  callback: withDefault(checkPathOrOff, '/oauth/callback', { aliases: ['redirect', 'redirectUri'] }),
  logout: withDefault(checkPathOrOff, '/logout', { aliases: ['signOut'] }),
  backchannelLogout: withDefault(checkPathOrOff, '/oauth/backchannel-logout'),
  frontchannelLogout: withDefault(checkPathOrOff, '/oauth/frontchannel-logout'),
  globalTokenRevocation: withDefault(checkPathOrOff, false, { aliases: ['universalLogout'] }),
  initiateLogin: withDefault(checkPathOrOff, false, { aliases: ['initiateLoginUri', 'initiate_login_uri'] }),
  signedOut: withDefault(checkPathOrOff, '/signed-out'),
  session: withDefault(checkPathOrOff, false, { aliases: ['user', 'me', 'userinfo', 'profile'] }),
  keptForm: withDefault(checkPathOrOff, false),
  health: withDefault(checkPathOrOff, false, { aliases: ['healthz', 'probe', 'ready', 'live'] }),
  jwks: withDefault(checkPathOrOff, false, { aliases: ['jwksUri', 'jwks_uri', 'keys'] }),
  metrics: withDefault(checkPathOrOff, false, { aliases: ['prometheus'] }),
  home: withDefault(checkPath, '/'),
  afterLogout: optional(checkPath, {
    defaultIs: '`home`',
    aliases: ['postLogoutRedirect', 'postLogoutRedirectUri'],
  }),
} satisfies Table<RouteOptions>;

/**
 * Completes the routes.
 *
 * @param providers - names of several providers, each of which has a callback of its own.
 * @throws ConfigurationError when two of them have one path, or when a logout would lead to another route than a page.
 */
export function completeRoutes(
  where: string,
  routes: Resolved<typeof ROUTE_OPTIONS>,
  providers: readonly string[],
): ResolvedOptions['routes'] {
  const { afterLogout = routes.home, ...own } = routes;
  const callbacks = providers.map((name) => [`callback of "${name}"`, `${own.callback}/${name}`] as const);
  const paths = [...Object.entries(own), ...(own.callback === false ? [] : callbacks)].filter(
    ([, path]) => path !== false,
  );
  for (const [, path] of paths) {
    const names = paths.filter(([, other]) => isSamePath(other, path)).map(([name]) => name);
    if (names.length > 1) {
      throw new ConfigurationError(
        `${where} must all differ from each other; ${names.join(' and ')} are "${path}". Give each a path of its own.`,
      );
    }
  }
  // A logout would lead to a logout again, without end, or to a login, which undoes it.
  const target = paths.find(([name, path]) => isSamePath(path, afterLogout) && !PAGES.includes(name))?.[0];
  if (target !== undefined) {
    throw new ConfigurationError(
      `${where}.afterLogout must be a page; it is ${target}. If no page of yours does without a login, take "/signed-out".`,
    );
  }
  return Object.freeze({ ...own, afterLogout });
}

/** As Express tells paths apart: neither by case nor by a slash at the end. */
function isSamePath(one: string | false, other: string | false): boolean {
  const [first, second] = [one, other].map((path) =>
    String(path)
      .toLowerCase()
      .replace(/(?<=.)\/$/, ''),
  );
  return first === second;
}

/** Where a logout may lead, of what has a path among the routes. */
const PAGES: readonly string[] = ['home', 'signedOut'];
