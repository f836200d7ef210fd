import { describe, expect, it } from '@jest/globals';
import express from 'express';
import { keepForm, providers, requireAuth } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient, FormFields } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { withFreePort } from '../support/free-port.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

const FORM = new URLSearchParams([
  ['text', 'first line\r\nsecond & <b>"third"</b>\''],
  ['tag', 'a'],
  ['tag', 'b'],
  ['empty', ''],
  ['ключ', 'значение €'],
]);

interface World {
  app: TestApp;
  browser: BrowserClient;
  clock: ReturnType<typeof createTestClock>;
  /** What the handler was sent. */
  orders: { by: string; body: unknown }[];
}

/** Somebody has logged in, and their session has ended since. */
async function start({
  logInAt = '/login',
  ...options
}: Partial<TestAppOptions> & { logInAt?: string } = {}): Promise<World> {
  const clock = createTestClock();
  const orders: World['orders'] = [];
  const take: express.RequestHandler = (req, res) => {
    orders.push({ by: req.user!.sub, body: req.body });
    res.send('ordered');
  };
  const parse = express.urlencoded({ extended: false });
  const app = await startApp({
    op,
    redis: redis.url,
    now: clock.now,
    handlers: (server) => {
      server.post('/orders', keepForm, requireAuth, parse, take);
      server.post('/plain', requireAuth, parse, take);
      server.post('/strong', keepForm, requireAuth({ maxAgeSeconds: 300 }), parse, take);
      server.post('/nested', express.urlencoded({ extended: true }), keepForm, requireAuth, take);
      server.post('/simple', parse, keepForm, requireAuth, take);
    },
    ...options,
    routes: { keptForm: '/kept-form', ...options.routes },
    session: { idleTimeoutSeconds: 60, ...options.session },
  });
  const browser = app.browser();
  await app.logIn(browser, { path: logInAt });
  clock.advance(61_000);
  return { app, browser, clock, orders };
}

/** Sends a form, and returns the address of the link that leads to the login. */
async function send({ browser }: World, path: string, form: FormFields | string = FORM, type?: string) {
  const headers = { origin: 'own', 'sec-fetch-site': 'same-origin', ...(type && { 'content-type': type }) };
  const answer = await browser.request('POST', path, { headers, body: form });
  const page = await answer.text();
  expect([answer.status, page]).toEqual([401, expect.stringContaining('Please sign in again')]);
  const isKept = page.includes('What you sent is kept');
  expect(page.includes('was not saved')).toBe(!isKept);
  return { isKept, link: unescapeHtml(/href="([^"]+)">Sign in</.exec(page)![1]!) };
}

const unescapeHtml = (text: string) =>
  text.replace(
    /&(quot|#39|lt|gt|amp);/g,
    (_, name) => ({ quot: '"', '#39': "'", lt: '<', gt: '>', amp: '&' })[name as 'lt'],
  );

/** What the button of a page sends, and where. */
function readForm(page: string) {
  const action = unescapeHtml(/<form method="post" action="([^"]*)"/.exec(page)?.[1] ?? '');
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  // As browsers do: a line ends with LF in the document, and with CRLF in what is sent.
  const value = (text: string) => unescapeHtml(text).replace(/\r\n?|\n/g, '\r\n');
  return {
    action,
    fields: new URLSearchParams(inputs.map(([, name, text]) => [unescapeHtml(name!), value(text!)])),
  };
}

