import { createReadStream } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Express, Request, Response } from 'express';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';

const bed = setUpBed();
const start = (handlers: (app: Express) => void) => bed.start({ redis: bed.redis.url, handlers });
const addToCart = (req: Request) => void Object.assign(req.session, { cart: 3 });
const file = import.meta.filename;

describe('req.session and the way a response is sent', () => {
  const ways: Record<string, (req: Request, res: Response) => void> = {
    'res.json': (_req, res) => void res.json({}),
    'res.end without a body': (_req, res) => void res.end(),
    'res.end with a body': (_req, res) => void res.end('body'),
    'res.end with a callback': (_req, res) => void res.end('body', 'utf8', () => undefined),
    'res.send of a buffer': (_req, res) => void res.send(Buffer.from('body')),
    'res.redirect': (_req, res) => res.redirect('/save'),
    'res.sendStatus': (_req, res) => void res.sendStatus(204),
    'res.writeHead and end': (_req, res) => void res.writeHead(200, { 'X-Own': 'yes' }).end('body'),
    'res.write and end': (_req, res) => {
      res.write('one');
      res.end('two');
    },
    'res.flushHeaders and end': (_req, res) => {
      res.flushHeaders();
      res.end('body');
    },
    'res.sendFile': (_req, res) => res.sendFile(file),
    'a pipe': (_req, res) => void createReadStream(file).pipe(res),
  };

  it.each(
    Object.keys(ways),
  )('keeps a change made before %s, in a new session and in one that exists', async (way) => {
    const app = await start((server) =>
      server.get('/way', (req, res) => {
        addToCart(req);
        ways[way]!(req, res);
      }),
    );
    const [anonymous, ada] = [app.browser(), app.browser()];
    await app.logIn(ada);
    for (const browser of [anonymous, ada]) {
      const answer = await browser.get('/way');
      expect(answer.status).toBeLessThan(400);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(await dataOf(browser)).toEqual({ cart: 3 });
    }
  });

  it('keeps a change made when the response of an existing session had begun', async () => {
    const app = await start((server) =>
      server.get('/late', (req, res) => {
        void req.session;
        res.write('one');
        addToCart(req);
        res.end('two');
      }),
    );
    const browser = app.browser();
    await browser.get('/save?a=1');
    expect(await (await browser.get('/late')).text()).toBe('onetwo');
    expect(await dataOf(browser)).toEqual({ a: '1', cart: 3 });
  });

  it('answers HEAD, 304 and an abort as without a session', async () => {
    const app = await start((server) =>
      server.get('/page', (req, res) => {
        addToCart(req);
        res.set('ETag', '"1"').send('page');
      }),
    );
    const browser = app.browser();
    expect((await browser.request('HEAD', '/page')).status).toBe(200);
    expect(await dataOf(browser)).toEqual({ cart: 3 });
    expect((await browser.get('/page', { 'if-none-match': '"1"' })).status).toBe(304);
  });

  it('ends the session by destroy() when the response has begun', async () => {
    const app = await start((server) =>
      server.get('/destroy', async (req, res) => {
        res.write('one');
        const outcome = await promisify(req.session.destroy.bind(req.session))().then(
          () => 'gone',
          (error) => String(error),
        );
        res.end(outcome);
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/destroy')).text()).toBe('onegone');
    expect(await whoIs(browser)).toBeNull();
  });

  it.each([
    'renew',
    'regenerate',
  ])('refuses to %s when the response has begun, and keeps the session', async (way) => {
    const app = await start((server) =>
      server.get('/late', async (req, res) => {
        const change = way === 'renew' ? req.auth.renew : promisify(req.session.regenerate.bind(req.session));
        res.write('one ');
        await change().catch((error: Error) => res.end(error.message));
      }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/late')).text()).toMatch(/^one .* before the response begins/);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('answers 500, and does not hang or crash, when the session holds what JSON cannot express', async () => {
    const app = await start((server) =>
      server.get('/bad', (req, res) => {
        const own = req.session as unknown as Record<string, unknown>;
        if (req.query.how === 'bigint') own.value = 1n;
        else own.value = own;
        if (req.query.stream) res.write('begun');
        res.end();
      }),
    );
    const browser = app.browser();
    for (const how of ['bigint', 'circle']) {
      const answer = await browser.get(`/bad?how=${how}`, { accept: 'application/json' });
      expect(answer.status).toBe(500);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    await browser.get('/bad?stream=1').catch(() => undefined);
    expect(await dataOf(browser)).toEqual({});
    expect(await dataOf(app.browser())).toEqual({});
  });

  it.each([
    ...['cookie', 'cookie[maxAge]', 'save', 'touch', 'reload', 'req', 'id', 'destroy', 'regenerate'],
    ...['resetMaxAge', 'toJSON', '__proto__', 'constructor', 'cookie[originalMaxAge]', 'cookie[expires]'],
  ])('survives a handler that copies the parameter %s into it', async (name) => {
    const app = await bed.start({
      redis: bed.redis.url,
      before: (server) => server.set('query parser', 'extended'),
      handlers: (server) =>
        server.get('/stream', (req, res) => {
          Object.assign(req.session, req.query);
          res.write('begun');
          res.end();
        }),
    });
    const [anonymous, ada] = [app.browser(), app.browser()];
    await app.logIn(ada);
    const query = `${name}=x&${name}=y&cart=3`;
    for (const browser of [anonymous, ada]) {
      for (const path of [`/save?${query}`, `/save?${name}=x`]) {
        expect([200, 500]).toContain((await browser.get(path)).status);
      }
      // Cut off, when the fault shows itself after the response had begun.
      await browser.get(`/stream?${query}`).catch(() => undefined);
    }
    expect(await whoIs(ada)).toBe('ada');
    expect(await whoIs(anonymous)).toBeNull();
    await ada.get('/save?after=1');
    expect(await dataOf(ada)).toMatchObject({ after: '1' });
  });

  it('sets its cookie as configured, whatever a handler copies into it (R-118)', async () => {
    const app = await bed.start({
      baseUrl: 'https://app.example.com',
      before: (server) => server.set('query parser', 'extended'),
    });
    const wishes = 'cookie[expires]=2099&cookie[httpOnly]=&cookie[data][domain]=example.com&cookie[path]=/x';
    const browser = app.browser();
    for (const path of [`/save?a=1&${wishes}`, `/save?a=2&${wishes}`]) {
      for (const line of (await browser.get(path)).headers.getSetCookie()) {
        expect(line).toMatch(/^__Host-Http-session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      }
    }
    expect(await dataOf(browser)).toEqual({ a: '2' });
  });
});
