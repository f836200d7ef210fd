import { describe, expect, it } from '@jest/globals';
import { setUpBed, whoIs } from '../support/bed.ts';
import { type GatedRedis, gateRedis } from '../support/gated-redis.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
const AWAY = { status: 503, error: 'store_unavailable', name: 'StoreError' };

/** Somebody whose token has come to its end, in an application whose commands to Redis fail when they are told to. */
async function logIn(storeTimeoutMs = 400) {
  const gate = gateRedis(bed.redis.client());
  const { now } = bed.clock;
  const app = await bed.start({ redis: gate.client, now, handlers: addTokenRoutes, storeTimeoutMs });
  const browser = app.browser();
  await app.logIn(browser);
  const { token } = await ask(browser);
  bed.clock.advance(300_000);
  bed.op.resetRequests();
  return { app, browser, gate, token };
}

/** Lets a script fail so often: before it was sent, or when it was done and its answer is on the way. */
function fail(gate: GatedRedis, script: string, { times = 1, done = false } = {}): void {
  let left = times;
  const check = (name: string) => {
    if (name !== `connectAuth:${script}` || left === 0) return;
    left -= 1;
    throw new Error('read ECONNRESET');
  };
  gate.onCommand = done ? () => undefined : check;
  gate.onAnswer = done ? check : () => undefined;
}

describe('Redis fails in the middle of a refresh', () => {
  it('when the new tokens are to be stored, and is back soon: they are stored all the same (F-09)', async () => {
    const { browser, gate, token } = await logIn();
    fail(gate, 'swapTokens', { times: 3 });
    const next = await ask(browser);
    expect(next.status).toBe(200);
    expect(next.token).not.toBe(token);
    expect(await ask(browser)).toMatchObject({ token: next.token });
    expect(bed.op.requests().token).toBe(1);
  });

  it('when they have been stored, which is found out by asking again (F-05)', async () => {
    const { browser, gate } = await logIn();
    fail(gate, 'swapTokens', { done: true, times: 2 });
    const next = await ask(browser);
    expect(next.status).toBe(200);
    expect(await ask(browser)).toMatchObject({ token: next.token });
    expect(bed.op.requests()).toMatchObject({ token: 1, revocation: 0 });
  });

  it('when the connection loses the answer, so that the client sends the command again (F-05)', async () => {
    const proxy = await startTcpFaultProxy(bed.redis);
    const app = await bed.start({ redis: proxy.url, now: bed.clock.now, handlers: addTokenRoutes });
    const browser = app.browser();
    await app.logIn(browser);
    for (const command of [/lock:/, /eyJ/]) {
      bed.clock.advance(300_000);
      bed.op.resetRequests();
      const before = proxy.dropped;
      await proxy.dropReplies({ matching: command });
      expect((await ask(browser)).status).toBe(200);
      expect(proxy.dropped).toBe(before + 1);
      expect(bed.op.requests().token).toBe(1);
    }
    await proxy.close();
  });

  it('for so long that the request gives up, and its answer does not: the tokens come all the same (F-09, N-12)', async () => {
    const { app, browser, gate, token } = await logIn(100);
    fail(gate, 'swapTokens', { times: 1000 });
    expect(await ask(browser)).toMatchObject(AWAY);
    expect(await whoIs(browser)).toBe('ada');
    fail(gate, 'nothing');
    await until(async () => (await ask(browser)).status === 200);
    expect((await ask(browser)).token).not.toBe(token);
    expect(bed.op.requests().token).toBe(1);
    expect(app.logouts).toEqual([]);
  });

  it('for so long that the new tokens are lost: that ends in one clean login (F-09)', async () => {
    const { app, browser, gate } = await logIn(100);
    fail(gate, 'swapTokens', { times: 1000 });
    expect(await ask(browser)).toMatchObject(AWAY);
    expect(await whoIs(browser)).toBe('ada');
    const other = await bed.start({
      ...{ baseUrl: app.origin, redis: bed.redis.url, now: bed.clock.now, handlers: addTokenRoutes },
    });
    // Half a minute later, by the clock of Redis, nobody expects the answer any more.
    await bed.redis.client().del(redisKeysOfBrowser(app, browser).lock);
    const elsewhere = other.browser(browser.jar.clone());
    expect(await ask(elsewhere)).toMatchObject({ status: 401, error: 'login_required' });
    fail(gate, 'nothing');
    expect(bed.op.requests().token).toBe(2);
    expect(await whoIs(browser)).toBeNull();
    await app.logIn(browser);
    expect((await ask(browser)).status).toBe(200);
  });

  it.each([
    false,
    true,
  ])('when the lock is asked for: nobody waits for it afterwards (done: %s, F-05, F-68)', async (done) => {
    const { browser, gate } = await logIn();
    fail(gate, 'acquireLock', { done });
    expect(await ask(browser)).toMatchObject(AWAY);
    const begin = performance.now();
    expect((await ask(browser)).status).toBe(200);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(bed.op.requests().token).toBe(1);
  });

  it.each([
    false,
    true,
  ])('when the session is to end, which the next request sees to (done: %s, F-73)', async (done) => {
    const { app, browser, gate } = await logIn();
    const refuse = () => bed.op.answerNext('token', { status: 400, body: { error: 'invalid_grant' } });
    refuse();
    if (!done) refuse();
    fail(gate, 'endSessionBuffer', { done });
    expect(await ask(browser)).toMatchObject(AWAY);
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(await whoIs(browser)).toBeNull();
    await app.logIn(browser);
    expect((await ask(browser)).status).toBe(200);
  });

  it('when the new claims are to be stored: the tokens are safe, and the claims come another time', async () => {
    const { browser, gate, token } = await logIn();
    gate.onCommand = (name) => {
      const [last] = swaps.splice(0, name === 'connectAuth:swapTokens' ? 1 : 0);
      if (last === 'second') throw new Error('read ECONNRESET');
    };
    const swaps = ['first', 'second'];
    const next = await ask(browser);
    expect(next.status).toBe(200);
    expect(next.token).not.toBe(token);
    expect(next.user).toMatchObject({ sub: 'ada' });
    expect(swaps).toEqual([]);
  });
});

describe('Redis is away', () => {
  it('when a token is asked for, which is another thing than not to be logged in', async () => {
    const { browser, gate } = await logIn();
    let commands = 0;
    gate.onCommand = () => {
      commands += 1;
      // The session itself could still be read.
      if (commands % 2 === 0) throw new Error('connect ECONNREFUSED');
    };
    expect(await ask(browser)).toMatchObject({ ...AWAY, retryAfterSeconds: 5 });
    expect(await ask(browser, '/userinfo')).toMatchObject(AWAY);
    expect(bed.op.requests().token).toBe(0);
  });
});
