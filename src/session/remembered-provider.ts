import type { IncomingMessage, ServerResponse } from 'node:http';
import { sign, unsign } from 'cookie-signature';
import type { ApplicationKeys } from '../keys.ts';
import type { Secret } from '../secret.ts';
import { type CookieAttributes, readCookies, setCookie } from './cookies.ts';

/**
 * The provider that this browser logged in with last, in a signed cookie that outlives the session: a logout ends the
 * provider's session also when ours has ended before. It opens nothing, and names nobody.
 */
export interface RememberedProvider {
  /** The provider's name in the options; `undefined`: nothing is remembered, or it is not there any more. */
  read(req: IncomingMessage): string | undefined;
  /** Remembers a login, where the session's own cookie does not tell enough. */
  write(res: ServerResponse, provider: string): void;
  /** Remembers in any case: the provider could not be told of a logout. */
  keep(res: ServerResponse, provider: string): void;
  /** Forgets it, if the browser has it. */
  clear(req: IncomingMessage, res: ServerResponse): void;
}

/** What it is made of. */
export interface RememberedProviderOptions {
  /** Names of the providers in the options. */
  readonly providers: ReadonlySet<string>;
  /** Name of the session's cookie. */
  readonly cookieName: string;
  readonly path: string;
  readonly secure: boolean;
  /** Seconds that the session's cookie is kept; `undefined`: as long as the browser runs. */
  readonly sessionSeconds: number | undefined;
  readonly secrets: readonly Secret[];
  readonly keys: ApplicationKeys;
}

/** How long beyond the session's own cookie: for who comes back from a week away. */
const EXTRA_SECONDS = 7 * 86_400;
/** Browsers keep no cookie for longer. */
const MAX_SECONDS = 400 * 86_400;

/** Makes it. The first secret signs, all of them verify. */
export function createRememberedProvider(options: RememberedProviderOptions): RememberedProvider {
  const { providers, path, secure, sessionSeconds } = options;
  const name = `${options.cookieName}-provider`;
  const keys = options.secrets.map((secret) => options.keys.derive(secret, 'provider cookie signature'));
  const attributes: CookieAttributes = { httpOnly: true, secure, sameSite: 'lax', path };
  const life =
    sessionSeconds === undefined ? {} : { maxAge: Math.min(sessionSeconds + EXTRA_SECONDS, MAX_SECONDS) };
  // With one provider the session's cookie says it all, for as long as the browser has it.
  const isNeeded = providers.size > 1 || sessionSeconds !== undefined;

  const keep: RememberedProvider['keep'] = (res, provider) => {
    if (!res.headersSent) setCookie(res, name, sign(provider, keys[0]!), { ...attributes, ...life });
  };

  return {
    keep,
    read: (req) => {
      const value = readCookies(req)[name];
      if (value === undefined) return undefined;
      const found = keys.map((key) => unsign(value, key)).find((provider) => provider !== false);
      return found && providers.has(found) ? found : undefined;
    },
    write: (res, provider) => {
      if (isNeeded) keep(res, provider);
    },
    clear: (req, res) => {
      if (res.headersSent || readCookies(req)[name] === undefined) return;
      setCookie(res, name, '', { ...attributes, maxAge: 0 });
    },
  };
}