describe('a form that is sent after the end of the session', () => {
  it('comes back after the login, and is sent when the person says so', async () => {
    const world = await start();
    const { isKept, link } = await send(world, '/orders?draft=1&x=<');
    expect([isKept, link]).toEqual([true, expect.stringMatching(/^\/kept-form\?form=\d$/)]);
    const back = await world.app.logIn(world.browser, { path: link });
    expect(back.headers.get('location')).toBe(link);
    expect(world.orders).toEqual([]);

    const answer = await world.browser.get(link);
    const page = await answer.text();
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(page).not.toContain('<b>');
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    // Chromium would stop a redirect of the handler's elsewhere.
    expect(answer.headers.get('content-security-policy')).not.toContain('form-action');
    expect(world.orders).toEqual([]);

    const { action, fields } = readForm(page);
    expect([action, [...fields]]).toEqual(['/orders?draft=1&x=%3C', [...FORM]]);
    expect(await (await world.browser.post(action, fields)).text()).toBe('ordered');
    expect(world.orders).toEqual([
      {
        by: 'ada',
        body: expect.objectContaining({ text: FORM.get('text'), tag: ['a', 'b'], ключ: 'значение €' }),
      },
    ]);
  });

  it('is kept for nobody else: whoever logs in instead sees and sends nothing of it', async () => {
    const world = await start();
    const { link } = await send(world, '/orders');
    await world.app.logIn(world.browser, { path: link, as: 'grace' });
    const answer = await world.browser.get(link);
    const page = await answer.text();
    expect([answer.status, readForm(page).action]).toEqual([403, '']);
    expect(page).toContain('belongs to another account');
    expect(page).not.toMatch(/second|orders/);
    // It waits for its person all the same.
    await world.app.logIn(world.browser, { as: 'ada' });
    expect(readForm(await (await world.browser.get(link)).text()).action).toBe('/orders');
  });

  it('is kept whatever onLogin returns, but for a refusal', async () => {
    const world = await start({ onLogin: (() => null) as never });
    expect((await send(world, '/orders')).isKept).toBe(true);
  });

  it('is offered again after it was sent, and the page says so', async () => {
    const world = await start();
    const { link } = await send(world, '/orders');
    await world.app.logIn(world.browser, { path: link });
    const page = await (await world.browser.get(link)).text();
    expect(page).toContain('also after you have sent it: send it once');
    const { action, fields } = readForm(page);
    await world.browser.post(action, fields);
    expect(readForm(await (await world.browser.get(link)).text()).action).toBe(action);
  });

  it('is not kept where nobody knows whose it is', async () => {
    const world = await start();
    const stranger = { ...world, browser: world.app.browser() };
    expect(await send(stranger, '/orders')).toEqual({ isKept: false, link: '/login' });
    expect(stranger.browser.jar.all()).toEqual([]);
    // Nor by a name that nobody here has written.
    const person = world.browser.jar.get('session-person')!;
    for (const value of ['', 'x', `${person.value.slice(0, -2)}AA`]) {
      const headers = { cookie: `session-person=${value}`, 'sec-fetch-site': 'same-origin' };
      const answer = await stranger.browser.request('POST', '/orders', { headers, body: FORM });
      expect(await answer.text()).toContain('was not saved');
    }
  });

  it('opens in its own browser only: neither the store nor the address is enough', async () => {
    const world = await start();
    const { link } = await send(world, '/orders');
    const other = world.app.browser();
    await world.app.logIn(other, { as: 'ada' });
    expect((await other.get(link)).status).toBe(404);
    const dump = await redis.dump();
    expect(dump).not.toMatch(/second|orders\?|значение/);
    const cookie = world.browser.jar.all().find(({ name }) => name.startsWith('session-form-'))!;
    expect(dump).not.toContain(cookie.value.split('.')[1]);
    expect(cookie.httpOnly).toBe(true);
  });

  it('is not kept on a route that does not ask for it', async () => {
    expect(await send(await start(), '/plain')).toEqual({ isKept: false, link: '/login' });
  });

  it('waits for half an hour', async () => {
    const world = await start({ session: { idleTimeoutSeconds: 3600 } });
    await world.browser.post('/logout');
    const { link } = await send(world, '/orders');
    await world.app.logIn(world.browser, { path: link });
    world.clock.advance(1_800_000);
    expect((await world.browser.get(link)).status).toBe(200);
    world.clock.advance(1000);
    const answer = await world.browser.get(link);
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('Nothing is kept here'),
    ]);
    const client = redis.client();
    const lives = await Promise.all((await client.keys('*d:*')).map((key) => client.pttl(key)));
    expect(Math.min(...lives)).toBeLessThanOrEqual(1_800_000);
  });

  it.each([
    ['larger than 64 KiB', `a=${'x'.repeat(65 * 1024)}`, undefined],
    ['of more than 1,000 fields', 'a=1&'.repeat(1001), undefined],
    [
      'with files',
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
      'multipart/form-data; boundary=b',
    ],
    ['as text', 'a=1', 'text/plain'],
  ])('is not kept when it is %s, and the person is told so', async (_, form, type = 'application/x-www-form-urlencoded') => {
    expect((await send(await start(), '/orders', form, type)).isKept).toBe(false);
  });

  it('is not kept when a parser has read more than 64 KiB of it', async () => {
    const world = await start();
    const parsed = `a=${'x'.repeat(65 * 1024)}`;
    expect((await send(world, '/simple', parsed, 'application/x-www-form-urlencoded')).isKept).toBe(false);
  });

  it('takes four places of one login in the store, whatever cookies it brings', async () => {
    const world = await start({ redisPrefix: 'places:' });
    const person = `session-person=${world.browser.jar.get('session-person')!.value}`;
    for (let count = 0; count < 12; count += 1) {
      const headers = { cookie: person, 'sec-fetch-site': 'same-origin' };
      const answer = await world.browser.request('POST', '/orders', { headers, body: FORM });
      expect(await answer.text()).toContain('is kept');
    }
    const kept = (await redis.client().keys('places:d:*')).length;
    // One of them is the data of the session that has ended.
    expect(kept).toBeLessThanOrEqual(5);
    expect(kept).toBeGreaterThan(2);
  });

  it('does not lose its neighbour in another tab', async () => {
    const world = await start();
    const links: string[] = [];
    for (const value of ['1', '2', '3', '4']) links.push((await send(world, '/orders', { value })).link);
    expect(new Set(links).size).toBe(4);
    await world.app.logIn(world.browser, { path: links[0]! });
    for (const [at, link] of links.entries())
      expect(readForm(await (await world.browser.get(link)).text()).fields.get('value')).toBe(String(at + 1));
  });

  it.each([
    [
      '/nested',
      'a[b][c]=1&list[]=x&row[0][n]=1&row[1][n]=2&tag=a&tag=b&plain=p',
      { a: { b: { c: '1' } }, list: ['x'], row: [{ n: '1' }, { n: '2' }], tag: ['a', 'b'], plain: 'p' },
    ],
    ['/simple', 'a[b]=1&tag=a&tag=b', { 'a[b]': '1', tag: ['a', 'b'] }],
  ])('that was parsed before, at %s, is parsed to the same again', async (path, form, body) => {
    const world = await start();
    const { link } = await send(world, path, form, 'application/x-www-form-urlencoded');
    await world.app.logIn(world.browser, { path: link });
    const { action, fields } = readForm(await (await world.browser.get(link)).text());
    await world.browser.post(action, fields);
    expect(JSON.parse(JSON.stringify(world.orders))).toEqual([{ by: 'ada', body }]);
  });

  it('is lost, and the person told, while the store is away for it alone', async () => {
    const proxy = await startTcpFaultProxy({ port: Number(new URL(redis.url).port) });
    const world = await start({ redis: proxy.url, storeTimeoutMs: 300 });
    // Without the session's cookie the store is asked for nothing else.
    const headers = {
      cookie: `session-person=${world.browser.jar.get('session-person')!.value}`,
      'sec-fetch-site': 'same-origin',
    };
    await proxy.blackhole();
    const answer = await world.browser.request('POST', '/orders', { headers, body: FORM });
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('was not saved')]);
    await proxy.close();
  });
});

