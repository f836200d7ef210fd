import { beforeEach, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import {
  createLogoutToken,
  done,
  type LogoutTokenChanges,
  postLogoutToken,
  readLogoutAnswer,
  refusedLogout,
  sendLogout,
} from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const twin = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();
const database = redis.client();
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});
const who = (...browsers: BrowserClient[]) => Promise.all(browsers.map(whoIs));

describe.each(['redis', 'memory'] as const)('a logout token, with sessions in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now, ...options });
  const send = (app: { origin: string }, changes: LogoutTokenChanges) =>
    sendLogout(app, op, { now: clock.now, ...changes });

  it('with a sid ends that session at the provider, wherever it is used, and no other (R-83)', async () => {
    const app = await start();
    const [one, again, two] = [
      await logInWith(op, app, { sid: 'one' }),
      await logInWith(op, app, { sid: 'one' }),
      await logInWith(op, app, { sid: 'two' }),
    ];
    expect(await send(app, { sid: 'one' })).toEqual(done);
    expect(await who(one, again, two)).toEqual([null, null, 'ada']);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([
      ['back_channel', 'ada'],
      ['back_channel', 'ada'],
    ]);
  });

  it('with a sub alone ends all sessions of that person, with or without a sid of their own (R-83)', async () => {
    const app = await start();
    const [one, two, nameless, grace] = [
      await logInWith(op, app, { sid: 'one' }),
      await logInWith(op, app, { sid: 'two' }),
      await logInWith(op, app, { sid: undefined }),
      await logInWith(op, app, { as: 'grace', sid: 'three' }),
    ];
    expect(await send(app, { sub: 'ada' })).toEqual(done);
    expect(await who(one, two, nameless, grace)).toEqual([null, null, null, 'grace']);
  });

  it('with both ends what fits both, and the logins of that person that know no sid (R-83)', async () => {
    const app = await start();
    const [one, two, nameless, grace] = [
      await logInWith(op, app, { sid: 'one' }),
      await logInWith(op, app, { sid: 'two' }),
      await logInWith(op, app, { sid: undefined }),
      await logInWith(op, app, { as: 'grace', sid: 'one' }),
    ];
    expect(await send(app, { sub: 'ada', sid: 'one' })).toEqual(done);
    expect(await who(one, two, nameless, grace)).toEqual([null, 'ada', null, 'grace']);
  });

  it('with a sid that nobody has ends nothing, and is well (R-83, R-84)', async () => {
    const app = await start();
    const browser = await logInWith(op, app, { sid: 'one' });
    expect(await send(app, { sid: 'of another client' })).toEqual(done);
    expect(await send(app, { sub: 'ada', sid: 'of another client' })).toEqual(done);
    expect(await send(app, { sub: 'nobody' })).toEqual(done);
    expect(await whoIs(browser)).toBe('ada');
    expect([...app.logouts, ...app.errors]).toEqual([]);
  });

  it.each([
    ['spaces, percents, colons, braces', ' a b%20:{}[]*?\\"\'/|', 'x%:{y} z'],
    ['letters of other scripts and signs', 'сессия-会话-😀', '~!@#$^&*()_+='],
    ['four kilobytes', 'x'.repeat(4096), 's'.repeat(255)],
    ['names of other things', '__proto__', 'constructor'],
  ])('finds a sid and a sub of %s (F-85, C-07)', async (_, sid, sub) => {
    const app = await start();
    const [bySid, bySub] = [
      await logInWith(op, app, { sid, sub }),
      await logInWith(op, app, { sid: 'other', sub }),
    ];
    expect(await send(app, { sid })).toEqual(done);
    expect(await who(bySid, bySub)).toEqual([null, sub]);
    expect(await send(app, { sub })).toEqual(done);
    expect(await who(bySub)).toEqual([null]);
  });

  it('takes no pair for another that reads the same when joined (F-85)', async () => {
    const app = await start();
    const [one, two] = [
      await logInWith(op, app, { sub: 'a', sid: 'b|c' }),
      await logInWith(op, app, { sub: 'a|b', sid: 'c' }),
    ];
    for (const sid of ['b', 'a|b|c', '["b|c"]', `${op.issuer}","b|c`]) await send(app, { sid });
    for (const sub of ['c', 'a|b|c', `${op.issuer}a`]) await send(app, { sub });
    expect(await who(one, two)).toEqual(['a', 'a|b']);
    await send(app, { sub: 'a' });
    expect(await who(one, two)).toEqual([null, 'a|b']);
  });

  it('of one provider does not mean the same sub and sid of another (F-85)', async () => {
    const app = await start({
      providers: Object.fromEntries(
        [op, twin].map(({ issuer, clientId, clientSecret }, index) => [
          `p${index}`,
          providers.oidc({ issuer, clientId, clientSecret }),
        ]),
      ),
    });
    const browsers = [app.browser(), app.browser()] as const;
    for (const [index, each] of [op, twin].entries()) {
      await each.registerApp(app.origin, { callbackPath: `/oauth/callback/p${index}` });
      const redirect = await browsers[index]!.get(`/login?provider=p${index}`);
      await browsers[index]!.deliver(await each.signIn(redirect.headers.get('location')!));
    }
    expect(await who(...browsers)).toEqual(['ada', 'ada']);
    expect(await send(app, { sub: 'ada' })).toEqual(done);
    expect(await who(...browsers)).toEqual([null, 'ada']);
    // Signed by the first in the name of the second, whose keys may be looked at again by now.
    clock.advance(30_000);
    expect(await send(app, { sub: 'ada', claims: { iss: twin.issuer } })).toEqual(refusedLogout);
    expect(await who(...browsers)).toEqual([null, 'ada']);
    expect(await sendLogout(app, twin, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await who(...browsers)).toEqual([null, null]);
  });

  it('is for whichever of our clients at the provider it names (C-62)', async () => {
    const { issuer, clientId, clientSecret } = op;
    const app = await start({
      providers: {
        other: providers.oidc({ issuer, clientId: 'our other client', clientSecret }),
        one: providers.oidc({ issuer, clientId, clientSecret }),
      },
    });
    for (const aud of [clientId, 'our other client', ['our other client']]) {
      expect(await send(app, { sub: 'ada', claims: { aud } })).toEqual(done);
    }
    expect(await send(app, { sub: 'ada', claims: { aud: 'somebody' } })).toEqual(refusedLogout);
    expect(await send(app, { sub: 'ada', claims: { aud: [clientId, 'our other client'] } })).toEqual(
      refusedLogout,
    );
  });

  it('that comes again ends nothing that began since, and is well each time (R-81, F-82)', async () => {
    const app = await start();
    const before = await logInWith(op, app);
    const token = createLogoutToken(op, { sub: 'ada', now: clock.now });
    const sendAgain = async () => readLogoutAnswer(await postLogoutToken(app, token));
    expect(await sendAgain()).toEqual(done);
    // The clocks stand still: it is the same second, by the provider's clock and by ours.
    clock.advance(1);
    const after = await logInWith(op, app);
    expect(await sendAgain()).toEqual(done);
    clock.advance(60_000);
    expect(await sendAgain()).toEqual(done);
    expect(await who(before, after)).toEqual([null, 'ada']);
    expect(app.logouts).toHaveLength(1);
  });

  it('that has the jti of another is refused (R-81)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    expect(await send(app, { sub: 'nobody', claims: { jti: 'the same' } })).toEqual(done);
    expect(await send(app, { sub: 'ada', claims: { jti: 'the same' } })).toEqual(refusedLogout);
    expect(await whoIs(browser)).toBe('ada');
    expect(await sendLogout(app, op, { sub: 'ada', claims: { jti: 'another' }, now: clock.now })).toEqual(
      done,
    );
    expect(await whoIs(browser)).toBeNull();
  });

  it('does not mean a login that the provider grants later, however old its authentication (R-87)', async () => {
    const app = await start();
    const authTime = Math.floor(clock.now() / 1000) - 3600;
    const before = await logInWith(op, app, { auth_time: authTime });
    clock.advance(1000);
    expect(await send(app, { sub: 'ada' })).toEqual(done);
    clock.advance(1000);
    const after = await logInWith(op, app, { auth_time: authTime });
    expect(await who(before, after)).toEqual([null, 'ada']);
    expect(app.errors).toEqual([]);
  });

  it('ends sessions that were idle, and tells of those that had ended before nothing (R-84, F-83)', async () => {
    const app = await start({ session: { idleTimeoutSeconds: 600, absoluteTimeoutSeconds: 1200 } });
    const [seen, unseen, gone] = [
      await logInWith(op, app),
      await logInWith(op, app),
      await logInWith(op, app),
    ];
    await gone.post('/logout');
    clock.advance(1_200_000);
    expect(await whoIs(seen)).toBeNull();
    const late = await logInWith(op, app);
    clock.advance(500_000);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout', 'absolute_timeout']);
    expect(await send(app, { sub: 'ada' })).toEqual(done);
    expect(await whoIs(late)).toBeNull();
    // The one that nobody had noticed has ended by itself, whoever finds it.
    const reasons = app.logouts.slice(2).map(({ reason }) => reason);
    expect(reasons.sort()).toEqual(['absolute_timeout', 'back_channel']);
    expect(await who(unseen, seen, gone)).toEqual([null, null, null]);
    expect(app.logouts).toHaveLength(4);
  });
});
