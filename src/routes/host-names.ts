import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import { isNavigation } from '../fetch-metadata.ts';
import { quoteName } from '../options/option-checks.ts';
import { type CookieAttributes, readCookies, setCookie } from '../session/cookies.ts';

/** The names that browsers open this application by, and that of `baseUrl`, to which logins and their cookies belong. */
export interface HostNames {
  /** Notes under which name a login begins. */
  noteLogin(req: IncomingMessage): void;
  /**
   * Notes a callback that no login was found for. True: the browser sent no cookie of any login, of which another name is
   * the likeliest cause; of the names under which logins have begun in this process the operator is warned, of each once.
   */
  noteLostLogin(req: IncomingMessage): boolean;
  /** Sends a page that was opened under one of `redirectHosts` to `baseUrl`; false where there is nothing to do. */
  redirect(req: Request, res: Response): boolean;
}

/** What they are made of. */
export interface HostNamesOptions {
  readonly origin: string;
  /** Path and query as the browser sees them. */
  readonly publicPath: (req: Request) => string;
  readonly redirectHosts: ReadonlySet<string>;
  readonly cookieName: string;
  readonly cookiePath: string;
  readonly https: boolean;
}

/** Anybody can send any name. */
const MAX_NAMES = 5;
/** Longer than a redirect takes, shorter than it takes to open the page once more. */
const REDIRECTED_SECONDS = 10;

/**
 * Makes them. A proxy may rewrite `Host`, so that another name alone proves nothing: it is told only when a callback comes
 * without the cookies of its login, and a redirect is never repeated.
 */
export function createHostNames(options: HostNamesOptions): HostNames {
  const { origin, redirectHosts, cookieName } = options;
  const ownHost = new URL(origin).host;
  const marker = `${cookieName}-host`;
  const attributes: CookieAttributes = {
    httpOnly: true,
    secure: options.https,
    sameSite: 'lax',
    path: options.cookiePath,
    maxAge: REDIRECTED_SECONDS,
  };
  const seen = new Map<string, { isTold: boolean }>();

  const findOtherName = (req: IncomingMessage): string | undefined => {
    const [name, ...others] = readNames(req);
    return name === undefined || [name, ...others].includes(ownHost) ? undefined : name;
  };

  const warn = (name: string) => {
    const other = quoteName(name);
    process.emitWarning(
      `A login began at ${other}, but baseUrl is ${origin}: its cookies stay at the one, the provider answers at the other, and it is lost. Open ${origin}, list the other name in redirectHosts, or change baseUrl.`,
      { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_OTHER_HOST' },
    );
  };

  return {
    noteLogin: (req) => {
      const name = findOtherName(req);
      if (name !== undefined && !seen.has(name) && seen.size < MAX_NAMES) seen.set(name, { isTold: false });
    },

    noteLostLogin: (req) => {
      const prefix = `${cookieName}-login-`;
      if (Object.keys(readCookies(req)).some((name) => name.startsWith(prefix))) return false;
      for (const [name, note] of seen) {
        if (!note.isTold) warn(name);
        note.isTold = true;
      }
      return true;
    },

    redirect: (req, res) => {
      const name = findOtherName(req);
      if (name === undefined || !redirectHosts.has(name) || !isNavigation(req)) return false;
      if (readCookies(req)[marker] !== undefined) return false;
      const address = origin + options.publicPath(req);
      // No browser writes a whole URL into its request line.
      if (!URL.canParse(address) || new URL(address).origin !== origin) return false;
      setCookie(res, marker, '1', attributes);
      res.setHeader('Location', new URL(address).href);
      res.setHeader('Referrer-Policy', 'no-referrer');
      res.statusCode = 302;
      res.end();
      return true;
    },
  };
}

/** As the browser may have named it, the likeliest first: what stands before us may have rewritten either. */
function readNames({ headers }: IncomingMessage): string[] {
  const forwarded = [headers['x-forwarded-host'] ?? []].flat().flatMap((value) => value.split(','));
  return [...forwarded, headers.host ?? '']
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}
