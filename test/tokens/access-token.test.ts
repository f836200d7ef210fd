import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

/** Tokens live for five minutes; each is refreshed half a minute before its end, or up to half a minute earlier. */
const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
const LIFE = 300_000;

const logIn = async (app: TestApp) => {
  const browser = app.browser();
  await app.logIn(browser);
  bed.op.resetRequests();
  return browser;
};

describe.each(['redis', 'memory'] as const)('req.auth.getAccessToken(), with sessions in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    bed.start({
      redis: kind === 'redis' ? bed.redis.url : 'memory',
      now: bed.clock.now,
      handlers: addTokenRoutes,
      ...options,
    });

  it('gives the same token as long as it lives, without asking the provider', async () => {
    const browser = await logIn(await start());
    const { token } = await ask(browser);
    expect(token).toMatch(/^[\w-]{20,}$/);
    bed.clock.advance(LIFE - 61_000);
    expect(await ask(browser)).toMatchObject({ status: 200, token });
    expect(bed.op.requests().token).toBe(0);
  });

  it('refreshes a token that would end within thirty seconds (F-75)', async () => {
    const browser = await logIn(await start());
    const { token } = await ask(browser);
    bed.clock.advance(LIFE - 29_000);
    const next = await ask(browser);
    expect(next.status).toBe(200);
    expect(next.token).not.toBe(token);
    expect(await ask(browser)).toMatchObject({ token: next.token });
    expect(bed.op.requests().token).toBe(1);
  });

  it('refreshes a token that would end within the time a call needs', async () => {
    const browser = await logIn(await start());
    const { token } = await ask(browser, '/token?min=100');
    bed.clock.advance(LIFE - 131_000);
    expect(await ask(browser, '/token?min=100')).toMatchObject({ token });
    bed.clock.advance(32_000);
    expect(await ask(browser)).toMatchObject({ token });
    expect((await ask(browser, '/token?min=100')).token).not.toBe(token);
    expect(bed.op.requests().token).toBe(1);
  });

  it('goes on through many refreshes, each with the refresh token of the one before (R-28, C-51)', async () => {
    const browser = await logIn(await start());
    const tokens = new Set<string | undefined>();
    for (let round = 0; round < 5; round += 1) {
      bed.clock.advance(LIFE);
      tokens.add((await ask(browser)).token);
    }
    expect(tokens.size).toBe(5);
    expect(bed.op.requests().token).toBe(5);
    const userinfo = await ask(browser, '/userinfo');
    expect(userinfo.claims).toMatchObject({ sub: 'ada' });
  });

  it('does not refresh at each request when no token lives as long as is asked', async () => {
    const browser = await logIn(await start());
    const { token } = await ask(browser, '/token?min=3600');
    bed.clock.advance(LIFE / 2 - 1000);
    expect(await ask(browser, '/token?min=3600')).toMatchObject({ token });
    bed.clock.advance(1000);
    const next = await ask(browser, '/token?min=3600');
    expect(next.token).not.toBe(token);
    bed.clock.advance(10_000);
    expect(await ask(browser, '/token?min=3600')).toMatchObject({ token: next.token });
    expect(bed.op.requests().token).toBe(1);
  });

  it.each(['-1', 'NaN', 'Infinity', '86401'])('refuses %s as minValiditySeconds', async (min) => {
    const browser = await logIn(await start());
    expect(await ask(browser, `/token?min=${min}`)).toMatchObject({ status: 500, error: 'configuration' });
  });

  it('says that nobody is logged in', async () => {
    const app = await start();
    const nobody = { status: 401, error: 'login_required', name: 'LoginRequiredError' };
    expect(await ask(app.browser())).toMatchObject(nobody);
    expect(await ask(app.browser(), '/userinfo')).toMatchObject(nobody);
    expect(await ask(app.browser(), `/call?url=${app.origin}`)).toMatchObject({ error: 'token_destination' });
  });

  it('says that a token has ended and that there is none to renew it with; the login goes on', async () => {
    const app = await start({
      op: {
        signIn: bed.op.signIn,
        registerApp: (base) =>
          bed.op.registerApp(base, { client_id: 'once', grant_types: ['authorization_code'] }),
      },
    });
    const browser = await logIn(app);
    bed.clock.advance(LIFE - 10_000);
    expect((await ask(browser)).status).toBe(200);
    bed.clock.advance(10_000);
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'token_expired', name: 'TokenError' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('gives a session the token of its own person and of nobody else (F-35)', async () => {
    const app = await start();
    const [ada, grace] = [app.browser(), app.browser()];
    await app.logIn(ada, { as: 'ada' });
    await app.logIn(grace, { as: 'grace' });
    bed.clock.advance(LIFE);
    const subs = await Promise.all(
      Array.from(
        { length: 40 },
        async (_, index) => (await ask(index % 2 ? grace : ada, '/userinfo')).claims,
      ),
    );
    expect(subs.map((claims) => claims?.sub)).toEqual(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? 'grace' : 'ada')),
    );
  });
});

describe('the answer of a route that uses a token', () => {
  it('may be kept by nobody (R-94)', async () => {
    const app = await bed.start({ handlers: addTokenRoutes });
    const answer = await (await logIn(app)).get('/token');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toMatch(/\bCookie\b/);
  });
});

describe('an ordinary page', () => {
  it('reads no tokens', async () => {
    const app = await bed.start({ redis: bed.redis.url });
    const browser = await logIn(app);
    await bed.redis.resetCommandCounts();
    await browser.get('/me');
    expect(await bed.redis.commandCounts()).toEqual({ mget: 1 });
  });
});
