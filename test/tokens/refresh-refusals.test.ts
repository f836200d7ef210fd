import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { json, type RawAnswer, send } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const HTML = { 'content-type': 'text/html' };
const JSON_TYPE = { 'content-type': 'application/json' };

async function logIn(options: Partial<TestAppOptions> = {}) {
  const app = await startApp({
    op,
    now: clock.now,
    handlers: (server) => {
      addTokenRoutes(server);
      server.get('/authTime', (req, res) => void res.json({ at: req.auth.authTime ?? null }));
    },
    ...options,
  });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser };
}

describe('a refresh that is refused', () => {
  const oauth = (error: string, status = 400, headers = {}) => json(status, { error }, headers);

  it.each<[string, RawAnswer]>([
    ...[
      ...['invalid_grant', 'interaction_required', 'login_required', 'consent_required', 'mfa_required'],
      ...['access_denied', 'invalid_token', 'account_selection_required', 'expired_token'],
      ...['insufficient_user_authentication', 'unmet_authentication_requirements'],
    ].map((error): [string, RawAnswer] => [error, oauth(error)]),
    ['invalid_token with 401', oauth('invalid_token', 401, { 'www-authenticate': 'Bearer' })],
    ['access_denied with 403', oauth('access_denied', 403)],
    ['an empty 400', send(400, '')],
    ['an empty 403', send(403, '')],
    ['an empty 403 of the type JSON', send(403, '', JSON_TYPE)],
    ['an empty 400 of the type HTML', send(400, '', HTML)],
    ['white space', send(403, '\r\n')],
  ])('asks for the person, who is sent to log in by the usual handler: %s', async (_, answer) => {
    const { app, browser } = await logIn();
    clock.advance(3_600_000);
    op.script({ refresh: () => answer });
    expect(await ask(browser)).toEqual({ status: 401, error: 'login_required', name: 'LoginRequiredError' });
    op.script();
    expect((await browser.get('/me')).status).toBe(302);
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused', sub: 'ada' }]);
  });

  it.each([
    ['nothing beside it', {}],
    ['empty members beside it', { access_token: null, id_token: null, refresh_token: null }],
  ])('with the status of a success, where that is a habit, asks for the person: %s', async (_, more) => {
    const { app, browser } = await logIn({ oidc: { quirks: { errorStatus: 'any' } } });
    clock.advance(3_600_000);
    op.script({ refresh: () => json(200, { error: 'bad_refresh_token', ...more }) });
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused' }]);
  });

  it('without a word of why is told to the operator too', async () => {
    const { app, browser } = await logIn();
    clock.advance(3_600_000);
    op.script({ refresh: () => send(403, '') });
    await ask(browser);
    expect(app.errors.map(({ error }) => [error.code, error.message])).toEqual([
      ['provider_refused', expect.stringContaining('status 403 and no body')],
    ]);
  });

  it.each<[string, RawAnswer, object]>([
    ['invalid_client', oauth('invalid_client', 401), { status: 502, oauthError: 'invalid_client' }],
    ['unauthorized_client', oauth('unauthorized_client'), { status: 502 }],
    ['invalid_scope', oauth('invalid_scope'), { status: 502 }],
    ['a word of its own', oauth('no_idea_required'), { status: 502 }],
    ['access_denied by a server that fails', oauth('access_denied', 503), { status: 503 }],
    ['the page of a proxy', send(403, '<html>Forbidden</html>', HTML), { status: 502 }],
    ['an empty 401', send(401, ''), { status: 502 }],
    ['an empty 404', send(404, ''), { status: 502 }],
    ['an empty 500', send(500, ''), { status: 503 }],
    ['an empty 429', send(429, ''), { status: 503 }],
    ['an empty object', json(400, {}), { status: 502 }],
  ])('by a fault ends nothing: %s', async (_, answer, expected) => {
    const { app, browser } = await logIn();
    clock.advance(3_600_000);
    op.script({ refresh: () => answer });
    expect(await ask(browser)).toMatchObject({ ...expected, name: 'ProviderError' });
    expect((await browser.get('/me')).status).toBe(200);
    expect(app.logouts).toEqual([]);
  });
});

describe('a refresh by a client that is refused', () => {
  it.each<[string, RawAnswer]>([
    ['by the standard', json(401, { error: 'invalid_client' })],
    ['by a page', send(403, '<h1>Forbidden</h1>', HTML)],
  ])('is told what may help: %s (R-30, R-54)', async (_, answer) => {
    const told: string[] = [];
    const { browser } = await logIn({
      oidc: { clientAuthentication: 'client_secret_basic' },
      handlers: (server) =>
        server.get('/token', async (req, res) => {
          await req.auth.getAccessToken().catch(({ message }: Error) => told.push(message));
          res.json({});
        }),
    });
    clock.advance(3_600_000);
    op.script({ refresh: () => answer });
    await browser.get('/token');
    expect(told).toEqual([expect.stringMatching(/basicEncoding: 'raw'.*client_secret_post/)]);
  });
});

describe('a refresh whose ID token has another auth_time (R-27)', () => {
  const seconds = () => Math.floor(clock.now() / 1000);

  it.each<[string, () => Claims]>([
    ['a later one, as where the single sign-on session goes on', () => ({ auth_time: seconds() })],
    ['an earlier one', () => ({ auth_time: 1 })],
    ['none', () => ({ auth_time: undefined })],
    ['text', () => ({ auth_time: String(seconds()) })],
    ['one of the future', () => ({ auth_time: seconds() + 86_400 })],
  ])('goes on, and the login becomes no fresher: %s', async (_, claims) => {
    const { app, browser } = await logIn();
    const before = await (await browser.get('/authTime')).json();
    expect(before.at).not.toBeNull();
    clock.advance(3_600_000);
    op.script({ claims: (honest) => ({ ...honest, ...claims() }) });
    expect((await ask(browser)).status).toBe(200);
    expect(await (await browser.get('/authTime')).json()).toEqual(before);
    expect(app.errors).toEqual([]);
  });
});
