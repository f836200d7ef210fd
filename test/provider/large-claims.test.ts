import { describe, expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import type { Claims } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (options: object = {}) =>
  startApp({ op, now: clock.now, handlers: addTokenRoutes, ...options });
const withClaims = (changed: Claims): Script => ({ claims: (claims) => ({ ...claims, ...changed }) });
const long = 'x'.repeat(100_000);
const limit = /the claims exceed 64 KiB/;

describe('claims beyond 64 KiB', () => {
  it.each<[string, Script, RegExp]>([
    ['in one name', withClaims({ name: long }), /the largest is "name" with 100002 characters/],
    [
      'in many groups',
      withClaims({ groups: Array.from({ length: 9000 }, (_, n) => `group-${n}`) }),
      /"groups"/,
    ],
    ['under a strange name', withClaims({ 'a\nb': long }), /one of a strange name/],
  ])('%s refuse the login, and the operator learns the limit and the claim (N-32)', async (_, script, largest) => {
    const app = await start();
    op.script(script);
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    const { message } = app.errors[0]!.error;
    expect(message).toMatch(limit);
    expect(message).toMatch(largest);
    expect(message).not.toMatch(/RangeError|xxx|\n/);
  });

  it('in the userinfo answer refuse the login too (N-32)', async () => {
    const app = await start({ oidc: { userinfoAtLogin: true } });
    op.script({ userinfo: (answer) => ({ ...answer, address: long }) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors[0]?.error.message).toMatch(limit);
    expect(app.errors[0]?.error.message).toContain('"address"');
  });

  it('in both together refuse the login too (N-32)', async () => {
    const app = await start({ oidc: { userinfoAtLogin: true } });
    const half = 'x'.repeat(40_000);
    op.script({ ...withClaims({ name: half }), userinfo: (answer) => ({ ...answer, address: half }) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors[0]?.error.message).toMatch(limit);
  });

  it('in the ID token of a refresh leave the session and what it knows, and are told (N-32)', async () => {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser);
    clock.advance(3_600_000);
    op.script(withClaims({ name: long }));
    const answer = await ask(browser);
    expect(answer).toMatchObject({ status: 200, user: { sub: 'ada', name: 'ada of the script' } });
    expect(answer.token).not.toBe(token);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['provider_invalid_response']);
    expect(app.errors[0]?.error.message).toMatch(limit);
  });
});
