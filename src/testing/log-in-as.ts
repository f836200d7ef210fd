import type { GivenLogin, TestLogins } from '../assembly/test-door.ts';
import { systemClocks } from '../clock.ts';
import type { ConnectAuth } from '../connect-auth.ts';
import { ConfigurationError } from '../errors.ts';
import { type BrowserCookie, type CookieLine, readCookieLine } from './cookie-lines.ts';
import { findAuth, type LogInTarget } from './find-auth.ts';
import { refuseProduction } from './refuse-production.ts';
import { fillJar, readJar } from './supertest-jar.ts';
import { runExchange } from './test-exchange.ts';
import { DEFAULT_PEOPLE, type TestPerson } from './test-people.ts';

/** The tokens of a login, as `logInAs()` takes them and `issueTokens()` of a test provider makes them. */
export interface TestTokens {
  /** @default 'test-access-token' */
  accessToken?: string | undefined;
  /** @default none */
  refreshToken?: string | undefined;
  /** @default none */
  idToken?: string | undefined;
  /** Seconds until the access token ends; 0 or less: it has. @default 3600 */
  expiresIn?: number | undefined;
  /** What was granted. @default the scope of the provider's options */
  scope?: string | undefined;
}

/** What the provider would have said beside the claims. */
export interface LogInProof {
  /** How strong the login was. @default none */
  acr?: string;
  /** By which methods. @default none */
  amr?: readonly string[];
  /** When the person last proved who they are. @default now */
  authTime?: Date;
  /** The session at the provider, which a back-channel logout may name. @default none */
  sid?: string;
  /** @default an access token that no provider knows, for an hour */
  tokens?: TestTokens;
}

/** Options of {@link logInAs}. */
export interface LogInOptions extends LogInProof {
  /** Its name in the options. @default the first */
  provider?: string;
  /** Whose session, where there are tenants. @default as the option `tenant` finds it */
  tenant?: string;
  /** Which of several base URLs the session is for. @default the first */
  baseUrl?: string;
  /** Where the `connectAuth()` is not found in the target. @default found there */
  auth?: ConnectAuth;
}

/** A browser that is logged in. */
export interface TestSession {
  /** The `Cookie` header, for any client: `request(app).get('/me').set('Cookie', session.cookie)`. */
  readonly cookie: string;
  /** The same as headers: `fetch(url, { headers: session.headers })`. */
  readonly headers: { readonly cookie: string };
  /** For Playwright: `browserContext.addCookies(session.cookies)`. */
  readonly cookies: BrowserCookie[];
  /** For Playwright: `browser.newContext({ storageState: session.storageState })`. */
  readonly storageState: { cookies: BrowserCookie[]; origins: [] };
  /**
   * `fetch` as this browser: paths begin at the base URL, cookies that an answer sets are kept, and redirects are handed
   * back unless `init.redirect` says otherwise.
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  /** Logs the same person in once more, as a step-up does: what is not given is as before. The cookie changes. */
  stepUp(proof: LogInProof): Promise<void>;
  /** Lets the session have come to its end (`absolute_timeout`), which the next request finds. The cookie changes. */
  expire(): Promise<void>;
  /** Ends the session as `auth.sessions.revoke()` would: the cookie opens nothing. */
  revoke(): Promise<void>;
}

/**
 * Logs somebody in without a provider, with the session and the cookie that a login makes: `mapUser` and `onLogin` are
 * called, and the store of the application holds it. A supertest agent that is given keeps the cookie, and logs in
 * as a browser that is logged in already would.
 *
 * @param target - an Express application, its server, a supertest agent of either, or what `connectAuth()` returned.
 * @param claims - @default Ada Lovelace
 * @throws ConfigurationError in production, and where there is no `connectAuth()` to be found; whatever refuses the login.
 */
export async function logInAs(
  target: LogInTarget,
  claims: TestPerson = DEFAULT_PEOPLE[0]!,
  options: LogInOptions = {},
): Promise<TestSession> {
  refuseProduction('logInAs()');
  if (typeof claims?.sub !== 'string' || claims.sub === '')
    throw new ConfigurationError('logInAs(): claims must have a sub, such as { sub: "ada" }.');
  const { door, app } = findAuth(target, options.auth);
  const baseUrl = findBaseUrl(door.baseUrls, options.baseUrl);
  const logins: TestLogins = options.tenant === undefined ? door : door.ofTenant(options.tenant);
  const { host, hostname } = new URL(baseUrl);
  const jar = new Map<string, CookieLine>();
  const readHeader = () => [...jar.values()].map(({ name, value }) => `${name}=${value}`).join('; ');
  const keep = (lines: readonly string[]) => {
    for (const line of lines) {
      const cookie = readCookieLine(line, hostname, systemClocks.now());
      if (cookie.isRemoval) jar.delete(cookie.name);
      else jar.set(cookie.name, cookie);
    }
    fillJar(target, lines, hostname);
  };
  const exchange = async (cookie: string, work: Parameters<typeof runExchange>[1]) =>
    keep(await runExchange({ app, host, cookie }, work));
  const logIn = (cookie: string, proof: LogInOptions) =>
    exchange(cookie, (req, res) => logins.logIn(req, res, describeLogin(claims, proof)));
  /** An agent has what the application set since. */
  const readCurrent = () => readJar(target, hostname) || readHeader();
  const listCookies = () => [...jar.values()].map(({ isRemoval: _, ...cookie }) => cookie);

  await logIn(readJar(target, hostname), options);
  return {
    get cookie() {
      return readHeader();
    },
    get headers() {
      return { cookie: readHeader() };
    },
    get cookies() {
      return listCookies();
    },
    get storageState() {
      return { cookies: listCookies(), origins: [] as [] };
    },
    fetch: async (url, init = {}) => {
      const headers = new Headers(init.headers);
      if (!headers.has('cookie')) headers.set('cookie', readHeader());
      const response = await fetch(new URL(url, `${baseUrl}/`), { redirect: 'manual', ...init, headers });
      keep(response.headers.getSetCookie());
      return response;
    },
    stepUp: (proof) => logIn(readCurrent(), { ...options, ...proof }),
    expire: () => exchange(readCurrent(), (req, res) => logins.end(req, res, 'expired')),
    revoke: () => exchange(readCurrent(), (req, res) => logins.end(req, res, 'revoked')),
  };
}

function describeLogin(claims: TestPerson, given: LogInOptions): GivenLogin {
  const { expiresIn = 3600, ...tokens } = given.tokens ?? {};
  return {
    claims,
    acr: given.acr,
    amr: given.amr,
    sid: given.sid,
    provider: given.provider,
    authTime: given.authTime && Math.floor(given.authTime.getTime() / 1000),
    tokens,
    expiresInSeconds: expiresIn,
  };
}

function findBaseUrl(known: readonly string[], wanted: string | undefined): string {
  const found = wanted === undefined ? known[0] : known.find((each) => isSameUrl(each, wanted));
  if (found !== undefined) return found.replace(/\/$/, '');
  throw new ConfigurationError(`logInAs(): baseUrl must be one of ${known.join(', ')}; it is ${wanted}.`);
}

function isSameUrl(one: string, other: string): boolean {
  const normalise = (url: string) => (URL.canParse(url) ? new URL(url).href.replace(/\/$/, '') : url);
  return normalise(one) === normalise(other);
}