describe('a form that needs a stronger login', () => {
  it('leads to one that proves it, and is sent with that', async () => {
    const world = await start({ session: { idleTimeoutSeconds: 3600 } });
    await world.app.logIn(world.browser);
    world.clock.advance(400_000);
    const { link } = await send(world, '/strong');
    const redirect = await world.browser.get(link);
    expect(new URL(redirect.headers.get('location')!).searchParams.get('max_age')).toBe('300');
    const now = Math.floor(world.clock.now() / 1000);
    op.script({ claims: (honest) => ({ ...honest, iat: now, exp: now + 300, auth_time: now }) });
    await world.browser.deliver(await op.signIn(redirect.headers.get('location')!));
    const { action, fields } = readForm(await (await world.browser.get(link)).text());
    expect(await (await world.browser.post(action, fields)).text()).toBe('ordered');
  });

  it('begins at the provider that the person had, where there are several', async () => {
    const world = await withFreePort(async (port) => {
      const register = (name: string) =>
        op.registerApp(`http://localhost:${port}`, { callbackPath: `/oauth/callback/${name}` });
      const several = {
        staff: providers.oidc(await register('staff')),
        guests: providers.oidc(await register('guests')),
      };
      return start({ port, providers: several, logInAt: '/login?provider=guests' });
    });
    const { link } = await send(world, '/orders');
    const location = new URL((await world.browser.get(link)).headers.get('location')!);
    expect(location.searchParams.get('redirect_uri')).toMatch(/\/guests$/);
  });
});

describe('the page of a kept form', () => {
  it.each([
    '',
    '?form=',
    '?form=0',
    '?form=9',
    '?form=-1',
    '?form=0.5',
    '?form=__proto__',
  ])('says of %s that nothing is kept', async (query) => {
    const { browser } = await start();
    expect((await browser.get(`/kept-form${query}`)).status).toBe(404);
  });

  it('leads no script and no frame to a login', async () => {
    const world = await start();
    const { link } = await send(world, '/orders');
    const answer = await world.browser.get(link, { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' });
    expect([answer.status, await answer.json()]).toEqual([
      401,
      { error: 'login_required', reference: expect.any(String) },
    ]);
  });

  it('opens no record of another kind, whatever key the cookie names', async () => {
    const { browser, app } = await start();
    await app.logIn(browser);
    const keys = (await redis.client().keys('*d:*')).map((key) => /\{(.+)\}/.exec(key)![1]!);
    const headers = { cookie: `session-form-0=${keys[0]}.${'x'.repeat(43)}` };
    expect((await browser.get('/kept-form?form=0', headers)).status).toBe(404);
  });
});

describe('keepForm', () => {
  it('says what is missing where there is no page for what was kept', async () => {
    const { app, browser } = await start({ routes: { keptForm: false } });
    const answer = await browser.post('/orders', FORM);
    expect([answer.status, await answer.text()]).toEqual([
      500,
      expect.stringContaining('keptForm: &#39;/kept-form&#39;'),
    ]);
    // And nobody is remembered for nothing.
    expect(browser.jar.get('session-person')).toBeUndefined();
    expect(app.logins).toHaveLength(1);
  });

  it('says so where connectAuth is missing', () => {
    const said: unknown[] = [];
    keepForm({} as express.Request, {} as express.Response, (error) => void said.push(error));
    expect(String(said[0])).toContain('app.use(connectAuth(');
  });
});
