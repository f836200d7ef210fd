import { describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { loggedIn, tryLogin } from '../support/login-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

const insufficient = { error: 'login_insufficient', user: undefined };

describe('what a login demands of the person', () => {
  const startAsking = (ask: object) =>
    start({
      op,
      handlers: (server) => void server.get('/ask', (req) => req.auth.login({ returnTo: '/', ...ask })),
    });
  const now = () => Math.floor(Date.now() / 1000);

  it.each([
    ['is fresh', () => now() - 50, loggedIn],
    ['is older, as clocks may differ', () => now() - 80, loggedIn],
    ['is too old', () => now() - 100, insufficient],
    ['is missing', () => undefined, insufficient],
    ['is text', () => String(now()), insufficient],
    ['is null', () => null, insufficient],
    ['is before all time', () => -1, insufficient],
  ])('is checked in auth_time, when it %s (R-15)', async (_, auth_time, outcome) => {
    const app = await startAsking({ maxAgeSeconds: 60 });
    op.script({ claims: (claims) => ({ ...claims, auth_time: auth_time() }) });
    expect(await tryLogin(app, { path: '/ask' })).toMatchObject(outcome);
  });

  it('is checked as well when the options ask for it at each login (R-15)', async () => {
    const app = await start({ op, oidc: { authorizationParams: { max_age: '60' } } });
    op.script({ claims: (claims) => ({ ...claims, auth_time: now() - 3600 }) });
    expect(await tryLogin(app)).toMatchObject(insufficient);
  });

  it.each([
    ['is the best', 'gold', loggedIn],
    ['is another of those asked for', 'silver', loggedIn],
    ['is a lower one', 'bronze', insufficient],
    ['is missing', undefined, insufficient],
    ['is a list', ['gold'], insufficient],
    ['is a part of one', 'gol', insufficient],
  ])('is checked in acr, when it %s (R-16)', async (_, acr, outcome) => {
    const app = await startAsking({ acrValues: ['gold', 'silver'] });
    op.script({ claims: (claims) => ({ ...claims, acr }) });
    expect(await tryLogin(app, { path: '/ask' })).toMatchObject(outcome);
    expect(op.requests('authorization')[0]?.params.get('acr_values')).toBe('gold silver');
  });

  it('is checked as well when the options ask for it at each login (R-16)', async () => {
    const app = await start({ op, oidc: { authorizationParams: { acr_values: 'gold' } } });
    op.script({ claims: (claims) => ({ ...claims, acr: 'bronze' }) });
    expect(await tryLogin(app)).toMatchObject(insufficient);
  });
});

describe('a route that demands a class (R-116)', () => {
  const startStrong = () =>
    start({
      op,
      handlers: (server) =>
        void server.get(
          '/strong',
          requireAuth({ acrValues: ['gold'] }),
          (req, res) => void res.json(req.auth.acr),
        ),
    });

  it('lets pass who proves it, and sends who did not to the provider again', async () => {
    const app = await startStrong();
    const browser = app.browser();
    op.script({ claims: (claims) => ({ ...claims, acr: 'bronze' }) });
    await app.logIn(browser);
    op.script({ claims: (claims) => ({ ...claims, acr: 'gold' }) });
    const answer = await app.logIn(browser, { path: '/strong' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/strong']);
    expect(await (await browser.get('/strong')).json()).toBe('gold');
  });

  it('tells a person whose proof falls short that more is needed, and lets them keep what they have', async () => {
    const app = await startStrong();
    const browser = app.browser();
    op.script({ claims: (claims) => ({ ...claims, acr: 'bronze' }) });
    await app.logIn(browser);
    const answer = await app.logIn(browser, { path: '/strong' });
    expect([answer.status, app.errors.map(({ error }) => error.code)]).toEqual([403, ['login_insufficient']]);
    const page = await answer.text();
    expect(page).toContain('More is needed here');
    expect(page).toContain('/login?returnTo=%2Fstrong');
    expect((await browser.get('/me')).status).toBe(200);
  });
});
