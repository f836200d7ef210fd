import { describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { setUpBed } from '../support/bed.ts';

const bed = setUpBed();
const cachingOf = (answer: Response) => [answer.headers.get('cache-control'), answer.headers.get('vary')];

describe('what caches are told (R-133, F-116, CVE-2025-48947, CVE-2025-64762)', () => {
  const start = () =>
    bed.start({
      handlers: (server) => {
        server.get('/public', (_req, res) => void res.json('for everybody'));
        server.get('/name', (req, res) => void res.json(req.user?.name ?? 'nobody'));
        server.get('/auth', (req, res) => void res.json(req.auth));
        server.get('/guarded', requireAuth, (_req, res) => void res.json('for some'));
        server.get('/own-vary', (req, res) => {
          res.vary('Accept-Encoding');
          res.json(req.user?.name ?? 'nobody');
        });
        server.get('/own-choice', (req, res) => {
          res.set('Cache-Control', 'private, max-age=60').json(req.user?.name ?? 'nobody');
        });
        server.get('/default/start', (req, res) => {
          res.set('Cache-Control', 'public, max-age=300');
          Object.assign(req.session, { cart: 3 });
          if (req.query.way === 'stream') res.write('begun');
          if (req.query.way === 'head') res.writeHead(200, { 'X-Own': 'yes' });
          res.end();
        });
        server.get('/default/renew', async (req, res) => {
          res.set('Cache-Control', 'public, max-age=300');
          await req.auth.renew();
          res.end();
        });
      },
    });

  it('keeps what depends on a login out of every cache', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    for (const path of ['/', '/me', '/api/me', '/name', '/auth', '/guarded', '/save']) {
      expect([path, ...cachingOf(await browser.get(path))]).toEqual([path, 'no-store', 'Cookie']);
    }
  });

  it('says that a page for nobody in particular depends on the cookie, and that a guarded one is for nobody else', async () => {
    const app = await start();
    for (const path of ['/', '/name', '/auth']) {
      expect([path, ...cachingOf(await app.browser().get(path))]).toEqual([path, null, 'Cookie']);
    }
    for (const path of ['/me', '/api/me', '/guarded']) {
      for (const headers of [{}, { 'sec-fetch-mode': 'cors' }]) {
        expect([path, ...cachingOf(await app.browser().get(path, headers))]).toEqual([
          path,
          'no-store',
          'Cookie',
        ]);
      }
    }
  });

  it('says nothing of a page that does not ask who is there', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    expect(cachingOf(await browser.get('/public'))).toEqual([null, null]);
  });

  it("leaves an application's own choice alone, and adds to its Vary", async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    expect(cachingOf(await browser.get('/own-choice'))).toEqual(['private, max-age=60', 'Cookie']);
    expect(cachingOf(await browser.get('/own-vary'))).toEqual(['no-store', 'Accept-Encoding, Cookie']);
  });

  it('keeps every answer that sets a cookie out of every cache, even against the application (R-105)', async () => {
    const app = await start();
    for (const way of ['end', 'stream', 'head']) {
      const answer = await app.browser().get(`/default/start?way=${way}`);
      expect(answer.headers.getSetCookie()).toHaveLength(1);
      expect([way, ...cachingOf(answer)]).toEqual([way, 'no-store', 'Cookie']);
    }
    const browser = app.browser();
    await app.logIn(browser);
    const renewed = await browser.get('/default/renew');
    expect(renewed.headers.getSetCookie()).toHaveLength(1);
    expect(cachingOf(renewed)).toEqual(['no-store', 'Cookie']);
  });

  it('keeps the routes of a login and a logout out of every cache', async () => {
    const app = await start();
    const browser = app.browser();
    const login = await browser.get('/login');
    const callback = await app.logIn(browser);
    const failed = await app.browser().get('/oauth/callback?state=unknown&code=x');
    const question = await browser.get('/logout', { 'sec-fetch-site': 'cross-site' });
    const logout = await browser.post('/logout');
    for (const answer of [login, callback, failed, question, logout]) {
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([answer.status, 'no-store']);
    }
  });
});
