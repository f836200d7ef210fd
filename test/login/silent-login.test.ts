import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { LoginRefused } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { type CookieJar, createCookieJar } from '../support/cookie-jar.ts';

const bed = setUpBed();

function addRoutes(app: Express): void {
  app.get('/news', async (req, res) => {
    if (await req.auth.trySilentLogin({ everySeconds: 60 })) return;
    res.json({ news: true, user: req.user?.sub ?? null });
  });
  app.get('/always', async (req, res) => {
    if (req.auth.isAuthenticated) res.json(req.user);
    else await req.auth.login({ prompt: 'none' });
  });
}

const start = (options: Partial<TestAppOptions> = {}) =>
  bed.start({ now: bed.clock.now, handlers: addRoutes, ...options });

/** Opens a page and follows it to the provider and back, as often as it leads there. Returns the ways, and the last answer. */
async function open(browser: BrowserClient, path: string, atProvider: CookieJar) {
  const ways: string[] = [];
  let answer = await browser.get(path);
  while (answer.headers.has('location') && ways.length < 8) {
    const location = answer.headers.get('location')!;
    ways.push(location.startsWith('/') ? location : 'provider');
    answer = location.startsWith('/')
      ? await browser.get(location)
      : await browser.deliver(await bed.op.signIn(location, { jar: atProvider }));
  }
  return { ways, answer };
}

describe('req.auth.trySilentLogin()', () => {
  it('leads back to the page, where nobody is signed in at the provider, and is no fault', async () => {
    const app = await start();
    const { ways, answer } = await open(app.browser(), '/news?page=2', createCookieJar());
    expect(ways).toEqual(['provider', '/news?page=2']);
    expect([answer.status, await answer.json()]).toEqual([200, { news: true, user: null }]);
    expect([app.errors, app.logins]).toEqual([[], []]);
  });

  it('logs in whoever is signed in at the provider, and leads back to the page', async () => {
    const app = await start();
    const atProvider = createCookieJar();
    await bed.op.signIn((await app.browser().get('/login')).headers.get('location')!, { jar: atProvider });
    const browser = app.browser();
    const { ways, answer } = await open(browser, '/news', atProvider);
    expect(ways).toEqual(['provider', '/news']);
    expect(await answer.json()).toEqual({ news: true, user: 'ada' });
  });

  it('sends a browser again only after its time', async () => {
    const app = await start();
    const browser = app.browser();
    const nobody = createCookieJar();
    expect((await open(browser, '/news', nobody)).ways).toHaveLength(2);
    expect((await open(browser, '/news', nobody)).ways).toEqual([]);
    bed.clock.advance(60_000);
    expect((await open(browser, '/news', nobody)).ways).toHaveLength(2);
  });

  it('logs nobody in again who has logged out, until they log in by themselves', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 60 } });
    const atProvider = createCookieJar();
    const browser = app.browser();
    await open(browser, '/news', atProvider);
    await app.logIn(browser, { jar: atProvider });
    await browser.post('/logout');
    bed.clock.advance(61_000);
    expect((await open(browser, '/news', atProvider)).ways).toEqual([]);
    await app.logIn(browser, { jar: atProvider });
    bed.clock.advance(61_000);
    expect((await open(browser, '/news', atProvider)).ways).toEqual(['provider', '/news']);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('logs nobody in again whose session the application has destroyed', async () => {
    const app = await start({
      handlers: (server) => {
        addRoutes(server);
        server.get('/destroy', (req, res) => void req.session.destroy(() => res.end()));
      },
    });
    const atProvider = createCookieJar();
    const browser = app.browser();
    await open(browser, '/news', atProvider);
    await app.logIn(browser, { jar: atProvider });
    await browser.get('/destroy');
    bed.clock.advance(61_000);
    expect((await open(browser, '/news', atProvider)).ways).toEqual([]);
  });

  it('tells nobody of a login whose cookie gave way to that of another tab', async () => {
    const app = await start();
    const browser = app.browser();
    const isOfLogin = ({ name }: { name: string }) => name.includes('-login-');
    const loser = (await browser.get('/news')).headers.get('location')!;
    const { name } = browser.jar.all().find(isOfLogin)!;
    browser.jar.delete(name);
    await browser.get('/login');
    const answer = await browser.deliver(await bed.op.signIn(loser, { jar: createCookieJar() }));
    expect([answer.status, answer.headers.get('location'), app.errors]).toEqual([303, '/', []]);
  });

  it('ends where it came from also when its answer comes twice at once', async () => {
    const app = await start();
    const atProvider = createCookieJar();
    await bed.op.signIn((await app.browser().get('/login')).headers.get('location')!, { jar: atProvider });
    const browser = app.browser();
    const location = (await browser.get('/news')).headers.get('location')!;
    const callback = await bed.op.signIn(location, { jar: atProvider });
    const answers = await Promise.all([browser.deliver(callback), browser.deliver(callback)]);
    expect(answers.map(({ headers }) => headers.get('location'))).toEqual(['/news', '/news']);
    expect(app.errors).toEqual([]);
  });

  it('sends no script, no frame and nobody who is logged in', async () => {
    const app = await start();
    const browser = app.browser();
    const script = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', accept: 'application/json' };
    const frame = { 'sec-fetch-dest': 'iframe' };
    for (const headers of [script, frame]) expect((await browser.get('/news', headers)).status).toBe(200);
    await app.logIn(browser);
    expect(await (await browser.get('/news')).json()).toEqual({ news: true, user: 'ada' });
  });

  it('shows the page at once while the provider is away, and tells the operator', async () => {
    const app = await start();
    await bed.op.down();
    try {
      const browser = app.browser();
      const answer = await browser.get('/news');
      expect([answer.status, await answer.json()]).toEqual([200, { news: true, user: null }]);
      expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
        ['provider_unavailable', 'login'],
      ]);
      await browser.get('/news');
      expect(app.errors).toHaveLength(1);
    } finally {
      await bed.op.up();
    }
  });
});

