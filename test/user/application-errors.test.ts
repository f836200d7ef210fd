import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ApplicationError, LoginRefused } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, ...options });

const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
beforeEach(() => void warn.mockClear());
afterAll(() => warn.mockRestore());

/** By mapUser and onLogin, at once and later. */
const throwing = (thrown: unknown): [string, Partial<TestAppOptions>][] => [
  ['mapUser', { mapUser: () => fail(thrown) }],
  ['mapUser', { mapUser: () => Promise.reject(thrown) }],
  ['onLogin', { onLogin: () => fail(thrown) }],
  ['onLogin', { onLogin: () => Promise.reject(thrown) }],
];

function fail(thrown: unknown): never {
  throw thrown;
}

describe('what the application throws during a login', () => {
  const bug = new TypeError('cannot read the id of undefined');

  it.each(
    throwing(bug),
  )('by %s is handed over as it is, and is a fault of the application', async (hook, options) => {
    const app = await start(options);
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/login?returnTo=/me' });
    expect(answer.status).toBe(500);
    const page = await answer.text();
    expect(page).toContain('Something went wrong');
    expect(page).toContain('<a href="/login?returnTo=%2Fme">Sign in again</a>');
    expect(page).not.toContain('cannot read');

    const [{ error, during }] = app.errors as [(typeof app.errors)[number]];
    expect(error).toBeInstanceOf(ApplicationError);
    expect(error).toMatchObject({ code: 'unexpected', status: 500, hook });
    expect([during, error.message]).toEqual(['callback', `${hook} of the application threw.`]);
    expect(error.cause).toBe(bug);
    expect(app.errors).toHaveLength(1);
    expect(await whoIs(browser)).toBeNull();
    expect(op.requests('revocation').length).toBeGreaterThan(0);
  });

  it.each<[string, object, number]>([
    ['503', { status: 503 }, 503],
    ['502, as Express names it', { statusCode: 502 }, 502],
    ['404, which is not of this login', { status: 404 }, 500],
    ['no number', { status: '503' }, 500],
  ])('has its own status where that is a fault: %s', async (_, fields, status) => {
    const app = await start({ mapUser: () => fail(Object.assign(new Error('away'), fields)) });
    expect((await app.logIn(app.browser())).status).toBe(status);
  });

  it('may be anything that can be thrown', async () => {
    for (const thrown of ['text', undefined, null, 7]) {
      const app = await start({ mapUser: () => fail(thrown) });
      expect((await app.logIn(app.browser())).status).toBe(500);
      expect(app.errors.map(({ error }) => error.cause)).toEqual([thrown]);
    }
  });

  it('is warned of with its stack where nobody listens, once', async () => {
    const app = await start({ onError: undefined, mapUser: () => fail(bug) } as never);
    for (let count = 0; count < 3; count += 1) await app.logIn(app.browser());
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^mapUser of the application threw\. \(unexpected, during callback, reference \S{9}; set onError to be told of each\.\)$/,
        ),
        { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_FAULT', detail: bug.stack },
      ],
    ]);
  });

  it('is handed over by onLogout, too', async () => {
    const app = await start({ onLogout: () => fail(bug) });
    await (await logInWith(op, app)).post('/logout');
    expect(app.errors.map(({ error }) => [error.message, error.cause])).toEqual([
      ['onLogout of the application threw.', bug],
    ]);
  });
});

describe('LoginRefused', () => {
  const refusal = new LoginRefused('not invited: <list 7>', { publicMessage: 'Ask <your> team.' });

  it.each([
    ...throwing(refusal),
    ['mapUser, returned', { mapUser: () => refusal }] as const,
    ['onLogin, returned', { onLogin: async () => refusal }] as const,
  ])('by %s refuses the login, and tells the person what was given for them', async (_, options) => {
    const app = await start(options);
    const browser = app.browser();
    const answer = await app.logIn(browser);
    expect(answer.status).toBe(403);
    const page = await answer.text();
    expect(page).toContain('<h1>You were not signed in</h1>\n<p>Ask &lt;your&gt; team.</p>');
    expect(page).not.toContain('invited');
    expect(page).not.toContain('Sign in again');
    expect(app.errors.map(({ error, during }) => [error === refusal, error.code, during])).toEqual([
      [true, 'login_refused', 'callback'],
    ]);
    expect(await whoIs(browser)).toBeNull();
    expect(op.requests('revocation').length).toBeGreaterThan(0);
  });

  it('without words for the person is told by ours', async () => {
    const app = await start({ mapUser: () => fail(new LoginRefused()) });
    const answer = await app.logIn(app.browser());
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringContaining('This account cannot be used here.'),
    ]);
    expect(warn).not.toHaveBeenCalled();
  });

  it('tells the page that opened a window, too', async () => {
    const app = await start({ mapUser: () => refusal });
    const page = await (await app.logIn(app.browser(), { path: '/login?display=popup' })).text();
    expect(page).toContain('&quot;error&quot;:&quot;login_refused&quot;');
    expect(page).toContain('&quot;message&quot;:&quot;Ask &lt;your&gt; team.&quot;');
  });
});

describe('how somebody logged in', () => {
  const facts = { acr: 'gold', amr: ['pwd', 'otp'], authTime: new Date(1_700_000_000_000) };

  it('is told to mapUser and onLogin, and stands in req.auth', async () => {
    const told: unknown[] = [];
    const app = await start({
      mapUser: (claims, login) => {
        told.push(login);
        return claims;
      },
      handlers: (server) => {
        server.get('/facts', ({ auth }, res) => {
          const { acr, amr, authTime, kind, scopes } = auth;
          res.json({ acr, amr, authTime, kind, scopes });
        });
      },
    });
    const proof = { acr: 'gold', amr: ['pwd', 'otp'], auth_time: 1_700_000_000 };
    const browser = await logInWith(op, app, proof);
    const { issuer } = op;
    const more = { unverified: {}, fetch: expect.any(Function) };
    expect(told).toEqual([{ provider: 'default', issuer, kind: 'session', ...facts, ...more }]);
    expect(app.logins).toEqual([expect.objectContaining(facts)]);
    const asked = await browser.get('/facts');
    const authTime = facts.authTime.toISOString();
    const scopes = ['openid', 'profile', 'email'];
    expect(await asked.json()).toEqual({ ...facts, authTime, kind: 'session', scopes });
    const nobody = await (await app.browser().get('/facts')).json();
    expect(nobody).toEqual({ amr: [], scopes: [] });
  });

  it.each<[unknown, readonly string[]]>([
    ['pwd', ['pwd']],
    [[7, 'otp', '', null], ['otp']],
    [{ pwd: true }, []],
    [Array.from({ length: 1000 }, () => 'x'), Array.from({ length: 32 }, () => 'x')],
  ])('is read with care: amr %j', async (amr, expected) => {
    const app = await start();
    await logInWith(op, app, { amr });
    expect(app.logins[0]?.amr).toEqual(expected);
  });
});
