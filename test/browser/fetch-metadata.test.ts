import { describe, expect, it } from '@jest/globals';
import type { Express, NextFunction, Request, Response } from 'express';
import { requireAuth } from 'express-connect-auth';
import type { BrowserContext, Page } from 'playwright-core';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';
import { until } from '../support/until.ts';

const bed = setUpChromiumBed();

/** What Chromium sent, and what it was answered. */
interface Exchange {
  request: string;
  site: string | undefined;
  mode: string | undefined;
  dest: string | undefined;
  purpose: string | undefined;
  status: number;
}

async function startRecorded(options: Partial<TestAppOptions> = {}) {
  const exchanges: Exchange[] = [];
  const record = (req: Request, res: Response, next: NextFunction) => {
    const headers = req.headers as Record<string, string>;
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = headers;
    res.once('finish', () => {
      const request = `${req.method} ${req.originalUrl}`;
      exchanges.push({ request, site, mode, dest, purpose: headers['sec-purpose'], status: res.statusCode });
    });
    next();
  };
  const app = await bed.start({
    before: (server) => server.use(record),
    handlers: (server: Express) => {
      server.get('/page', (_req, res) => void res.send('<title>page</title>'));
      server.get('/own-form', (_req, res) => void res.send(form('/order')));
      server.get(
        '/shy-form',
        (_req, res) => void res.set('Referrer-Policy', 'no-referrer').send(form('/order')),
      );
      server.post('/order', requireAuth, (_req, res) => void res.send('ordered'));
    },
    ...options,
  });
  return { app, exchanges };
}

const form = (action: string, encoding = 'application/x-www-form-urlencoded') =>
  `<form method="post" action="${action}" enctype="${encoding}"><input name="a" value="1"><button>go</button></form>`;

async function listPending(context: BrowserContext, app: TestApp): Promise<string[]> {
  return (await context.cookies(app.origin)).map(({ name }) => name).filter((name) => name.includes('login'));
}

async function logIn(app: TestApp): Promise<Page> {
  const page = await bed.newPage();
  await page.goto(`${app.origin}/me`);
  await signInAs(page, 'Ada Lovelace', '/me');
  return page;
}

describe('in Chromium, a login is begun by no', () => {
  it('frame or object of any site, which get 401 and leave nothing behind (F-65, R-97)', async () => {
    const { app, exchanges } = await startRecorded();
    const context = await bed.newContext();
    const page = await context.newPage();
    const html = ['/login', '/me']
      .map((path) => {
        const url = `${app.origin}${path}`;
        return `<iframe src="${url}"></iframe><object data="${url}"></object><embed src="${url}">`;
      })
      .join('');
    const wanted = ['iframe', 'object', 'embed'].flatMap((dest) =>
      ['/login', '/me'].map((path) => `${dest} GET ${path}: 401`),
    );
    const seenFrom = (from: string) =>
      exchanges
        .filter(({ site, dest }) => site === from && dest !== 'document' && dest !== 'image')
        .map(({ dest, request, status }) => `${dest} ${request}: ${status}`);
    const expectAll = async (site: string) => {
      await until(() => new Set(seenFrom(site)).size >= wanted.length);
      expect(new Set(seenFrom(site))).toEqual(new Set(wanted));
    };
    await page.goto(await bed.serve(html, '127.0.0.1'));
    await expectAll('cross-site');
    await page.goto(await bed.serve(html, 'localhost'));
    await expectAll('same-site');
    await page.goto(`${app.origin}/page`);
    await page.evaluate((content) => document.write(content), html);
    await expectAll('same-origin');
    expect(await listPending(context, app)).toEqual([]);
  });

  it('fetch, which gets 401 with the address of the login (F-65, R-97)', async () => {
    const { app } = await startRecorded();
    const context = await bed.newContext();
    const page = await context.newPage();
    await page.goto(`${app.origin}/page`);
    const answers = await page.evaluate(async () => {
      const ask = async (path: string, init?: RequestInit) => {
        const answer = await fetch(path, init);
        return [answer.status, await answer.json()];
      };
      return Promise.all([
        ask('/api/me'),
        ask('/api/me', { method: 'POST' }),
        ask('/me', { headers: { accept: 'text/html' } }),
        ask('/login'),
      ]);
    });
    const required = { error: 'login_required', loginUrl: '/login?returnTo=%2Fpage' };
    expect(answers.slice(0, 3)).toEqual([
      [401, required],
      [401, required],
      [401, required],
    ]);
    expect(answers[3]).toEqual([401, { error: 'login_required', reference: expect.any(String) }]);
    expect(await listPending(context, app)).toEqual([]);
  });

  it('fetch, image or script of another site (F-65)', async () => {
    const { app, exchanges } = await startRecorded();
    const context = await bed.newContext();
    const page = await context.newPage();
    const html = `<script>
      const ask = (path, mode) => fetch('${app.origin}' + path, { mode, credentials: 'include' });
      const done = Promise.allSettled(['/login', '/me'].flatMap((path) => [ask(path, 'no-cors'), ask(path, 'cors')]));
    </script><img src="${app.origin}/login?image"><script src="${app.origin}/me?script"></script>`;
    await page.goto(await bed.serve(html));
    await page.evaluate('done');
    expect(exchanges.filter(({ site }) => site === 'cross-site').map(({ status }) => status)).toEqual(
      Array(6).fill(401),
    );
    expect(await listPending(context, app)).toEqual([]);
  });

  it('prefetch or prerender, while a click on the same link begins one (F-64)', async () => {
    const { app, exchanges } = await startRecorded();
    const context = await bed.newContext();
    const page = await context.newPage();
    await page.goto(`${app.origin}/page`);
    await page.evaluate(() => {
      const rules = {
        prefetch: [{ urls: ['/login', '/me'], eagerness: 'immediate' }],
        prerender: [{ urls: ['/me?drawn'], eagerness: 'immediate' }],
      };
      document.write(`<link rel="prefetch" href="/login?hint"><link rel="prefetch" href="/me?hint">
        <script type="speculationrules">${JSON.stringify(rules)}</script><a href="/me">go</a>`);
    });
    const ahead = () => exchanges.filter(({ purpose }) => purpose);
    // When the browser has time for them is for the browser to say.
    const wanted = ['GET /login', 'GET /login?hint', 'GET /me', 'GET /me?hint', 'GET /me?drawn'];
    await until(() => wanted.every((one) => ahead().some(({ request }) => request === one)));
    expect(new Set(ahead().map(({ request, status }) => `${request}: ${status}`))).toEqual(
      new Set(wanted.map((one) => `${one}: 401`)),
    );
    expect(await listPending(context, app)).toEqual([]);

    await page.getByText('go').click();
    await signInAs(page, 'Ada Lovelace', '/me');
    expect(await readJson(page)).toMatchObject({ sub: 'ada' });
  });
});

