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
  signedOut: withDefault(checkPathOrOff, '/signed-out'),
  home: withDefault(checkPath, '/'),
  afterLogout: optional(checkPath, {
    defaultIs: '`home`',
    aliases: ['postLogoutRedirect', 'postLogoutRedirectUri'],
  }),
} satisfies Table<RouteOptions>;

/** Completes the routes. @throws ConfigurationError when two of them have one path. */
export function completeRoutes(
  where: string,
  routes: Resolved<typeof ROUTE_OPTIONS>,
): ResolvedOptions['routes'] {
  const { afterLogout = routes.home, ...own } = routes;
  const paths = Object.entries(own).filter(([, path]) => path !== false);
  for (const [, path] of paths) {
    const names = paths.filter(([, other]) => other === path).map(([name]) => name);
    if (names.length > 1) {
      throw new ConfigurationError(
        `${where} must all differ from each other; ${names.join(' and ')} are "${path}".`,
      );
    }
  }
  return Object.freeze({ ...own, afterLogout });
}
