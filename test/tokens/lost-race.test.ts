import { beforeAll, describe, expect, it } from '@jest/globals';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { addExchangeGrant, EXCHANGE_GRANT } from '../support/exchange-grant.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpBed({
  provider: { accessTokenSeconds: 300, configuration: { rotateRefreshToken: false } },
});
beforeAll(() => {
  addExchangeGrant(bed.op.provider);
});

/** Two processes, and a login that both know. */
async function logIn() {
  const common = {
    redis: bed.redis.url,
    now: bed.clock.now,
    op: {
      ...bed.op,
      registerApp: (base: string) =>
        bed.op.registerApp(base, { grant_types: ['authorization_code', 'refresh_token', EXCHANGE_GRANT] }),
    },
    handlers: ((server) => {
      addTokenRoutes(server);
      server.get('/renew', async (req, res) => {
        await req.auth.renew();
        res.status(204).end();
      });
      server.get('/exchange/:audience', async (req, res) => {
        const { audience } = req.params;
        const token = await req.auth.exchangeToken({ audience }).catch(({ code }) => ({ code }));
        res.json(token);
      });
    }) as NonNullable<Parameters<typeof bed.start>[0]>['handlers'],
  };
  const one = await bed.start(common);
  const two = await bed.start({ ...common, baseUrl: one.origin });
  const browser = one.browser();
  await one.logIn(browser);
  const elsewhere = two.browser(browser.jar.clone());
  await ask(elsewhere);
  bed.op.resetRequests();
  /** The lock is held no longer, though its owner is still at work: a pause of half a minute, or a Redis that lost it. */
  const loseLock = () => bed.redis.client().del(redisKeysOfBrowser(one, browser).lock);
  return { one, browser, elsewhere, loseLock };
}

const exchange = async (browser: BrowserClient, audience: string): Promise<unknown> =>
  (await browser.get(`/exchange/${audience}`)).json();

/** Whether the provider would still take an access token. */
const lives = async (token: unknown) => (await bed.op.provider.AccessToken.find(String(token))) !== undefined;

describe('a token that comes when another process has changed those of the session', () => {
  it('by an exchange is put beside them, and all are revoked by the logout', async () => {
    const { one, browser, elsewhere, loseLock } = await logIn();
    const { token: own } = await ask(browser);
    const held = bed.op.holdNext('token', 'before answer');
    const late = exchange(browser, 'billing');
    await held.arrived;
    await loseLock();
    const stock = await exchange(elsewhere, 'stock');
    held.release();
    const billing = await late;
    expect(await Promise.all([own, stock, billing].map(lives))).toEqual([true, true, true]);
    expect(await exchange(elsewhere, 'billing')).toBe(billing);
    expect(await exchange(browser, 'stock')).toBe(stock);
    expect(bed.op.requests()).toMatchObject({ token: 2 });
    expect((await browser.post('/logout')).status).toBe(303);
    // The refresh token takes the grant along here; each is named all the same, as others do not.
    expect(bed.op.requests()).toMatchObject({ revocation: 4 });
    expect(await Promise.all([own, stock, billing].map(lives))).toEqual([false, false, false]);
    expect(one.errors).toEqual([]);
  });

  it('by an exchange is revoked at once where the session ended meanwhile', async () => {
    const { browser, elsewhere } = await logIn();
    const held = bed.op.holdNext('token', 'before answer');
    const late = exchange(browser, 'billing');
    await held.arrived;
    expect((await elsewhere.post('/logout')).status).toBe(303);
    const before = bed.op.requests().revocation!;
    held.release();
    expect(await late).toEqual({ code: 'login_required' });
    expect(bed.op.requests().revocation).toBe(before + 1);
  });

  it('by an exchange is left alone where the session has only got another id, whose tokens would go with it', async () => {
    const { browser, elsewhere, loseLock } = await logIn();
    const held = bed.op.holdNext('token', 'before answer');
    const late = exchange(browser, 'billing');
    await held.arrived;
    await loseLock();
    expect((await elsewhere.get('/renew')).status).toBe(204);
    held.release();
    expect(await late).toEqual({ code: 'login_required' });
    expect(bed.op.requests().revocation).toBe(0);
    expect(await whoIs(elsewhere)).toBe('ada');
    expect(await ask(elsewhere)).toMatchObject({ status: 200 });
  });

  it('by a refresh is nobody’s, and is not revoked, which would take the winner’s with it', async () => {
    const { one, browser, elsewhere, loseLock } = await logIn();
    bed.clock.advance(300_000);
    const held = bed.op.holdNext('token', 'before answer');
    const late = ask(browser);
    await held.arrived;
    await loseLock();
    const won = await ask(elsewhere);
    held.release();
    expect(await late).toMatchObject({ status: 200, token: won.token });
    expect(bed.op.requests()).toMatchObject({ token: 2, revocation: 0 });
    expect(await lives(won.token)).toBe(true);
    bed.clock.advance(300_000);
    expect(await ask(browser)).toMatchObject({ status: 200 });
    expect(await whoIs(browser)).toBe('ada');
    expect(one.errors).toEqual([]);
  });
});
