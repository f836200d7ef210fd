import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import type express from 'express';
import { connectAuth, keepForm, providers, requireAuth } from 'express-connect-auth';
import { createBrowser } from '../support/browser-client.ts';
import { serve } from '../support/listen.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';

const express4 = createRequire(import.meta.url)('express4') as typeof express;

describe('Express 4 (F-124)', () => {
  it('has the same logins, sessions and logouts', async () => {
    const op = await startOpenIdProvider();
    const server = await serve(async (origin) => {
      const app = express4();
      const provider = providers.oidc(await op.registerApp(origin));
      const routes = { session: '/auth/session', keptForm: '/kept-form' };
      const auth = connectAuth({
        baseUrl: origin,
        secret: 's'.repeat(32),
        redis: 'memory',
        provider,
        routes,
      });
      app.use(auth);
      app.get(
        '/me',
        requireAuth,
        (req, res) => void res.json({ sub: req.user?.sub, visits: count(req.session) }),
      );
      app.post('/orders', keepForm, requireAuth, (_req, res) => void res.end());
      return app;
    }, 'localhost');
    const browser = createBrowser(server.origin);

    const redirect = await browser.get('/me');
    const answer = await browser.deliver(await op.signIn(redirect.headers.get('location')!));
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me']);
    expect(await (await browser.get('/me')).json()).toEqual({ sub: 'ada', visits: 1 });
    expect(await (await browser.get('/me')).json()).toEqual({ sub: 'ada', visits: 2 });
    const sibling = { 'sec-fetch-site': 'same-site', origin: 'https://other.example' };
    expect((await browser.post('/anything', {}, sibling)).status).toBe(403);
    expect(await (await browser.get('/auth/session')).json()).toMatchObject({ user: { sub: 'ada' } });
    expect((await browser.post('/logout')).status).toBe(303);
    expect(await (await browser.post('/orders', { a: '1' })).text()).toContain('is kept');
    expect((await browser.get('/me')).status).toBe(302);
    expect((await createBrowser(server.origin).get('/oauth/callback?state=a&state=b')).status).toBe(400);

    await server.close();
    await op.close();
  });
});

function count(session: object): number {
  const own = session as { visits?: number };
  own.visits = (own.visits ?? 0) + 1;
  return own.visits;
}