describe('in Chromium, a login is begun by', () => {
  it('a link of another site, to the login and to a guarded page (R-67)', async () => {
    const { app, exchanges } = await startRecorded();
    for (const path of ['/login?returnTo=/me', '/me']) {
      const page = await bed.newPage();
      await page.goto(await bed.serve(`<a href="${app.origin}${path}">go</a>`));
      await page.getByText('go').click();
      await signInAs(page, 'Ada Lovelace', '/me');
    }
    expect(exchanges.filter(({ status }) => status === 302)).toMatchObject([
      { site: 'cross-site', mode: 'navigate', dest: 'document' },
      { site: 'cross-site', mode: 'navigate', dest: 'document' },
    ]);
  });
});

describe('in Chromium, a POST to a guarded route', () => {
  it.each([
    '/own-form',
    '/shy-form',
  ])('is served when it comes from %s, a page of ours (R-120, R-135)', async (path) => {
    const { app } = await startRecorded();
    const page = await logIn(app);
    await page.goto(`${app.origin}${path}`);
    await page.getByText('go').click();
    await page.waitForURL(`${app.origin}/order`);
    expect(await page.textContent('body')).toBe('ordered');
  });

  it.each([
    ['another site', '127.0.0.1', 'cross-site'],
    ['another origin of our site, with the cookie', 'localhost', 'same-site'],
  ])('is refused when it comes from %s (R-120, R-135)', async (_from, host, site) => {
    const { app, exchanges } = await startRecorded();
    const page = await logIn(app);
    for (const encoding of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
      await page.goto(await bed.serve(form(`${app.origin}/order`, encoding), host));
      await page.getByText('go').click();
      await page.getByRole('heading', { name: 'This was not done' }).waitFor();
    }
    await page.goto(
      await bed.serve(
        `<iframe sandbox="allow-forms allow-scripts" srcdoc='${form(`${app.origin}/order`)}<script>document.forms[0].submit()</script>'></iframe>`,
        host,
      ),
    );
    const findPosts = () => exchanges.filter(({ request }) => request === 'POST /order');
    await until(() => findPosts().length >= 4);
    const posts = findPosts();
    expect(posts.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    expect(posts.slice(0, 3).map((post) => post.site)).toEqual([site, site, site]);
    expect(posts[3]!.site).toBe('cross-site');
  });

  it('is served when it comes from an origin that is trusted (R-120)', async () => {
    const address = await bed.serve('<title>shop</title>', 'localhost');
    const { app } = await startRecorded({ trustedOrigins: [new URL(address).origin] });
    const page = await logIn(app);
    await page.goto(address);
    await page.evaluate((html) => document.write(html), form(`${app.origin}/order`));
    await page.getByText('go').click();
    await page.waitForURL(`${app.origin}/order`);
    expect(await page.textContent('body')).toBe('ordered');
  });
});
