import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Express, Request } from 'express';
import session from 'express-session';
import type { TestAppOptions } from '../support/app.ts';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { readSessionId } from '../support/session-records.ts';

const bed = setUpBed();
const destroy = (req: Request) => promisify(req.session.destroy.bind(req.session))();
const regenerate = (req: Request) => promisify(req.session.regenerate.bind(req.session))();

describe.each(['redis', 'memory'] as const)('req.session in %s', (kind) => {
  const start = (handlers?: (app: Express) => void, options: Partial<TestAppOptions> = {}) =>
    bed.start({
      redis: kind === 'redis' ? bed.redis.url : 'memory',
      ...(handlers && { handlers }),
      ...options,
    });

  it('is there at the first touch, without a wait', async () => {
    const app = await start((server) =>
      server.get('/count', (req, res) => {
        const own = req.session as unknown as { count?: number };
        own.count = (own.count ?? 0) + 1;
        res.json([own.count, req.sessionID === req.session.id]);
      }),
    );
    const browser = app.browser();
    expect(await (await browser.get('/count')).json()).toEqual([1, true]);
    expect(await (await browser.get('/count')).json()).toEqual([2, true]);
    await app.logIn(browser);
    expect(await (await browser.get('/count')).json()).toEqual([1, true]);
    expect(await (await browser.get('/count')).json()).toEqual([2, true]);
  });

  it('starts nothing as long as nothing is put into it', async () => {
    const app = await start();
    const browser = app.browser();
    expect(await dataOf(browser)).toEqual({});
    expect(browser.jar.all()).toEqual([]);
  });

  it('keeps what an anonymous visitor put into it', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/save?cart=3');
    expect(await dataOf(browser)).toEqual({ cart: '3' });
    expect(await dataOf(app.browser())).toEqual({});
    expect(await whoIs(browser)).toBeNull();
  });

  it('is saved before the response goes out (F-29, F-30)', async () => {
    const app = await start((server) =>
      server.get('/cart', (req, res) => {
        Object.assign(req.session, { cart: 3 });
        res.redirect('/save');
      }),
    );
    for (let round = 0; round < 20; round += 1) {
      const browser = app.browser();
      expect((await browser.get('/cart')).status).toBe(302);
      expect(await dataOf(browser)).toEqual({ cart: 3 });
    }
  });

  it('can be saved by hand before a redirect (F-29)', async () => {
    const app = await start((server) =>
      server.get('/cart', async (req, res) => {
        Object.assign(req.session, { cart: 3 });
        await promisify(req.session.save.bind(req.session))();
        res.redirect('/save');
      }),
    );
    const browser = app.browser();
    await browser.get('/cart');
    expect(await dataOf(browser)).toEqual({ cart: 3 });
  });

  it('keeps the login when it is regenerated: a new id, empty, and the old id dead (R-111)', async () => {
    const app = await start((server) =>
      server.get('/regenerate', async (req, res) => {
        await regenerate(req);
        Object.assign(req.session, { fresh: true });
        res.json([req.user?.sub, req.sessionID === req.session.id]);
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/save?cart=3');
    const old = browser.jar.clone();
    const oldId = readSessionId(browser);
    expect(await (await browser.get('/regenerate')).json()).toEqual(['ada', true]);
    expect(readSessionId(browser)).not.toBe(oldId);
    expect(await whoIs(browser)).toBe('ada');
    expect(await dataOf(browser)).toEqual({ fresh: true });
    expect(await whoIs(app.browser(old.clone()))).toBeNull();
    expect(await dataOf(app.browser(old.clone()))).toEqual({});
    expect(app.logouts).toEqual([]);
  });

  it('gives an anonymous visitor a new id when it is regenerated', async () => {
    const app = await start((server) =>
      server.get('/regenerate', async (req, res) => {
        await regenerate(req);
        await regenerate(req);
        Object.assign(req.session, { fresh: true });
        res.end();
      }),
    );
    const browser = app.browser();
    await browser.get('/save?cart=3');
    const old = browser.jar.clone();
    await browser.get('/regenerate');
    expect(await dataOf(browser)).toEqual({ fresh: true });
    expect(await dataOf(app.browser(old))).toEqual({});
  });

  it('ends the login when it is destroyed, and takes the cookie away (R-76, F-32)', async () => {
    const app = await start((server) =>
      server.get('/destroy', async (req, res) => {
        const kept = req.session;
        await destroy(req);
        await promisify(kept.destroy.bind(kept))();
        res.json([req.session === undefined, req.user === undefined, req.auth.isAuthenticated]);
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/save?cart=3');
    const old = browser.jar.clone();
    const answer = await browser.get('/destroy');
    expect(await answer.json()).toEqual([true, true, false]);
    expect(answer.headers.getSetCookie()).toEqual(['session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    expect(await whoIs(app.browser(old.clone()))).toBeNull();
    expect(await dataOf(app.browser(old))).toEqual({});
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['destroyed', 'ada']]);
  });

  it('reads again what another request wrote, and fails quietly when the session has ended (F-32)', async () => {
    const app = await start((server) => {
      server.get('/reload', async (req, res) => {
        const before = { ...req.session };
        await browser.get('/save?cart=3');
        await promisify(req.session.reload.bind(req.session))();
        res.json([before, req.session, req.session.cookie.path]);
      });
      server.get('/reload-after-logout', async (req, res) => {
        const { session: kept } = req;
        await browser.post('/logout');
        await promisify(kept.reload.bind(kept))().catch(() => res.json('gone'));
      });
    });
    const browser = app.browser();
    await app.logIn(browser);
    const other = app.browser(browser.jar.clone());
    expect(await (await other.get('/reload')).json()).toEqual([
      {},
      { cart: '3' },
      // As with express-session, but told to nobody who prints or copies a session.
      '/',
    ]);
    expect(await (await other.get('/reload-after-logout')).json()).toBe('gone');
    expect(await whoIs(other)).toBeNull();
  });

  it('moves to a new id with everything in it by req.auth.renew() (R-111)', async () => {
    const app = await start((server) => {
      server.get('/renew', async (req, res) => {
        Object.assign(req.session, { before: 1 });
        await req.auth.renew();
        Object.assign(req.session, { after: 2 });
        res.json(req.user?.sub);
      });
      server.get('/renew-untouched', async (req, res) => {
        await req.auth.renew();
        res.json(req.user?.sub);
      });
    });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/save?cart=3');
    const jars = [browser.jar.clone()];
    expect(await (await browser.get('/renew')).json()).toBe('ada');
    jars.push(browser.jar.clone());
    const answer = await browser.get('/renew-untouched');
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    expect(await whoIs(browser)).toBe('ada');
    expect(await dataOf(browser)).toEqual({ cart: '3', before: 1, after: 2 });
    for (const jar of jars) expect(await whoIs(app.browser(jar))).toBeNull();
    const anonymous = await app.browser().get('/renew', { accept: 'application/json' });
    expect(anonymous.status).toBe(401);
  });

  it('does not list or clear the sessions of others', async () => {
    const app = await start((server) =>
      server.get('/all', async (req, res) => {
        const store = req.sessionStore as unknown as Record<string, (done: (error: Error) => void) => void>;
        const tries = ['all', 'clear', 'ids', 'length'].map(
          (name) => new Promise((resolve) => store[name]!((error) => resolve(error?.name))),
        );
        res.json(await Promise.all(tries));
      }),
    );
    expect(await (await app.browser().get('/all')).json()).toEqual(Array(4).fill('ConfigurationError'));
  });

  it('ends by its store no session but its own, whatever id is named', async () => {
    const app = await start((server) =>
      server.get('/destroy', (req, res) => {
        const id = req.query.own === undefined ? 'x'.repeat(43) : req.sessionID;
        req.sessionStore.destroy(id, (error) => res.json(error ? [error.name, error.message] : []));
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/destroy')).json()).toEqual([
      'ConfigurationError',
      expect.stringContaining('auth.sessions.revoke()'),
    ]);
    expect(await whoIs(browser)).toBe('ada');
    expect(await (await browser.get('/destroy?own')).json()).toEqual([]);
    expect(await whoIs(browser)).toBeNull();
  });

  it('keeps the attributes of its cookie when the application changes its life', async () => {
    const app = await start(
      (server) =>
        server.get('/remember', (req, res) => {
          req.session.cookie.maxAge = 3_600_000;
          Object.assign(req.session, { remember: true });
          res.end();
        }),
      { baseUrl: 'https://app.example.com' },
    );
    const browser = app.browser();
    await browser.get('/save?a=1');
    const lines = (await browser.get('/remember')).headers.getSetCookie();
    expect(lines).toEqual([
      expect.stringMatching(/^__Host-Http-session=.*; Path=\/; Expires=.*; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });

  it('is what another express-session behind it works on, and refuses one in front of it', async () => {
    const other = session({ secret: 'of another', resave: false, saveUninitialized: true });
    const behind = await start((server) => server.use(other));
    const browser = behind.browser();
    await behind.logIn(browser);
    await browser.get('/save?a=1');
    expect(await dataOf(browser)).toEqual({ a: '1' });
    expect(browser.jar.all().map(({ name }) => name)).toEqual(['session']);

    const inFront = await start(undefined, { before: (server) => server.use(other) });
    const answer = await inFront.browser().get('/');
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain('remove the other session middleware');
  });
});

describe('the dependency connect-redis', () => {
  it('stays at 8, for those after it do not speak to ioredis (F-20)', async () => {
    const root = join(import.meta.dirname, '..', '..');
    const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    expect(dependencies['connect-redis']).toMatch(/^[~^]?8\./);
    const entry = createRequire(import.meta.url).resolve('connect-redis');
    const manifest = join(entry.slice(0, entry.lastIndexOf('/dist/')), 'package.json');
    expect(JSON.parse(await readFile(manifest, 'utf8')).version).toMatch(/^8\./);
  });
});
