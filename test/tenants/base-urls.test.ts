import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { construct, type OptionChanges } from '../support/construct.ts';
import { withFreePort } from '../support/free-port.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { at, lookAround, useTenantApps } from '../support/tenant-bed.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const startTenants = useTenantApps();

/** Reached as localhost and as preview.localhost, on a port that a proxy would hide. */
const start = (options: Partial<TestAppOptions> = {}): Promise<TestApp & { preview: string }> =>
  withFreePort(async (port) => {
    const preview = `http://preview.localhost:${port}`;
    const baseUrl = [`http://localhost:${port}`, preview];
    const app = await startApp({ op, port, baseUrl, application: 'shop', redis: redis.url, ...options });
    return Object.assign(app, { preview });
  });

const host = (url: string) => ({ host: new URL(url).host });

describe('an application with several base URLs', () => {
  it('is at each what it would be with that one alone', async () => {
    const app = await start();
    const main = new URL(await beginLogin(app.browser()));
    expect(main.searchParams.get('redirect_uri')).toBe(`${app.origin}/oauth/callback`);
    const browser = app.browser();
    const answer = await browser.get('/login?returnTo=/me', host(app.preview));
    const location = new URL(answer.headers.get('location')!);
    expect(location.searchParams.get('redirect_uri')).toBe(`${app.preview}/oauth/callback`);
    const foreign = await browser.post(
      '/logout',
      {},
      { ...host(app.preview), origin: app.origin, 'sec-fetch-site': 'same-site' },
    );
    expect(await foreign.text()).toContain('Sign out?');
  });

  it('shares the sessions of its application, and nothing is led from one to the other', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    // The cookie of one host goes to no other; who carries it there is who they are.
    expect(await whoIs(browser)).toBe('ada');
    const there = await (await browser.get('/', host(app.preview))).json();
    expect(there.user.sub).toBe('ada');
    expect(await app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' })).toBe(1);
    expect(await whoIs(browser)).toBeNull();
    const query = new URLSearchParams({ returnTo: `${app.preview}/me` });
    const callback = await op.signIn((await beginLogin(browser, `/login?${query}`)).href);
    expect((await browser.deliver(callback)).headers.get('location')).toBe('/');
  });

  it('gives the sessions of whoever asks at any of them', async () => {
    const app = await start({
      application: 'shop of two',
      handlers: (server) => {
        server.get('/others', async (req, res) => {
          const user = { issuer: op.issuer, sub: 'ada' };
          const listed = await app.auth.sessions.list(user, { current: req });
          const ended = await app.auth.sessions.revokeOthers(req);
          res.json([listed.filter(({ current }) => current).length, ended]);
        });
      },
    });
    const [one, two] = [app.browser(), app.browser()];
    for (const browser of [one, two]) await app.logIn(browser);
    const answer = await two.get('/others', host(app.preview));
    expect([answer.status, await answer.text()]).toEqual([200, '[1,1]']);
    expect([await whoIs(one), await whoIs(two)]).toEqual([null, 'ada']);
  });

  it('leads from a name that it is only opened by to the first of them', async () => {
    const app = await start({ redirectHosts: ['www.localhost:1'] });
    const answer = await app.browser().get('/news?page=2', { host: 'www.localhost:1' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `${app.origin}/news?page=2`]);
    const there = await app.browser().get('/', host(app.preview));
    expect([there.status, (await app.browser().get('/', { host: 'evil.example' })).status]).toEqual([
      200, 421,
    ]);
  });

  it.each([
    ['a host that is not listed', 'evil.example'],
    ['a listed one at another port', 'localhost:1'],
    ['a longer one', 'localhost.evil.example'],
    ['a part of one', 'localhos'],
    ['a user and a host', 'evil@localhost'],
    ['two', 'localhost, preview.localhost'],
    ['an object’s name', '__proto__'],
  ])('answers 421 to %s, whatever else the request says (F-98)', async (_what, name) => {
    const app = await start();
    const browser = app.browser();
    for (const path of ['/', '/login', '/oauth/callback?code=x&state=y', '/me']) {
      const answer = await browser.get(path, { host: name, 'x-forwarded-host': new URL(app.origin).host });
      expect([path, answer.status, answer.headers.get('location')]).toEqual([path, 421, null]);
    }
    expect(op.requests()).toEqual([]);
    const upgrade = { headers: { host: name }, socket: {} } as never;
    await expect(app.auth.authenticateUpgrade(upgrade)).rejects.toMatchObject({
      status: 421,
      code: 'misdirected',
    });
  });

  it('takes Host in any case of letters, and no other header for it', async () => {
    const app = await start();
    const upper = await app.browser().get('/login', { host: new URL(app.preview).host.toUpperCase() });
    expect(upper.headers.get('location')).toContain(encodeURIComponent(app.preview));
    const forwarded = {
      'x-forwarded-host': new URL(app.preview).host,
      forwarded: `host=${new URL(app.preview).host}`,
    };
    const other = await app.browser().get('/login', forwarded);
    expect(other.headers.get('location')).toContain(encodeURIComponent(`${app.origin}/oauth`));
  });

  it('with one base URL that is no list, looks at no Host at all', async () => {
    const app = await startApp({ op });
    expect((await app.browser().get('/', { host: 'health.internal' })).status).toBe(200);
  });

  it('may have tenants at each, whose sessions are the same at all', async () => {
    const app = await withFreePort((port) =>
      startTenants({
        ...{ ops: { acme: op }, port, application: 'shop', redis: redis.url },
        baseUrl: [`http://localhost:${port}`, `http://preview.localhost:${port}`],
      }),
    );
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    expect(await lookAround(browser, 'acme')).toMatchObject({ tenant: 'acme', user: { sub: 'ada' } });
    const preview = { host: new URL(app.origin).host.replace('localhost', 'preview.localhost') };
    const there = await browser.get('/', { ...at('acme'), ...preview });
    expect(await there.json()).toMatchObject({ tenant: 'acme', user: { sub: 'ada' } });
    expect((await browser.get('/', { ...at('acme'), host: 'evil.example' })).status).toBe(421);
  });

  it('ends what waits at all of them when it is closed (F-121)', async () => {
    const ended: string[] = [];
    let waiting = 0;
    const app = await start({
      handlers: (server) => {
        server.get('/wait', (req, res) => {
          req.auth.onEnd(() => void ended.push(req.headers.host!));
          res.write('waiting');
          waiting += 1;
        });
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    const stop = new AbortController();
    const { signal } = stop;
    const waits = [app.origin, app.preview].map((url) =>
      browser.request('GET', '/wait', { headers: host(url), signal }).catch(() => undefined),
    );
    await until(() => waiting === 2);
    await app.auth.close();
    stop.abort();
    await Promise.all(waits);
    expect(ended.sort()).toEqual([app.origin, app.preview].map((url) => host(url).host).sort());
  });
});

const provider = providers.oidc({ issuer: 'https://id.example.com', clientId: 'app' });
const two = ['https://app.example.com', 'https://preview.example.com'];

it.each<[string, OptionChanges, string]>([
  ['none', { baseUrl: [] }, 'baseUrl must name at least one.'],
  ['what is none', { baseUrl: ['x'], application: 'a' }, 'baseUrl[0] must be an absolute URL'],
  [
    'plain http',
    { baseUrl: [...two, 'http://a.example'], application: 'a' },
    'baseUrl[2] must begin with https',
  ],
  ['several without a name', { baseUrl: two }, 'application must be given where there are several base URLs'],
  [
    'one host twice',
    { baseUrl: ['https://app.example.com', 'https://app.example.com:443/shop'], application: 'a' },
    'baseUrl names app.example.com twice',
  ],
  [
    'several, and tenants, without a name',
    { baseUrl: two, tenant: () => 'a', provider: () => provider },
    'application must be given where there are several base URLs',
  ],
])('base URLs cannot be %s (F-123)', (_what, changes, message) => {
  expect(construct(changes)).toContain(message);
});

it('base URLs can be one in a list', () => {
  expect(construct({ baseUrl: ['https://app.example.com'] })).toBeInstanceOf(Function);
});
