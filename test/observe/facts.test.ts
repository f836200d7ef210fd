import { describe, expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { useDiagnosticsWatch } from '../support/diagnostics-watch.ts';
import { createLogoutToken, postLogoutToken } from '../support/logout-token.ts';
import { json } from '../support/scripted-answers.ts';
import { at, useTenantApps } from '../support/tenant-bed.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const start = useApps();
const startTenants = useTenantApps();
const watch = useDiagnosticsWatch();

const startApp = (options: Partial<Parameters<typeof start>[0]> = {}) =>
  start({ op, now: clock.now, handlers: addTokenRoutes, ...options });

const REFERENCE = /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/;

describe('what is published on node:diagnostics_channel', () => {
  it('tells of a login and a logout, each once', async () => {
    const app = await startApp();
    const browser = app.browser();
    await app.logIn(browser, { path: '/login?display=popup' });
    await browser.post('/logout');
    expect(watch.facts.filter(([name]) => !name.endsWith('.state'))).toEqual([
      ['login.started', { provider: 'default', display: 'popup', isRestart: false }],
      ['login.finished', { provider: 'default', issuer: op.issuer, missingScopes: 0 }],
      ['session.ended', { reason: 'logout', provider: 'default' }],
      ['logout.finished', { kind: 'logout', sessions: undefined }],
    ]);
    expect(app.errors).toEqual([]);
  });

  it('tells why a login was refused, with the reference that stands on the page and that onError was told', async () => {
    const app = await startApp();
    op.script({ token: () => json(400, { error: 'invalid_grant' }) });
    const answer = await app.logIn(app.browser());
    const [refused] = watch.factsOf('login.refused');
    expect(refused).toEqual({
      ...{ provider: 'default', during: 'callback', display: 'page', code: 'provider_refused' },
      ...{ oauthError: 'invalid_grant', reference: expect.stringMatching(REFERENCE) },
    });
    expect(await answer.text()).toContain(refused!.reference);
    expect(app.errors.map(({ reference }) => reference)).toEqual([refused!.reference]);
    expect(watch.factsOf('fault')).toMatchObject([
      { code: 'provider_refused', status: 502, during: 'callback', reference: refused!.reference },
    ]);
  });

  it('tells of a login that could not even be begun', async () => {
    const app = await startApp();
    op.script({ discovery: () => json(503, {}) });
    const answer = await app.browser().get('/login');
    expect(watch.factsOf('login.refused')).toEqual([
      { provider: 'default', display: 'page', during: 'login', code: 'provider_unavailable' },
    ]);
    const [fault] = watch.factsOf('fault');
    expect(await answer.text()).toContain(fault!.reference);
    expect(watch.factsOf('provider.state')).toMatchObject([{ provider: 'default', state: 'down' }]);
  });

  it('tells of a login without a page that brought nobody, which is no fault', async () => {
    const app = await startApp({
      handlers: (server) =>
        server.use(async (req, _res, next) => {
          if (req.path !== '/quiet' || !(await req.auth.trySilentLogin())) next();
        }),
    });
    const browser = app.browser();
    const redirect = await browser.get('/quiet', {
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    });
    await browser.deliver(await op.signIn(redirect.headers.get('location')!, { cancel: true }));
    expect(watch.factsOf('login.refused')).toEqual([
      expect.objectContaining({ display: 'silent', code: 'login_denied', reference: undefined }),
    ]);
    expect(watch.factsOf('fault')).toEqual([]);
  });

  it('tells every kind of logout, and how many sessions it ended', async () => {
    const app = await startApp({
      handlers: (server) => server.get('/destroy', (req, res) => req.session.destroy(() => res.end())),
    });
    const logIn = async () => {
      // A logout from outside ends what began by then.
      clock.advance(1000);
      const browser = app.browser();
      await app.logIn(browser);
      return browser;
    };
    await (await logIn()).get('/destroy');
    await logIn();
    await logIn();
    const user = { issuer: op.issuer, sub: 'ada' };
    await app.auth.sessions.revokeAll(user);
    await logIn();
    const [session] = await app.auth.sessions.list(user);
    await app.auth.sessions.revoke(session!.handle);
    await logIn();
    await postLogoutToken(app, createLogoutToken(op, { sub: 'ada', now: clock.now }));
    const browser = await logIn();
    await browser.get(`/oauth/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: 'nobody' })}`);
    expect(watch.factsOf('logout.finished')).toEqual([
      { kind: 'destroyed', sessions: undefined },
      { kind: 'revoked', sessions: 2 },
      { kind: 'revoked', sessions: 1 },
      { kind: 'back_channel', sessions: 1 },
      { kind: 'front_channel', sessions: 0 },
    ]);
    const reasons = watch.factsOf('session.ended').map(({ reason }) => reason);
    expect(reasons).toEqual(['destroyed', 'revoked', 'revoked', 'revoked', 'back_channel']);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(reasons);
  });

  it('tells what became of each refresh, and how long it took', async () => {
    const app = await startApp();
    const browser = app.browser();
    await app.logIn(browser);
    const refresh = async () => {
      clock.advance(4_000_000);
      return ask(browser);
    };
    expect((await refresh()).status).toBe(200);
    op.script({ refresh: () => json(503, {}) });
    expect((await refresh()).status).toBe(503);
    clock.advance(61_000);
    op.script({ refresh: () => json(400, { error: 'invalid_grant' }) });
    expect((await refresh()).status).toBe(401);
    expect(watch.factsOf('refresh.finished')).toEqual([
      { provider: 'default', outcome: 'renewed', durationMs: expect.any(Number), code: undefined },
      {
        provider: 'default',
        outcome: 'failed',
        durationMs: expect.any(Number),
        code: 'provider_unavailable',
      },
      { provider: 'default', outcome: 'over', durationMs: expect.any(Number), code: 'login_required' },
    ]);
    expect(watch.factsOf('session.ended')).toEqual([{ reason: 'refresh_refused', provider: 'default' }]);
  });

  it('names the tenant, where there are any', async () => {
    const app = await startTenants({ ops: { north: op }, now: clock.now });
    const browser = app.browser();
    await app.logIn(browser, 'north');
    await browser.post('/logout', {}, at('north'));
    const facts = watch.facts.filter(([name]) => name !== 'store.state');
    expect(facts.map(([name, { tenant }]) => [name, tenant])).toEqual([
      ['provider.state', 'north'],
      ['login.started', 'north'],
      ['login.finished', 'north'],
      ['session.ended', 'north'],
      ['logout.finished', 'north'],
    ]);
    expect(new Set(watch.tracesOf('callback').map(({ tenant }) => tenant))).toEqual(new Set(['north']));
  });
});
