import type { Request } from 'express';
import { ConfigurationError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';

/** Every address the routes emit, all from `baseUrl` and none from a request header. */
export interface Urls {
  /** Path of the home page. */
  readonly home: string;
  readonly homeUrl: string;
  /** Path of the login route with a return address, and what else its query says; `undefined` when it is switched off. */
  login(returnTo?: string, query?: Readonly<Record<string, string>>): string | undefined;
  /** Path of the logout route, with a return address; `undefined` when it is switched off. */
  logout(returnTo?: string): string | undefined;
  /** Path of the page that a logout leads to. */
  readonly afterLogout: string;
  /** Path of our own such page; `undefined` when it is switched off. */
  readonly signedOut: string | undefined;
  /** @throws ConfigurationError when the callback route is switched off. */
  redirectUri(provider: string): string;
  /** Where a provider answers, below the mount; `undefined` when the route is switched off. */
  callbackPath(provider: string): string | undefined;
  /** Path of the page that asks whether to send a form that was kept. */
  keptForm(place: number | string): string;
  /** Paths that must not be returned to. */
  readonly own: readonly string[];
  /** What the browser sees of this request: path and query. `mountPath`: where the middleware was mounted. */
  publicPath(req: Request, mountPath: string): string;
}

type UrlOptions = Pick<ResolvedOptions, 'baseUrl' | 'basePath' | 'routes' | 'severalProviders'>;

/** Makes the addresses from the options, once. */
export function createUrls({ baseUrl, basePath, routes, severalProviders }: UrlOptions): Urls {
  const { callback } = routes;
  const callbackPath = (provider: string) => (severalProviders ? `${callback}/${provider}` : `${callback}`);
  const { login, initiateLogin, logout, backchannelLogout, frontchannelLogout, globalTokenRevocation } =
    routes;
  const own = [
    ...[login, initiateLogin, callback, logout],
    ...[backchannelLogout, frontchannelLogout, globalTokenRevocation],
  ];

  return {
    home: basePath + routes.home,
    homeUrl: baseUrl + routes.home,
    login: (returnTo, more) => {
      if (routes.login === false) return undefined;
      const query = new URLSearchParams({ ...(returnTo ? { returnTo } : {}), ...more });
      return `${basePath}${routes.login}${query.size > 0 ? `?${query}` : ''}`;
    },
    logout: (returnTo) => {
      if (routes.logout === false) return undefined;
      const query = returnTo ? `?${new URLSearchParams({ returnTo })}` : '';
      return basePath + routes.logout + query;
    },
    afterLogout: basePath + routes.afterLogout,
    signedOut: routes.signedOut === false ? undefined : basePath + routes.signedOut,
    keptForm: (place) => `${basePath}${routes.keptForm}?${new URLSearchParams({ form: String(place) })}`,
    redirectUri: (provider) => {
      if (callback === false) {
        throw new ConfigurationError('routes.callback is switched off: this process cannot start logins.');
      }
      return baseUrl + callbackPath(provider);
    },
    callbackPath: (provider) => (callback === false ? undefined : callbackPath(provider)),
    own: own.filter((path) => path !== false).map((path) => basePath + path),
    // Not mounted at the base path means that a proxy strips it and hides it from us.
    publicPath: (req, mountPath) => (mountPath === '' ? basePath : '') + req.originalUrl,
  };
}
