import { afterAll, beforeAll, beforeEach, jest } from '@jest/globals';
import type { ErrorRequestHandler, Express } from 'express';
import { deriveBlock } from '../../src/keys.ts';
import { createSecret } from '../../src/secret.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import type { TestApp, TestAppOptions } from './app.ts';
import { type Bed, setUpBed } from './bed.ts';
import type { BrowserClient } from './browser-client.ts';
import { listenToAll } from './diagnostics-watch.ts';
import { type IssuedSecrets, watchIssued } from './issued-tokens.ts';
import { createLeakWatch, type LeakWatch } from './leak-watch.ts';
import { keysOf } from './session-records.ts';

export const SECRET = 'a secret of the tests that must not be seen anywhere';
export const CLIENT_SECRET = 'the-secret-of-the-app-at-the-provider';
export const PASSWORD = 'a-password-of-redis-that-nobody-may-see';

/** An application and a browser, all of whose answers are seen. */
export interface WatchedApp {
  readonly app: TestApp;
  readonly browser: BrowserClient;
}

/** Where everything that leaves an application is seen: answers, logs, warnings, events, errors, diagnostics channels, Redis. */
export interface LeakBed {
  readonly bed: Bed;
  /** What the provider has handed out in this test. */
  readonly issued: IssuedSecrets;
  readonly api: ApiServer;
  /** The diagnostics channels that something was published on in this file. */
  readonly channels: ReadonlySet<string>;
  /** Starts an application whose routes use all there is and show their errors, and a browser for it. */
  start(options?: Partial<TestAppOptions>): Promise<WatchedApp>;
  watchBrowser(browser: BrowserClient): BrowserClient;
  /** Notes something that the browser does not get. */
  seeInside(where: string, what: unknown): void;
  /** Notes all that was told to hooks, and all that is in Redis by now. */
  lookAround(watched: WatchedApp): Promise<void>;
  /** Where a token, code, verifier, cookie, key or secret of this test was seen that may not be there. */
  findLeaks(): string[];
}

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const;

export function setUpLeakBed(): LeakBed {
  const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
  /** What leaves the application by any way; of that, what the browser does not get; and what lies in Redis. */
  let watches: Record<'outside' | 'inside' | 'store', LeakWatch>;
  /** What browsers prove themselves by. */
  let bearers: string[];
  /** The applications of this test. */
  let apps: TestApp[];
  let issued: IssuedSecrets;
  const channels = new Set<string>();
  let stopListening: () => void;
  let api: ApiServer;

  const forget = () => {
    watches = { outside: createLeakWatch(), inside: createLeakWatch(), store: createLeakWatch() };
    bearers = [];
    apps = [];
  };
  const seeOutside = (where: string, what: unknown) => watches.outside.see(where, what);
  const seeInside = (where: string, what: unknown) => {
    seeOutside(where, what);
    watches.inside.see(where, what);
  };
  const seeWarning = (warning: Error) => seeInside('a warning', warning);

  beforeAll(async () => {
    forget();
    issued = watchIssued(bed.op);
    api = await startApiServer();
    for (const method of METHODS) {
      jest.spyOn(console, method).mockImplementation((...args) => seeInside('the console', args));
    }
    process.on('warning', seeWarning);
    stopListening = listenToAll((channel, message) => {
      channels.add(channel);
      seeInside(`the channel ${channel}`, message);
    });
  });
  beforeEach(() => {
    forget();
    for (const values of Object.values(issued)) values.length = 0;
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    process.off('warning', seeWarning);
    stopListening();
    await api.close();
  });

  const addRoutes = (server: Express) => {
    server.get('/use', async (req, res) => {
      await req.auth.getAccessToken();
      const { status } = await req.auth.fetch(api.origin);
      await req.auth.fetchUserInfo();
      seeInside('req.auth', req.auth);
      seeOutside('the request', req);
      seeOutside('the response', res);
      res.json({ status });
    });
    server.get('/renew', async (req, res) => {
      await req.auth.renew();
      res.json(req.auth);
    });
    server.get('/elsewhere', async (req) => {
      await req.auth.fetch('https://elsewhere.example');
    });
    const showError: ErrorRequestHandler = (error, _req, _res, next) => {
      seeInside('an error', error);
      next(error); // To Express's own handler, which shows the stack.
    };
    server.use(showError);
  };

  return {
    bed,
    channels,
    get issued() {
      return issued;
    },
    get api() {
      return api;
    },
    seeInside,
    watchBrowser: (browser) => watches.outside.watchBrowser(browser),
    start: async (options = {}) => {
      const app = await bed.start({
        ...{ redis: bed.redis.url, secret: SECRET, now: bed.clock.now, storeTimeoutMs: 500 },
        ...{ apiOrigins: [api.origin], handlers: addRoutes, ...options },
      });
      apps.push(app);
      seeInside('the middleware', app.auth);
      return { app, browser: watches.outside.watchBrowser(app.browser()) };
    },
    lookAround: async ({ app, browser }) => {
      for (const { req, res, ...event } of [...app.logins, ...app.logouts, ...app.errors] as HookEvent[]) {
        seeInside('an event', event);
        seeOutside('the request of an event', req);
        seeOutside('the response of an event', res);
      }
      watches.store.see('Redis', await bed.redis.dump());
      const values = browser.jar.all().flatMap(({ value }) => decodeURIComponent(value).split(/[.:]/));
      bearers.push(...values.filter((value) => value.length > 20));
    },
    findLeaks: () => {
      const { codes, ...tokens } = issued;
      const keys = apps.flatMap((app) => deriveKeys(app, bearers));
      const secrets = { ...tokens, secrets: [SECRET, CLIENT_SECRET, PASSWORD], keys };
      return [
        // The browser brings the code itself, and what it proves itself by is its own.
        ...watches.outside.find(secrets),
        ...watches.inside.find({ codes, bearers }),
        ...watches.store.find({ ...secrets, codes, bearers }),
      ];
    },
  };
}

/** Every key that an application has derived: for all, and for what these cookies hold. */
function deriveKeys(app: TestApp, bearers: readonly string[]): string[] {
  const secret = createSecret(SECRET);
  const keys = keysOf(app);
  const derive = (purpose: string) => keys.derive(secret, purpose).toString('base64url');
  const tokensKey = keys.derive(secret, 'tokens');
  const loginsKey = keys.derive(secret, 'login under way');
  const seeds = bearers.map((value) => Buffer.from(value.slice(1), 'base64url').subarray(0, 32));
  return [
    ...['cookie signature', 'ending cookie signature', 'key id', 'tokens', 'form', 'person'].map(derive),
    loginsKey.toString('base64url'),
    ...bearers.map((id) => deriveBlock(tokensKey, Buffer.from(id)).toString('base64url', 0, 32)),
    ...seeds.flatMap((seed) => {
      const kept = deriveBlock(loginsKey, seed, 2);
      // The verifier, and the key of the seal.
      return [kept.toString('base64url', 0, 32), kept.toString('base64url', 32)];
    }),
  ];
}

interface HookEvent {
  req?: unknown;
  res?: unknown;
}