it('a login with prompt=none leads back to where it came from, and does not go round for ever', async () => {
  const app = await start();
  const { ways, answer } = await open(app.browser(), '/always', createCookieJar());
  expect(ways).toEqual(['provider', '/always', 'provider']);
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain('You were not signed in');
});

describe('somebody whom mapUser refuses', () => {
  const refuse = (options: Partial<TestAppOptions> = {}) =>
    start({
      mapUser: ({ sub }) => {
        if (sub === 'ada') throw new LoginRefused('not invited');
        return { sub };
      },
      ...options,
    });

  it('can take another account: the provider asks which', async () => {
    const app = await refuse();
    const browser = app.browser();
    const page = await (await app.logIn(browser, { path: '/login?returnTo=%2Fnews' })).text();
    const link = /href="([^"]+)">Use another account/.exec(page)![1]!.replaceAll('&amp;', '&');
    const location = new URL((await browser.get(link)).headers.get('location')!);
    expect(location.searchParams.get('prompt')).toBe('select_account');
    const query = new URL(link, app.origin).searchParams;
    expect([query.get('returnTo'), query.get('provider')]).toEqual(['/news', 'default']);
  });

  it('can leave the session at the provider, which would bring the same account again', async () => {
    const app = await refuse();
    const browser = app.browser();
    const page = await (await app.logIn(browser)).text();
    const action = /<form[^>]* action="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&');
    const answer = await browser.post(action);
    const target = new URL(answer.headers.get('location')!);
    expect([answer.status, target.origin]).toEqual([303, new URL(bed.op.issuer).origin]);
    expect(target.searchParams.get('client_id')).toBe('app');
    expect(target.searchParams.get('post_logout_redirect_uri')).toBe(`${app.origin}/`);
    // By a page of another site nobody is led anywhere.
    const foreign = await browser.post(
      action,
      {},
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    );
    expect([foreign.status, foreign.headers.get('location')]).toEqual([200, null]);
  });
});
