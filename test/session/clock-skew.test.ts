import { describe, expect, it } from '@jest/globals';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

const seconds = (count: number) => () => Date.now() + count * 1000;

describe('a clock that differs from the provider’s (F-44)', () => {
  it.each([
    ['half a minute ahead', 30],
    ['half a minute behind', -30],
  ])('lets people in when it is %s', async (_, difference) => {
    const app = await start({ op, now: seconds(difference * 0.9) });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('keeps them out when it is ten minutes behind, and says by which claim', async () => {
    const app = await start({ op, now: seconds(-600) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors.at(-1)?.error.message).toMatch(/iat/);
  });

  it('keeps them out when it is so far ahead that the token has ended', async () => {
    const app = await start({ op, now: seconds(2 * 3600) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(app.errors.at(-1)?.error.message).toMatch(/exp/i);
  });

  it('may step back within a session', async () => {
    let time = Date.now();
    const app = await start({ op, now: () => time });
    const browser = app.browser();
    await app.logIn(browser);
    time -= 3_600_000;
    expect((await browser.get('/me')).status).toBe(200);
    time += 3_600_000;
    expect((await browser.get('/me')).status).toBe(200);
  });
});
