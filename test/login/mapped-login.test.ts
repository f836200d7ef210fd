import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectAuthOptions, MappedLogin } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { holdCallback, loggedIn, lookAt, readAnswer, withAnswer } from '../support/login-outcome.ts';
import { json, redirect } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, now: clock.now, handlers: addTokenRoutes, ...options });

/** Logs in with more beside the code, and returns what `mapUser` and `onLogin` were told of it. */
async function tellOf(more: readonly (readonly [string, string])[], responseMode: 'query' | 'form_post') {
  const told: MappedLogin['unverified'][] = [];
  const app = await start({
    oidc: { responseMode },
    mapUser: (claims, { unverified }) => {
      told.push(unverified);
      return claims;
    },
  });
  const browser = app.browser();
  const callback = await holdCallback(op, browser);
  const answer = await browser.deliver(withAnswer(callback, [...readAnswer(callback), ...more]));
  expect(await lookAt(app, browser, answer)).toEqual(loggedIn);
  expect(app.logins.map(({ unverified }) => unverified)).toEqual(told);
  return told[0]!;
}

describe.each(['query', 'form_post'] as const)('what comes beside the answer, by %s', (mode) => {
  it.each([
    ['user', '{"name":{"firstName":"Ada","lastName":"L"},"email":"ada@example.com"}'],
    ['realmId', '9130347'],
    ['client_info', 'eyJ1aWQiOiJ4In0'],
  ])('reaches mapUser and onLogin, marked as unverified: %s', async (name, value) => {
    const told = await tellOf([[name, value]], mode);
    expect(told).toEqual({ [name]: value });
    expect(Object.getPrototypeOf(told)).toBeNull();
  });

  it('holds nothing of the protocol, no token, and nothing that came twice', async () => {
    const told = await tellOf(
      [
        ['access_token', 'b'],
        ['session_state', 'c'],
        ['expires_in', '9'],
        ['user', 'one'],
        ['user', 'two'],
        ['__proto__', 'x'],
        ['ok', '1'],
      ],
      mode,
    );
    expect(Object.entries(told).filter(([name]) => name !== '__proto__')).toEqual([['ok', '1']]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('changes nothing of who the person is', async () => {
    await tellOf(
      [
        ['sub', 'grace'],
        ['email', 'grace@example.com'],
      ],
      mode,
    );
  });
});

describe('mapUser', () => {
  const groupsOf: NonNullable<ConnectAuthOptions['mapUser']> = async ({ sub }, login) => {
    const answer = await login.fetch(`${api.origin}/me/groups`);
    return { sub, groups: await answer.json() } as Express.User;
  };
  const tokens: Claims[] = [];
  const note = (answer: Claims) => {
    tokens.push(answer);
    return answer;
  };

  it('can ask an API for groups with the token of the login, and of a refresh, and never sees it', async () => {
    op.script({ token: note, refresh: note });
    api.answer = ({ headers }) => json(200, [String(headers.authorization?.length)]);
    const seen: unknown[] = [];
    const app = await start({
      apiOrigins: [api.origin],
      mapUser: (claims, login) => {
        seen.push({ ...login });
        return groupsOf(claims, login);
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    clock.advance(3_600_000);
    await ask(browser);
    const asked = api.requests.map(({ url, headers }) => [url, headers.authorization]);
    expect(asked).toEqual(tokens.map(({ access_token: token }) => ['/me/groups', `Bearer ${token}`]));
    expect(asked).toHaveLength(2);
    for (const { access_token: token } of tokens) expect(JSON.stringify(seen)).not.toContain(token);
    expect((await (await browser.get('/')).json()).user.groups).toHaveLength(1);
  });

  it.each([
    ['another origin', () => 'https://elsewhere.example/me'],
    ['another port', () => `${api.origin.replace(/\d+$/, '1')}/me`],
    ['a path alone', () => '/me/groups'],
    ['our name in that of another', () => `${api.origin}@elsewhere.example/`],
    ['no address', () => 'me'],
  ])('cannot send the token to %s', async (_, address) => {
    const before = api.requests.length;
    let fault: unknown;
    const app = await start({
      apiOrigins: [api.origin],
      mapUser: async (claims, login) => {
        fault = await login.fetch(address()).catch((error: unknown) => error);
        return claims;
      },
    });
    await app.logIn(app.browser());
    expect(fault).toMatchObject({ name: 'TokenError', code: 'token_destination' });
    expect(api.requests).toHaveLength(before);
  });

  it('is handed a redirect, which would take the token along', async () => {
    api.answer = () => redirect('https://elsewhere.example/', 302);
    let status: number | undefined;
    const app = await start({
      apiOrigins: [api.origin],
      mapUser: async (claims, login) => {
        ({ status } = await login.fetch(`${api.origin}/x`, { headers: { authorization: 'Bearer mine' } }));
        return claims;
      },
    });
    await app.logIn(app.browser());
    expect(status).toBe(302);
    expect(api.requests.at(-1)!.headers.authorization).not.toBe('Bearer mine');
  });

  it('is told nothing of the answer when tokens were refreshed', async () => {
    const told: unknown[] = [];
    const app = await start({
      mapUser: (claims, { unverified }) => {
        told.push(unverified);
        return claims;
      },
    });
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    await browser.deliver(withAnswer(callback, [...readAnswer(callback), ['user', 'x']]));
    clock.advance(3_600_000);
    await ask(browser);
    expect(told).toEqual([{ user: 'x' }, {}]);
  });
});
