import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import { startApp, type TestApp } from '../support/app.ts';
import { followLogin, requestTarget } from '../support/follow-login.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';

describe('a guarded page', () => {
  let op: OpenIdProvider;
  let app: TestApp;
  beforeAll(async () => {
    op = await startOpenIdProvider();
    app = await startApp({
      op,
      before: (server) => server.set('trust proxy', true),
      handlers: (server) => {
        server.post('/order', (req) => req.auth.login());
        server.get(/evil|guarded/, requireAuth, (_req, res) => void res.end());
      },
    });
  });
  afterAll(async () => {
    await app.close();
    await op.close();
  });

  it.each([
    ['//evil.example/x', '/'],
    ['///evil.example/x', '/'],
    ['/\\evil.example/x', '/'],
    ['/.//evil.example/x', '/'],
    ['/%2e//evil.example/x', '/'],
    ['/a/..//evil.example/x', '/'],
    ['//user@evil.example/x', '/'],
    ['http://evil.example/guarded', '/'],
    ['HTTP://evil.example/guarded', '/'],
    ['http://a:99999/guarded', '/'],
    ['/guarded//evil.example', '/guarded//evil.example'],
    ['/guarded?next=https://evil.example', '/guarded?next=https://evil.example'],
    ['/%2f/evil.example', '/%2f/evil.example'],
    ['/guarded%0d%0aSet-Cookie:x=1', '/guarded%0d%0aSet-Cookie:x=1'],
  ])('that was requested by GET %s is left for %s after the login (F-94, F-100)', async (target, followed) => {
    expect(await followLogin({ app, op }, target)).toBe(followed);
  });

  it('that was requested by the absolute form of its own address is found again (F-94)', async () => {
    expect(await followLogin({ app, op }, `${app.origin}/guarded?x=1`)).toBe('/guarded?x=1');
  });

  it.each([
    '\\\\evil.example/x',
    'x:guarded',
    'evil.example',
    '*',
  ])('is not what GET %s asks for, and nobody is sent anywhere (F-94)', async (target) => {
    expect((await requestTarget(app, target)).headers.get('location')).toBeNull();
  });

  it.each([
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
  ])('begins no login by %s, which nothing repeats (F-97)', async (method) => {
    const answer = await app.browser().request(method, '/api/me', { body: { amount: '1' } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('is the home page after a login that the handler of a POST asks for (F-97)', async () => {
    const browser = app.browser();
    const asked = await browser.post('/order', { amount: '1' });
    const answer = await browser.deliver(await op.signIn(asked.headers.get('location')!));
    expect(answer.headers.get('location')).toBe('/');
  });

  it.each([
    [{ host: 'evil.example' }],
    [{ host: 'evil.example:80@localhost' }],
    [{ 'x-forwarded-host': 'evil.example' }],
    [{ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' }],
    [{ forwarded: 'host=evil.example;proto=https', 'x-original-host': 'evil.example' }],
    [{ 'x-original-url': '//evil.example', 'x-rewrite-url': '//evil.example' }],
    [{ 'x-forwarded-prefix': '//evil.example', 'x-forwarded-uri': '//evil.example' }],
  ])('is not moved to another host by %j (F-98, R-02)', async (headers: Record<string, string>) => {
    const start = await requestTarget(app, '/me', headers);
    const redirect = new URL(start.headers.get('location')!);
    expect(redirect.origin).toBe(op.issuer);
    expect(redirect.searchParams.get('redirect_uri')).toBe(`${app.origin}/oauth/callback`);

    const browser = app.browser();
    browser.jar.store(app.origin, start.headers.getSetCookie());
    const callback = await browser.deliver(await op.signIn(redirect.href), headers);
    expect(callback.headers.get('location')).toBe('/me');
    const logout = await browser.post('/logout', {}, headers);
    expect(new URL(logout.headers.get('location')!).searchParams.get('post_logout_redirect_uri')).toBe(
      `${app.origin}/`,
    );
    for (const answer of [start, callback, logout]) {
      expect([...answer.headers].join()).not.toContain('evil.example');
      for (const cookie of answer.headers.getSetCookie()) expect(cookie).not.toMatch(/domain|secure/i);
    }
  });
});

/** An application that lives at `/app` of its origin: all of it is guarded. */
describe.each([
  { how: 'is mounted there', place: mount, root: '/app' },
  { how: 'has a proxy that strips the path', place: stripBasePath, root: '/app/' },
])('a guarded page of an application below a path, which $how', ({ place, root }) => {
  let op: OpenIdProvider;
  let server: ListeningServer;
  beforeAll(async () => {
    op = await startOpenIdProvider();
    server = await serve(async (origin) => {
      const baseUrl = `${origin}/app`;
      const provider = providers.oidc(await op.registerApp(baseUrl));
      const app = express();
      app.use(connectAuth({ baseUrl, secret: 's'.repeat(32), redis: 'memory', provider }));
      app.use(requireAuth, (_req, res) => void res.end());
      return place(app);
    }, 'localhost');
  });
  afterAll(async () => {
    await server.close();
    await op.close();
  });

  it.each([
    ['/app', root],
    ['/app?x=1', `${root}?x=1`],
    ['/app/', '/app/'],
    ['/APP/me', place === mount ? '/APP/me' : '/app/me'],
    ['/app/me?x=1', '/app/me?x=1'],
    ['/app/app', '/app/app'],
    ['/app/app/me', '/app/app/me'],
    ['/app//evil.example', '/app//evil.example'],
    ['/app/login?returnTo=/app/logout', '/app/'],
    ['/app/login?returnTo=/app/me', '/app/me'],
  ])('leads from %s to %s (F-94, F-95, R-02)', async (target, followed) => {
    const answer = await requestTarget(server, target);
    const cookie = answer.headers.getSetCookie()[0]!.split(';')[0]!;
    const callback = await op.signIn(answer.headers.get('location')!);
    const end = await requestTarget(server, callback.url.slice(server.origin.length), { cookie });
    expect(end.headers.get('location')).toBe(followed);
  });
});

function mount(app: Express): RequestListener {
  return express().use('/app', app);
}

/** What nginx does with `location /app { proxy_pass http://app/; }`. */
function stripBasePath(app: Express): RequestListener {
  return (req, res) => {
    req.url = req.url!.replace(/^\/app(?=[/?]|$)\/?/i, '/');
    app(req, res);
  };
}
