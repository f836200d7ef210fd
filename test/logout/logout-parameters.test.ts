import { describe, expect, it } from '@jest/globals';
import type { OidcOptions } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { json } from '../support/scripted-answers.ts';
import { logInWith } from '../support/scripted-logins.ts';
import type { ScriptedProvider } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op: ScriptedProvider = await useScriptedProvider();
const startApp = useApps();
const XHR = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

const start = (oidc: Partial<OidcOptions>, options: Partial<TestAppOptions> = {}) =>
  startApp({
    op,
    oidc,
    handlers: (server) => {
      server.get('/out', (req) => {
        const { to, ...logoutParams } = req.query as Record<string, string>;
        return req.auth.logout({ ...(to && { returnTo: to }), logoutParams });
      });
      server.get('/lapse', (req, res) => void req.session.destroy(() => res.end()));
    },
    ...options,
  });

const paramsOf = (answer: Response) =>
  Object.fromEntries(new URL(answer.headers.get('location') ?? 'about:blank').searchParams);

describe('what a logout at the provider carries', () => {
  it.each<[string, Record<string, string>]>([
    ['a name alone, as Auth0 wants', { federated: '' }],
    ['a value', { tenant: 'a b&c' }],
    ['two of them', { ui_locales: 'nb en', prompt: 'none' }],
  ])('is what the options say of every logout: %s', async (_, logoutParams) => {
    const app = await start({ logoutParams });
    const out = await (await logInWith(op, app)).post('/logout');
    expect(paramsOf(out)).toMatchObject({ ...logoutParams, client_id: op.clientId });
  });

  it.each([
    ['logout_hint', 'login_hint', 'an opaque hint of Entra ID'],
    ['sid', 'session', 'the session there'],
    ['login', 'preferred_username', 'ada@example.com'],
  ])('is what only the session knows: %s, which is the claim %s', async (param, claim, value) => {
    const app = await start({ logoutClaims: { [param]: claim } });
    const out = await (await logInWith(op, app, { [claim]: value })).post('/logout');
    expect(paramsOf(out)[param]).toBe(value);
  });

  it.each([
    undefined,
    7,
    '',
    ['x'],
    { x: 1 },
    true,
  ])('lacks what the session does not know: %j', async (value) => {
    const app = await start({ logoutClaims: { logout_hint: 'login_hint' } });
    const out = await (await logInWith(op, app, { login_hint: value })).post('/logout');
    expect([out.status, paramsOf(out).logout_hint]).toEqual([303, undefined]);
  });

  it('is what a handler adds, which wins over the options, and never over the protocol', async () => {
    const app = await start({ logoutParams: { federated: '', ui_locales: 'en' } });
    const browser = await logInWith(op, app);
    const out = paramsOf(await browser.get('/out?ui_locales=nb'));
    expect(out).toMatchObject({
      federated: '',
      ui_locales: 'nb',
      post_logout_redirect_uri: `${app.origin}/`,
    });
    const other = await logInWith(op, app);
    const refused = await other.get('/out?post_logout_redirect_uri=https://evil.example');
    expect([refused.status, refused.headers.get('location')]).toEqual([500, null]);
  });

  it('goes along in the form as well, where the ID token is too long for an address', async () => {
    const app = await start({ logoutParams: { federated: '' }, logoutClaims: { logout_hint: 'login_hint' } });
    const groups = Array.from({ length: 400 }, (_, at) => `group-${at}`);
    const browser = await logInWith(op, app, { groups, login_hint: 'h' });
    const page = await (await browser.post('/logout')).text();
    const fields = [...page.matchAll(/name="(\w+)" value="([^"]{0,9})/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(Object.fromEntries(fields)).toMatchObject({
      federated: '',
      logout_hint: 'h',
      id_token_hint: expect.stringMatching(/^eyJ/),
    });
  });

  it('has no state where nothing waits for one, so that none stays in the address of the page after it', async () => {
    const app = await start({});
    const out = await (await logInWith(op, app)).post('/logout');
    expect(paramsOf(out).state).toBeUndefined();
    const other = await (await logInWith(op, app)).get('/out?to=/bye');
    expect(paramsOf(other).state).toMatch(/^[\w-]{22,}$/);
  });
});

