import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

const pages: Record<string, (app: TestApp) => Promise<Response>> = {
  'a callback without a login': (app) => app.browser().get('/oauth/callback?state=x'),
  'a login that was refused': (app) => app.logIn(app.browser(), { cancel: true }),
  'a provider that is away': (app) => {
    op.script({ discovery: () => json(503, {}) });
    return app.browser().get('/login');
  },
  'a frame that wants to log in': (app) => app.browser().get('/login', { 'sec-fetch-dest': 'iframe' }),
  'a form of another site': (app) =>
    app.browser().request('POST', '/api/me', {
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    }),
  'a logout that somebody else asks for': async (app) => {
    const browser = app.browser();
    await app.logIn(browser);
    return browser.get('/logout', { 'sec-fetch-site': 'cross-site' });
  },
  'the end of a logout': (app) => app.browser().get('/signed-out'),
  'a logout with a large ID token': async (app) => {
    op.script({ claims: (claims) => ({ ...claims, groups: Array(500).fill('group') }) });
    const browser = app.browser();
    await app.logIn(browser);
    return browser.post('/logout');
  },
  'a login in a window of its own': async (app) => {
    const browser = app.browser();
    return browser.deliver(await op.signIn((await beginLogin(browser, '/login?display=popup')).href));
  },
};

describe.each(Object.entries(pages))('the page for %s', (_, load) => {
  it('loads nothing, runs nothing but what its policy names, and is in nobody else’s frame (R-119, F-117)', async () => {
    const answer = await load(await start({ op }));
    const page = await answer.text();
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = Object.fromEntries(
      (answer.headers.get('content-security-policy') ?? '').split(';').map((part) => {
        const [name = '', ...sources] = part.trim().split(' ');
        return [name, sources.join(' ')];
      }),
    );
    const sources = (tag: string) =>
      [...page.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))]
        .map(([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`)
        .join(' ');
    expect(policy).toEqual({
      'default-src': "'none'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
      'form-action': page.includes('<form') ? `'self' ${op.origin}` : "'none'",
      'style-src': sources('style'),
      ...(page.includes('<script') && { 'script-src': sources('script') }),
    });
    expect(page).not.toMatch(/ (on\w+|style|src)=|<script |javascript:/);
  });

  it('is guessed by nobody, kept by nobody and tells nobody where one comes from (R-119, R-133)', async () => {
    const answer = await load(await start({ op }));
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });
});
