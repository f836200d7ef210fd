import { afterAll, afterEach, beforeAll } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { defaultPeople } from '../../example-app/provider.ts';
import { startApp, type TestApp, type TestAppOptions } from './app.ts';
import { type ChromiumOptions, openChromium } from './chromium.ts';
import { listen } from './listen.ts';
import { type OpenIdProvider, startOpenIdProvider } from './open-id-provider.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

/** What the tests in Chromium stand on. What a test starts here ends with it. */
export interface ChromiumBed {
  /** On 127.0.0.1, which is another site than the application's localhost, as in real life. */
  readonly op: OpenIdProvider;
  /** Starts an application on the provider, with sessions in memory unless told otherwise. */
  start(options?: Partial<TestAppOptions>): Promise<TestApp>;
  /**
   * Starts another server with one page, and returns its address. By default it is another site; on localhost it is
   * another origin of the application's site.
   */
  serve(html: string, host?: string): Promise<string>;
  /** Starts a proxy for hosts below `localhost` on https. */
  startTlsFront(): Promise<TlsFront>;
  /** Starts a Redis server, for applications that share their sessions. */
  startRedis(): Promise<RedisServer>;
  /** Opens a browser profile of its own: no cookies, no cache. */
  newContext(): Promise<BrowserContext>;
  /** Opens a tab in a profile of its own. */
  newPage(): Promise<Page>;
}

/** Whoever the provider knows: the usual people, and one whose ID token is longer than any URL should be. */
const people = {
  ...defaultPeople,
  large: {
    sub: 'large',
    name: 'Large Claims',
    groups: Array.from({ length: 300 }, (_, at) => `a group, number ${at}`),
  },
};

/** Sets one up for a test file. */
export function setUpChromiumBed(options: ChromiumOptions = {}): ChromiumBed {
  const closers: (() => Promise<void>)[] = [];
  let browser: Browser;
  let op: OpenIdProvider;

  beforeAll(async () => {
    [browser, op] = await Promise.all([
      openChromium(options),
      startOpenIdProvider({ host: '127.0.0.1', people }),
    ]);
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    await browser?.close();
    await op?.close();
  });

  const newContext = async () => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(10_000);
    closers.push(() => context.close());
    return context;
  };
  return {
    get op() {
      return op;
    },
    start: async (appOptions = {}) => {
      const app = await startApp({ op, ...appOptions });
      closers.push(() => app.close());
      return app;
    },
    serve: async (html, host = '127.0.0.1') => {
      const server = await listen((_req, res) => res.setHeader('content-type', 'text/html').end(html), host);
      closers.push(() => server.close());
      return `${server.origin}/`;
    },
    startTlsFront: async () => {
      const front = await startTlsFront();
      closers.push(() => front.close());
      return front;
    },
    startRedis: async () => {
      const redis = await startRedisServer();
      closers.push(() => redis.stop());
      return redis;
    },
    newContext,
    newPage: async () => (await newContext()).newPage(),
  };
}

/** Signs in on the provider's page that the tab shows, and waits for the application to show `path`. */
export async function signInAs(page: Page, name: string, path: string): Promise<void> {
  await page.getByRole('button', { name }).click();
  await page.waitForURL((url) => url.hostname.endsWith('localhost') && url.pathname + url.search === path);
}

/** The JSON that a tab shows. */
export async function readJson(page: Page): Promise<unknown> {
  return JSON.parse((await page.textContent('body')) ?? '');
}
