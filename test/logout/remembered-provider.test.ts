import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { withFreePort } from '../support/free-port.ts';
import { beginLogin } from '../support/login-outcome.ts';
import { send } from '../support/scripted-answers.ts';
import { logInWith } from '../support/scripted-logins.ts';
import type { ScriptedProvider } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const one = await useScriptedProvider({ now: clock.now });
const two = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const DAY_MS = 86_400_000;

const startBoth = (options: Partial<TestAppOptions> = {}): Promise<TestApp> =>
  withFreePort(async (port) => {
    const define = async (op: ScriptedProvider, name: string) =>
      providers.oidc(
        await op.registerApp(`http://localhost:${port}`, { callbackPath: `/oauth/callback/${name}` }),
      );
    const both = { one: await define(one, 'one'), two: await define(two, 'two') };
    return startApp({ op: one, port, providers: both, now: clock.now, ...options });
  });

const logInAt = async (browser: BrowserClient, op: ScriptedProvider, name: string) =>
  browser.deliver(await op.signIn((await beginLogin(browser, `/login?provider=${name}`)).href));

const targetOf = (answer: Response) => answer.headers.get('location')?.replace(/\?.*/, '');
const logoutOf = (op: ScriptedProvider) => `${op.issuer}end_session`;

describe('a logout of a session that has ended here before', () => {
  it('ends that of its provider, of several: the one of the last login', async () => {
    const app = await startBoth();
    const browser = app.browser();
    await logInAt(browser, one, 'one');
    await logInAt(browser, two, 'two');
    clock.advance(30 * DAY_MS);
    expect(targetOf(await browser.post('/logout'))).toBe(logoutOf(two));
    expect(browser.jar.all()).toEqual([]);
    expect(targetOf(await browser.post('/logout'))).toBe('/');
  });

  it('does so when the session’s cookie is gone with its absolute end', async () => {
    const app = await startApp({ op: one, now: clock.now, session: { persistent: true } });
    const browser = await logInWith(one, app);
    const [session, remembered] = ['session', 'session-provider'].map((name) => browser.jar.get(name));
    expect(session).toBeDefined();
    expect(remembered).toBeDefined();
    const later = app.browser();
    later.jar.set({ name: 'session-provider', value: remembered!.value, domain: 'localhost' });
    expect(targetOf(await later.post('/logout'))).toBe(logoutOf(one));
  });

  it('tells of nobody by the cookie, and takes none that is not ours', async () => {
    const app = await startBoth();
    const browser = app.browser();
    await logInAt(browser, one, 'one');
    const cookie = decodeURIComponent(browser.jar.get('session-provider')!.value);
    expect(cookie).toMatch(/^one\.[\w+/=]+$/);
    for (const forged of [cookie.replace('one', 'two'), 'two', 'two.', `${cookie}x`, '', '.x', 'three.x']) {
      const other = app.browser();
      other.jar.set({ name: 'session-provider', value: encodeURIComponent(forged), domain: 'localhost' });
      expect([forged, targetOf(await other.post('/logout'))]).toEqual([forged, '/']);
    }
  });

  it('lets a session that lives decide, whatever the cookie says', async () => {
    const app = await startBoth();
    const [browser, other] = [app.browser(), app.browser()];
    await logInAt(browser, one, 'one');
    await logInAt(other, two, 'two');
    browser.jar.set({
      name: 'session-provider',
      value: other.jar.get('session-provider')!.value,
      domain: 'localhost',
    });
    expect(targetOf(await browser.post('/logout'))).toBe(logoutOf(one));
  });

  it('costs no cookie where the session’s own says as much', async () => {
    const app = await startApp({ op: one, now: clock.now });
    const browser = await logInWith(one, app);
    expect(browser.jar.all().map(({ name }) => name)).toEqual(['session']);
  });

  it('can be tried again when the provider was away', async () => {
    const app = await startApp({ op: one, now: clock.now });
    const browser = await logInWith(one, app);
    const fresh = await startApp({ op: one, now: clock.now, baseUrl: app.origin });
    one.script({ discovery: () => send(503, '') });
    const again = fresh.browser(browser.jar);
    const page = await again.post('/logout', {}, { origin: app.origin });
    expect(await page.text()).toContain('<a href="/logout">Try again</a>');
    one.script();
    clock.advance(60_000);
    expect(targetOf(await again.post('/logout', {}, { origin: app.origin }))).toBe(logoutOf(one));
    expect(browser.jar.get('session-provider')).toBeUndefined();
  });
});
