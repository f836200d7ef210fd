import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import helmet from 'helmet';
import type { Page } from 'playwright-core';
import type { TestApp } from '../support/app.ts';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';
import { until } from '../support/until.ts';

const bed = setUpChromiumBed();

const MENU =
  '<a href="/logout">leave by link</a><form method="post" action="/logout"><button>leave by form</button></form>';

/** An application that sends helmet's headers with its pages, and has a menu on them. */
function startWithHelmet(formAction?: string[]): Promise<TestApp> {
  const directives = { upgradeInsecureRequests: null, ...(formAction && { formAction }) };
  return bed.start({
    before: (server: Express) => server.use(helmet({ contentSecurityPolicy: { directives } })),
    handlers: (server: Express) => server.get('/menu', (_req, res) => void res.send(MENU)),
  });
}

async function logIn(app: TestApp): Promise<Page> {
  const page = await bed.newPage();
  await page.goto(`${app.origin}/me`);
  await signInAs(page, 'Ada Lovelace', '/me');
  return page;
}

/** Waits for the home page, which may be told the state of the logout. */
async function arriveHome(app: TestApp, page: Page): Promise<void> {
  await page.waitForURL(({ origin, pathname }) => origin === app.origin && pathname === '/');
}

async function whoIs(app: TestApp, page: Page): Promise<unknown> {
  await page.goto(`${app.origin}/`);
  return ((await readJson(page)) as { user: unknown }).user;
}

/** Whether the provider still knows the person: it would answer without asking. */
async function isKnownAtProvider(page: Page): Promise<boolean> {
  return (await page.context().cookies(bed.op.issuer)).some(({ name }) => name === 'op_session');
}

describe('in Chromium, a logout from a page of an application with helmet', () => {
  it('goes over the provider and back when it is a link (R-70, F-117)', async () => {
    const app = await startWithHelmet();
    const page = await logIn(app);
    await page.goto(`${app.origin}/menu`);
    await page.getByText('leave by link').click();
    await arriveHome(app, page);
    expect(await readJson(page)).toEqual({ user: null });
    expect(await isKnownAtProvider(page)).toBe(false);
  });

  it('goes over the provider and back when it is a form that may lead there (R-70, F-117)', async () => {
    const app = await startWithHelmet(["'self'", bed.op.issuer]);
    const page = await logIn(app);
    await page.goto(`${app.origin}/menu`);
    await page.getByText('leave by form').click();
    await arriveHome(app, page);
    expect(await readJson(page)).toEqual({ user: null });
    expect(await isKnownAtProvider(page)).toBe(false);
  });

  it('ends the session when its form may not lead to the provider, though Chromium stops there (R-70)', async () => {
    const app = await startWithHelmet();
    const page = await logIn(app);
    await page.goto(`${app.origin}/menu`);
    const refusal = page.waitForEvent('console', (message) => message.text().includes('form-action'));
    await page.getByText('leave by form').click();
    await refusal;
    expect(await whoIs(app, page)).toBeNull();
    expect(await isKnownAtProvider(page)).toBe(true);
  });
});

describe('in Chromium, a logout that another site asks for', () => {
  it('by a link or a form is asked for first, and done by the button of our page (R-73)', async () => {
    const app = await bed.start();
    const page = await logIn(app);
    const ways = [
      `<a href="${app.origin}/logout">go</a>`,
      `<form action="${app.origin}/logout"><button>go</button></form>`,
      `<form method="post" action="${app.origin}/logout"><button>go</button></form>`,
    ];
    for (const html of ways) {
      await page.goto(await bed.serve(html));
      await page.getByText('go').click();
      await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
    }
    expect(app.logouts).toHaveLength(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await arriveHome(app, page);
    expect(await readJson(page)).toEqual({ user: null });
    expect(await isKnownAtProvider(page)).toBe(false);
  });

  it('is asked for when the other origin is of the same site, where cookies are no fence (R-73)', async () => {
    const app = await bed.start();
    const page = await logIn(app);
    const form = `<form method="post" action="${app.origin}/logout"><button>go</button></form>`;
    await page.goto(await bed.serve(form, 'localhost'));
    await page.getByText('go').click();
    await page.getByRole('link', { name: 'Stay signed in' }).click();
    await arriveHome(app, page);
    expect(await readJson(page)).toMatchObject({ user: { sub: 'ada' } });
  });

  it('is not done by what a page loads or fetches, on the same site or not (R-73, F-64)', async () => {
    const app = await bed.start();
    const page = await logIn(app);
    const url = `${app.origin}/logout`;
    const html = `<script>
      const ended = [];
      const end = (way) => { ended.push(way); if (ended.length === 6) document.title = ended.sort().join(); };
      fetch('${url}', { mode: 'no-cors', credentials: 'include' }).finally(() => end('fetch'));
      fetch('${url}', { mode: 'no-cors', credentials: 'include', method: 'POST' }).finally(() => end('post'));
    </script>
    <img src="${url}?image" onload="end('image')" onerror="end('image')">
    <iframe src="${url}?frame" onload="end('frame')"></iframe>
    <script src="${url}?script" onload="end('script')" onerror="end('script')"></script>
    <link rel="prefetch" href="${url}?ahead" onload="end('prefetch')" onerror="end('prefetch')">`;
    for (const host of ['127.0.0.1', 'localhost']) {
      await page.goto(await bed.serve(html, host));
      await page.waitForFunction("document.title === 'fetch,frame,image,post,prefetch,script'");
    }
    expect(app.logouts).toHaveLength(0);
    expect(await whoIs(app, page)).toMatchObject({ sub: 'ada' });
  });

  it('is not done by what a page of ours shows of others, such as an image (R-73)', async () => {
    const asked = new Set<unknown>();
    const app = await bed.start({
      before: (server: Express) => {
        server.use('/logout', (req, res, next) => {
          res.once('finish', () => asked.add(req.headers['sec-fetch-dest']));
          next();
        });
      },
      handlers: (server: Express) =>
        server.get(
          '/forum',
          (_req, res) =>
            void res.send('<img src="/logout"><iframe src="/logout"></iframe><video src="/logout"></video>'),
        ),
    });
    const page = await logIn(app);
    await page.goto(`${app.origin}/forum`);
    await until(() => ['image', 'iframe', 'video'].every((dest) => asked.has(dest)));
    expect(app.logouts).toHaveLength(0);
    expect(await whoIs(app, page)).toMatchObject({ sub: 'ada' });
  });

  it('is done by the button of a process that has not met the provider yet (R-73)', async () => {
    const redis = await bed.startRedis();
    // Two processes of one application, each at an origin of its own.
    const common = { redis: redis.url, application: 'an application' };
    const page = await logIn(await bed.start(common));
    const app = await bed.start(common);
    await page.goto(await bed.serve(`<a href="${app.origin}/logout">go</a>`));
    await page.getByText('go').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await arriveHome(app, page);
    expect(await readJson(page)).toEqual({ user: null });
    expect(await isKnownAtProvider(page)).toBe(false);
  });
});
