import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Express, Request } from 'express';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';

const bed = setUpBed();

/** A route that has read its session, then waits, then writes it. */
function addSlowRoute(server: Express, path: string, write: (req: Request) => void | Promise<void>) {
  const [arrived, released] = [createGate(), createGate()];
  server.get(path, async (req, res) => {
    Object.assign(req.session, {});
    arrived.open();
    await released.opened;
    await write(req);
    res.json(req.user?.sub ?? null);
  });
  return { arrived: arrived.opened, release: released.open };
}

describe.each(['redis', 'memory'] as const)('races of requests in one session, in %s', (kind) => {
  const start = (handlers: (app: Express) => void) =>
    bed.start({ redis: kind === 'redis' ? bed.redis.url : 'memory', handlers });

  it('do not bring a session back that was logged out while a slow request worked on it (F-25, F-28)', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await start((server) => {
      slow = addSlowRoute(server, '/slow', (req) => void Object.assign(req.session, { late: true }));
    });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/save?cart=3');
    const old = browser.jar.clone();
    const answering = app.browser(old).get('/slow');
    await slow.arrived;
    await browser.post('/logout');
    slow.release();
    expect((await answering).headers.getSetCookie()).toEqual([]);
    expect(await whoIs(app.browser(old.clone()))).toBeNull();
    expect(await dataOf(app.browser(old.clone()))).toEqual({});
  });

  it('do not bring it back by a read-only request, nor by a regenerate or renew that comes late (F-26, F-27)', async () => {
    const writes: Record<string, (req: Request) => void | Promise<void>> = {
      '/read': () => undefined,
      '/regenerate': (req) => promisify(req.session.regenerate.bind(req.session))(),
      '/renew': (req) => req.auth.renew(),
      '/save-by-hand': (req) => promisify(req.session.save.bind(req.session))(),
    };
    const slow: Record<string, ReturnType<typeof addSlowRoute>> = {};
    const app = await start((server) => {
      for (const [path, write] of Object.entries(writes)) slow[path] = addSlowRoute(server, path, write);
    });
    for (const path of Object.keys(writes)) {
      const browser = app.browser();
      await app.logIn(browser);
      const old = browser.jar.clone();
      const answering = app.browser(old).get(path, { accept: 'application/json' });
      await slow[path]!.arrived;
      await browser.post('/logout');
      slow[path]!.release();
      const { status } = await answering;
      expect([path, status]).toEqual([path, /regenerate|renew/.test(path) ? 401 : 200]);
      expect(await whoIs(app.browser(old))).toBeNull();
    }
  });

  it('do not let a save after regenerate() undo a logout with the old id in between (F-26)', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await start((server) => {
      const [arrived, released] = [createGate(), createGate()];
      slow = { arrived: arrived.opened, release: released.open };
      server.get('/regenerate', async (req, res) => {
        await promisify(req.session.regenerate.bind(req.session))();
        arrived.open();
        await released.opened;
        Object.assign(req.session, { late: true });
        res.end();
      });
    });
    const browser = app.browser();
    await app.logIn(browser);
    const second = app.browser(browser.jar.clone());
    const answering = second.get('/regenerate');
    await slow.arrived;
    await browser.post('/logout');
    slow.release();
    await answering;
    expect(await whoIs(second)).toBeNull();
    expect(await dataOf(second)).toEqual({});
  });

  it('can lose one of two writes, and never the login (F-24)', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await start((server) => {
      slow = addSlowRoute(server, '/slow', (req) => void Object.assign(req.session, { a: 1 }));
    });
    const browser = app.browser();
    await app.logIn(browser);
    const answering = browser.get('/slow');
    await slow.arrived;
    await browser.get('/save?b=2');
    slow.release();
    await answering;
    expect(await dataOf(browser)).toEqual({ a: 1 });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('give a session that is renewed by many requests at once one new id', async () => {
    const app = await start((server) =>
      server.get('/renew', async (req, res) => {
        await req.auth.renew();
        res.end();
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    const others = Array.from({ length: 5 }, () => app.browser(browser.jar.clone()));
    const answers = await Promise.all(
      others.map((each) => each.get('/renew', { accept: 'application/json' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
    const living = await Promise.all(others.map(whoIs));
    expect(living.filter((sub) => sub !== null)).toEqual(['ada']);
  });

  it('leave an open stream as it is, and the next request finds nobody (F-31)', async () => {
    const [arrived, released] = [createGate(), createGate()];
    const app = await start((server) =>
      server.get('/events', async (req, res) => {
        res.write(`${req.user?.sub}\n`);
        arrived.open();
        await released.opened;
        Object.assign(req.session, { late: true });
        res.end('end\n');
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    const old = browser.jar.clone();
    const streaming = app.browser(old).get('/events');
    await arrived.opened;
    await browser.post('/logout');
    released.open();
    expect(await (await streaming).text()).toBe('ada\nend\n');
    expect(await whoIs(app.browser(old.clone()))).toBeNull();
    expect(await dataOf(app.browser(old))).toEqual({});
  });
});

describe('a race with a logout from outside, in Redis', () => {
  it('ends logged out, whatever is written after it (F-12, F-25)', async () => {
    let slow!: ReturnType<typeof addSlowRoute>;
    const app = await bed.start({
      redis: bed.redis.url,
      handlers: (server) => {
        slow = addSlowRoute(server, '/slow', (req) => void Object.assign(req.session, { late: true }));
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    const { record, data, tokens } = redisKeysOfBrowser(app, browser);
    const answering = browser.get('/slow');
    await slow.arrived;
    await bed.redis.client().del(record, data, tokens);
    slow.release();
    await answering;
    expect(await bed.redis.client().exists(record, data, tokens)).toBe(0);
    expect(await whoIs(browser)).toBeNull();
  });

  it.each([
    'record',
    'data',
    'tokens',
  ] as const)('ends logged out, or stays logged in, when only %s was evicted (F-12)', async (name) => {
    const app = await bed.start({ redis: bed.redis.url });
    const browser = app.browser();
    await app.logIn(browser);
    await bed.redis.client().del(redisKeysOfBrowser(app, browser)[name]);
    expect(await whoIs(browser)).toBe(name === 'record' ? null : 'ada');
    await browser.get('/save?a=1');
    expect(await dataOf(browser)).toEqual({ a: '1' });
    const old = browser.jar.clone();
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await whoIs(app.browser(old))).toBeNull();
  });
});
