import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LoginRefused } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { done, postLogoutToken, sendLogout } from '../support/logout-token.ts';
import { json } from '../support/scripted-answers.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, now: clock.now, ...options });

const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
beforeEach(() => {
  clock.advance(1000);
  warn.mockClear();
});
afterAll(() => warn.mockRestore());

describe('an onError and an onLogout that throw', () => {
  const onError = () => {
    throw new Error('the log is away');
  };
  const onLogout = async () => {
    throw new Error('the audit is away');
  };

  it('do not change the answer to a logout token (R-85)', async () => {
    const app = await start({ onError });
    expect((await postLogoutToken(app, 'x')).status).toBe(400);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('onError threw'), expect.anything()]]);
  });

  it('keep no session from ending, and none that ended from being told (R-124)', async () => {
    const told: string[] = [];
    const app = await start({
      onError,
      onLogout: ({ sub }) => {
        told.push(sub);
        throw new Error('the audit is away');
      },
    });
    for (let count = 0; count < 3; count += 1) await logInWith(op, app);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(told).toEqual(['ada', 'ada', 'ada']);
  });

  it('do not let a login pass that onLogin would refuse, in the place of another (F-59)', async () => {
    const asked: string[] = [];
    const app = await start({
      ...{ onError, onLogout },
      onLogin: ({ user: { sub } }) => {
        asked.push(sub);
        if (sub === 'eve') throw new LoginRefused('banned');
      },
    });
    const browser = await logInWith(op, app);
    expect((await app.logIn(browser, { as: 'eve' })).status).toBe(403);
    expect([asked, await whoIs(browser)]).toEqual([['ada', 'eve'], null]);
  });

  it('do not keep a logout from going on to the provider (R-70)', async () => {
    const app = await start({ onError, onLogout });
    const answer = await (await logInWith(op, app)).post('/logout');
    expect(answer.headers.get('location')).toContain(op.issuer);
  });
});

describe('a slow onLogout', () => {
  it('is told of many ends at once: a provider waits for the answer (F-81)', async () => {
    const all = createGate();
    let told = 0;
    const app = await start({
      onLogout: async () => {
        told += 1;
        if (told === 30) all.open();
        await all.opened;
      },
    });
    for (let count = 0; count < 30; count += 1) await logInWith(op, app);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
  });
});

describe('without onError', () => {
  it('the faults that an operator should mend are warned of, once of each kind (R-124)', async () => {
    const app = await start({ onError: undefined } as never);
    op.script({ discovery: () => json(503, {}) });
    for (let count = 0; count < 3; count += 1) expect((await app.browser().get('/login')).status).toBe(503);
    await app.browser().get('/oauth/callback?code=x&state=y');
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /^Provider "default".*\(provider_unavailable, during login, reference \S{9}; set onError/,
        ),
        { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_FAULT' },
      ],
    ]);
  });

  it('a login whose cookie does not come back, as under another host name, is warned of, once', async () => {
    const app = await start({ onError: undefined } as never);
    for (let count = 0; count < 2; count += 1) {
      const callback = await holdCallback(op, app.browser());
      expect((await app.browser().deliver(callback)).status).toBe(400);
    }
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(
        /sent no login cookie: it was opened under another name.*\(login_not_found, during/,
      ),
    ]);
  });

  it('a login whose cookie another secret has sealed is warned of', async () => {
    const before = await start({ secret: 'another secret of the tests, long enough' });
    const browser = before.browser();
    const callback = await holdCallback(op, browser);
    const app = await start({ onError: undefined, baseUrl: before.origin } as never);
    const { search } = new URL(callback.url);
    expect((await app.browser(browser.jar).get(`/oauth/callback${search}`)).status).toBe(400);
    expect(warn.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/cannot be opened: do all processes have the same secret/),
    ]);
  });
});

describe('a hook that throws during a login', () => {
  it.each<[string, Partial<TestAppOptions>]>([
    ['mapUser', { mapUser: () => JSON.parse('{"password": hunter2}') }],
    ['onLogin', { onLogin: async () => Promise.reject(new TypeError('of\nhunter2')) }],
    ['onLogin', { onLogin: () => Promise.reject('hunter2') }],
  ])('is named to the operator, and our words repeat nothing of what it threw: %s (R-124, F-107)', async (hook, options) => {
    const app = await start(options);
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('hunter2');
    const [{ error }] = app.errors as [(typeof app.errors)[number]];
    expect([error.code, error.message]).toEqual(['unexpected', `${hook} of the application threw.`]);
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });
});
