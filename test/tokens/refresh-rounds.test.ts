import { expect, it } from '@jest/globals';
import { loginOnError } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { json } from '../support/scripted-answers.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();

it('a provider that refuses to refresh what it has just given leads nobody round: the person is asked', async () => {
  const app = await startApp({
    op,
    now: clock.now,
    handlers: (server) => {
      server.get('/token', async (req, res) => {
        await req.auth.getAccessToken();
        res.json({ ok: true });
      });
      server.use(loginOnError);
    },
  });
  op.script({
    token: (answer) => ({ ...answer, expires_in: 1 }),
    refresh: () => json(400, { error: 'invalid_grant' }),
  });
  const browser = app.browser();
  await app.logIn(browser);
  clock.advance(2_000);
  const page = await browser.get('/token');
  expect(page.status).toBe(401);
  expect(await page.text()).toContain('href="/login?returnTo=%2Ftoken');
  // Some minutes on the session may have ended for any reason.
  await app.logIn(browser);
  clock.advance(120_000);
  expect((await browser.get('/token')).status).toBe(302);
});
