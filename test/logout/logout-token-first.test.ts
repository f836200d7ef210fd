import { beforeEach, describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import {
  createLogoutToken,
  done,
  postLogoutToken,
  readLogoutAnswer,
  sidOf,
} from '../support/logout-token.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});

/** A hook that waits. */
function createHold() {
  const [arrived, released] = [createGate(), createGate()];
  const wait = async () => {
    arrived.open();
    await released.opened;
  };
  return { wait, arrived: arrived.opened, release: released.open };
}

describe.each([
  ['redis', { sub: 'ada' }],
  ['redis', { sid: sidOf('ada') }],
  ['memory', { sub: 'ada' }],
  ['memory', { sub: 'ada', sid: sidOf('ada') }],
] as const)('with sessions in %s, a logout token of %j that comes before the login it ends', (kind, whom) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now, ...options });
  const begin = async (app: TestApp) => {
    const browser = app.browser();
    const url = (await browser.get('/login?returnTo=/me')).headers.get('location')!;
    return { browser, url };
  };
  const createToken = () => createLogoutToken(op, { ...whom, now: clock.now });
  const post = async (app: TestApp, token = createToken()) =>
    expect(await readLogoutAnswer(await postLogoutToken(app, token))).toEqual(done);
  const expectEnded = async (app: TestApp, browser: BrowserClient, answer: Response) => {
    expect(answer.status).toBe(403);
    expect(await answer.text()).toContain('A sign-out arrived while you were signing in');
    expect(app.errors.at(-1)?.error.code).toBe('login_ended');
    expect(browser.jar.all()).toEqual([]);
    expect(await whoIs(browser)).toBeNull();
    // The refresh token and the access token, which no session keeps.
    await until(() => op.requests('revocation').length >= 2);
    expect(op.requests('revocation')).toHaveLength(2);
    expect(app.logins).toEqual([]);
  };

  it('is said when the code has been issued and not exchanged: the login fails (F-80)', async () => {
    const app = await start();
    const { browser, url } = await begin(app);
    const callback = await op.signIn(url);
    await post(app);
    await expectEnded(app, browser, await browser.deliver(callback));
  });

  it('is said a while before the code is exchanged: its ID token is newer, its person is not (F-80)', async () => {
    const app = await start();
    const { browser, url } = await begin(app);
    const callback = await op.signIn(url);
    clock.advance(2000);
    await post(app);
    clock.advance(60_000);
    await expectEnded(app, browser, await browser.deliver(callback));
  });

  it('is said between the exchange of the code and the saving: the login fails (F-80)', async () => {
    const hold = createHold();
    const mapUser: TestAppOptions['mapUser'] = async (claims) => {
      await hold.wait();
      return claims;
    };
    const app = await start({ mapUser });
    const { browser, url } = await begin(app);
    const answering = browser.deliver(await op.signIn(url));
    await hold.arrived;
    await post(app);
    hold.release();
    await expectEnded(app, browser, await answering);
  });

  it('is said when the session is saved and the browser not told: it finds nobody logged in (F-80)', async () => {
    const hold = createHold();
    const app = await start({ onLogin: hold.wait });
    const { browser, url } = await begin(app);
    const answering = browser.deliver(await op.signIn(url));
    await hold.arrived;
    await post(app);
    hold.release();
    expect((await answering).status).toBe(303);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['back_channel']);
  });

  it('is said twice, before and after: it ends once (F-80, F-82)', async () => {
    const app = await start();
    const { browser, url } = await begin(app);
    const callback = await op.signIn(url);
    const token = createToken();
    await post(app, token);
    await expectEnded(app, browser, await browser.deliver(callback));
    await post(app, token);
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts).toEqual([]);
  });

  it('does not end one in which the person proves who they are after it (R-87)', async () => {
    const app = await start();
    const { browser, url } = await begin(app);
    clock.advance(1000);
    await post(app);
    clock.advance(1000);
    const callback = await op.signIn(url);
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('ends none that begins when it has come, nor when it comes again (R-87, R-81)', async () => {
    const app = await start();
    const token = createToken();
    await post(app, token);
    clock.advance(1);
    const { browser, url } = await begin(app);
    await post(app, token);
    expect((await browser.deliver(await op.signIn(url))).status).toBe(303);
    await post(app, token);
    expect(await whoIs(browser)).toBe('ada');
  });
});
