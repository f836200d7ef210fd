import type { RequestListener } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import { connectAuth, providers } from 'express-connect-auth';
import { createBrowser } from '../support/browser-client.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const express4 = createRequire(import.meta.url)('express4') as typeof express;

/** What nginx does with `location /shop/ { proxy_pass http://app/; }`: it decodes, and merges slashes. */
const behindNginx =
  (app: Express): RequestListener =>
  (req, res) => {
    const [path = '', query] = req.url!.split('?');
    const merged = decodeURIComponent(path).replace(/\/+/g, '/');
    req.url = merged.replace(/^\/shop(?=\/|$)\/?/, '/') + (query === undefined ? '' : `?${query}`);
    app(req, res);
  };

const PLACES: [string, typeof express, (app: Express, build: typeof express) => RequestListener][] = [
  ['mounted in Express 5', express, (app, build) => build().use('/shop', app)],
  ['mounted in Express 4', express4, (app, build) => build().use('/shop', app)],
  ['behind a proxy that strips the path, in Express 5', express, behindNginx],
  ['behind a proxy that strips the path, in Express 4', express4, behindNginx],
];

describe.each(PLACES)('an application at /shop, %s', (_, build, place) => {
  let server: ListeningServer;
  beforeAll(async () => {
    server = await serve(async (origin) => {
      const baseUrl = `${origin}/shop`;
      const provider = providers.oidc(await op.registerApp(baseUrl));
      const app = build();
      app.use(connectAuth({ baseUrl, secret: 's'.repeat(32), redis: 'memory', provider }));
      app.get('/who', (req, res) => void res.json(req.user?.sub ?? null));
      return place(app, build);
    }, 'localhost');
  });
  afterAll(() => server.close());

  const logIn = async (query: Record<string, string>) => {
    const browser = createBrowser(server.origin);
    const start = await browser.get(`/shop/login?${new URLSearchParams(query)}`);
    return { browser, answer: await browser.deliver(await op.signIn(start.headers.get('location')!)) };
  };

  it.each([
    ...['/shop/logout', '/shop//logout', '/shop///logout', '/shop/.//logout', '/shop/x/..//logout'],
    ...[
      '/shop/%6Cogout',
      '/shop//%6C%6Fgout',
      '/shop/logout/',
      '/shop//logout?x',
      '/SHOP/LOGOUT',
      '/SHOP//logout',
    ],
    ...['/shop/%2Flogout', '/shop//oauth/callback', '/shop//login', '/shop//oauth/frontchannel-logout'],
  ])('returns to no route of ours by %s, and stays logged in (N-29, F-95)', async (returnTo) => {
    const { browser, answer } = await logIn({ returnTo });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/shop/']);
    await browser.get('/shop/', { 'sec-fetch-site': 'same-origin' });
    expect(await (await browser.get('/shop/who')).json()).toBe('ada');
  });

  it.each([
    '/shop//logout',
    '/shop/%6Cogout',
    '/shop///LOGOUT',
  ])('tells the page that opened a window nothing of %s (N-29)', async (returnTo) => {
    const { answer } = await logIn({ returnTo, display: 'popup' });
    const page = await answer.text();
    expect(page).toContain(
      'data-broadcast="{&quot;type&quot;:&quot;login&quot;,&quot;returnTo&quot;:&quot;/shop/&quot;}"',
    );
    expect(page).not.toMatch(/logout/i);
  });

  it.each([
    '/shop/me',
    '/shop//me',
    '/shop/logouts',
    '/logout',
    '/shop/me?next=/shop/logout',
  ])('returns to %s, which is none (N-29, F-100)', async (returnTo) => {
    const { answer } = await logIn({ returnTo });
    expect(answer.headers.get('location')).toBe(returnTo);
  });
});
