import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestAuth } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const [ONE, TWO] = ['https://one.example', 'https://two.example'];

/** Somebody logged in, at an application with a page that does as the test says. */
async function open() {
  let task: (auth: RequestAuth) => Promise<unknown> = async () => undefined;
  const app = await startApp({
    ...{ op, now: clock.now, apiOrigins: [api.origin] },
    oidc: { resource: [ONE, TWO], userinfoAtLogin: false },
    handlers: (server) => {
      server.get('/do', async (req, res) => {
        res.json(await task(req.auth).catch(({ code }: { code?: string }) => ({ failed: code })));
      });
    },
  });
  const browser = app.browser();
  await app.logIn(browser);
  api.requests.length = 0;
  const run = async (work: typeof task): Promise<unknown> => {
    task = work;
    return (await browser.get('/do')).json();
  };
  return { browser, run };
}

describe('a refresh that brings an ID token and no access token', () => {
  const withoutOne = () => op.script({ refresh: ({ access_token: _, ...answer }) => answer });

  it("gives no resource the login's own token", async () => {
    const { browser, run } = await open();
    withoutOne();
    const call = async (auth: RequestAuth) => (await auth.fetch(api.origin, { resource: TWO })).status;
    expect(await run(call)).toEqual({ failed: 'provider_invalid_response' });
    expect(await run(call)).toEqual({ failed: 'provider_invalid_response' });
    expect(api.requests).toEqual([]);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('sends no API a token that is none', async () => {
    const { browser, run } = await open();
    withoutOne();
    clock.advance(3_700_000);
    const call = async (auth: RequestAuth) => (await auth.fetch(api.origin)).status;
    expect(await run(call)).toEqual({ failed: 'token_unavailable' });
    expect(await run((auth) => auth.getAccessToken())).toEqual({ failed: 'token_unavailable' });
    expect(api.requests).toEqual([]);
    expect(await whoIs(browser)).toBe('ada');
  });
});