describe('a provider whose logout has names of its own', () => {
  it.each([
    'logout_uri',
    'returnTo',
    'redirect_uri',
  ])('is told by %s where to go, at the address it announces', async (name) => {
    const quirks = { logoutReturnParam: name, logoutHint: false, logoutState: false } as const;
    const app = await start({ quirks });
    const out = await (await logInWith(op, app)).post('/logout');
    expect(out.headers.get('location')).toMatch(new RegExp(`^${op.issuer}end_session`));
    expect(paramsOf(out)).toEqual({ client_id: op.clientId, [name]: `${app.origin}/` });
  });

  it('may send no state back, and the browser still gets to where it was to go', async () => {
    const app = await start({ quirks: { logoutState: false } });
    const browser = await logInWith(op, app);
    expect(paramsOf(await browser.get('/out?to=/bye')).state).toBeUndefined();
    expect((await browser.get('/signed-out')).headers.get('location')).toBe('/bye');
    expect(browser.jar.all()).toEqual([]);
  });

  it('sends back a state that nobody sent, and is not followed', async () => {
    const app = await start({ quirks: { logoutState: false } });
    const browser = await logInWith(op, app);
    await browser.get('/out?to=/bye');
    expect((await browser.get('/signed-out?state=x')).headers.get('location')).toBeNull();
  });
});

describe('a provider that takes no logout without an ID token', () => {
  const quirks = { logoutHint: 'required' } as const;

  it('is told of one that has a token', async () => {
    const out = await (await logInWith(op, await start({ quirks }))).post('/logout');
    expect(paramsOf(out).id_token_hint).toMatch(/^eyJ/);
  });

  it.each([
    ['the session was ended here before', (get: (path: string) => Promise<unknown>) => get('/lapse')],
    ['the session’s cookie is gone', undefined],
  ])('is not asked in vain: %s', async (_, end) => {
    const app = await start({ quirks }, { session: { persistent: true } });
    const browser = await logInWith(op, app);
    if (end) await end(browser.get);
    else browser.jar.delete('session');
    expect(browser.jar.get('session-provider')).toBeDefined();
    const out = await browser.post('/logout');
    expect([out.status, out.headers.get('location')]).toEqual([303, '/']);
    expect(browser.jar.all()).toEqual([]);
  });

  it('is given up by a script whose hint is too long, which is told so', async () => {
    const app = await start({ quirks });
    const groups = Array.from({ length: 400 }, (_, at) => `group-${at}`);
    const out = await (await logInWith(op, app, { groups })).post('/logout', {}, XHR);
    expect(await out.json()).toEqual({ redirectTo: '/', provider: 'unreachable' });
  });
});

describe('what is revoked at a logout', () => {
  const kinds = () => op.requests('revocation').map(({ params }) => params.get('token_type_hint'));

  it.each([
    [undefined, ['refresh_token', 'access_token']],
    ['all', ['refresh_token', 'access_token']],
    ['refresh_token', ['refresh_token']],
    ['none', []],
  ] as const)('is a choice: %s', async (revocation, expected) => {
    const app = await start(revocation ? { revocation } : {});
    await (await logInWith(op, app)).post('/logout');
    expect(kinds()).toEqual(expected);
    expect(app.errors).toEqual([]);
  });

  it.each([
    400, 401, 403,
  ])('is done where the provider knows the token no more, as by %d invalid_token', async (status) => {
    const app = await start({});
    const browser = await logInWith(op, app);
    op.script({
      revocation: () => json(status, { error: 'invalid_token' }, { 'www-authenticate': 'Bearer' }),
    });
    expect((await browser.post('/logout')).status).toBe(303);
    expect(kinds()).toHaveLength(2);
    expect(app.errors).toEqual([]);
  });
});
