import { describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();

describe('a mistake in a handler is answered by what to write', () => {
  it('a role in the place of rules', () => {
    expect(() => requireAuth('admin' as never)).toThrow(
      "requireAuth() must be given rules, such as { roles: 'admin' } or { maxAgeSeconds: 300 }; it is a string of 5 characters.",
    );
  });

  it('a token that has ended, of a provider that was asked for no refresh token', async () => {
    const app = await startApp({
      ...{ op, now: clock.now },
      handlers: (server) => {
        server.get('/token', (req, res) => {
          req.auth.getAccessToken().catch(({ code, message }) => res.json({ code, message }));
        });
      },
    });
    const browser = app.browser();
    op.script({ token: ({ refresh_token: _, ...answer }) => answer });
    await app.logIn(browser);
    clock.advance(3_601_000);
    expect(await (await browser.get('/token')).json()).toEqual({
      code: 'token_expired',
      message: expect.stringContaining('offline_access'),
    });
  });

  it('a class of login that the provider does not answer: the operator is told which', async () => {
    const app = await startApp({
      ...{ op, now: clock.now },
      handlers: (server) => {
        server.get('/strong', requireAuth({ acrValues: 'gold' }), (_req, res) => void res.json('in'));
      },
    });
    const browser = await logInWith(op, app, { acr: 'tin' });
    expect((await app.logIn(browser, { path: '/strong' })).status).toBe(403);
    expect(app.errors[0]?.error.message).toContain('acr does not answer those asked for');
  });
});
