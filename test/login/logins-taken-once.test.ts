import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { type GatedRedis, gateRedis, interleave } from '../support/gated-redis.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const op = await useScriptedProvider();
const redis = await useRedisServer();
const database = redis.client();
const use = useApps();

describe('a logout while a callback of the same browser is at work (N-09)', () => {
  let one: TestApp & { gate: GatedRedis };
  let two: TestApp & { gate: GatedRedis };
  const startGated = async (baseUrl?: string) => {
    const gate = gateRedis(redis.client());
    const handlers = (server: Express) => server.get('/public', (_req, res) => void res.end());
    const options = { op, redis: gate.client, storeTimeoutMs: 60_000, handlers };
    return Object.assign(await startApp({ ...options, ...(baseUrl && { baseUrl }) }), { gate });
  };
  const openGates = () => {
    for (const { gate } of [one, two]) gate.onCommand = () => undefined;
  };
  beforeAll(async () => {
    one = await startGated();
    two = await startGated(one.origin);
  });
  beforeEach(async () => {
    await database.flushall();
    openGates();
  });
  afterAll(async () => {
    await one.close();
    await two.close();
  });

  it.each([
    ['nobody was logged in', undefined],
    ['the same person was logged in', 'ada'],
    ['somebody else was logged in', 'grace'],
  ])('leaves nobody logged in, wherever the callback is, where %s', async (_, before) => {
    let runs = 0;
    for (let isHeld = true; isHeld; runs += 1) {
      openGates();
      const browser = one.browser();
      if (before) await one.logIn(browser, { as: before });
      const old = browser.jar.clone();
      const callback = await holdCallback(op, browser);
      const out = two.browser(browser.jar.clone());
      const statuses: Record<string, number> = {};
      const logsIn = {
        ...{ gate: one.gate, pause: runs },
        act: async () => {
          statuses.callback = (await browser.deliver(callback)).status;
        },
      };
      const logsOut = {
        ...{ gate: two.gate, pause: 99 },
        act: async () => {
          statuses.logout = (await out.post('/logout')).status;
        },
      };
      [isHeld] = await interleave(logsIn, logsOut);
      openGates();
      const users = [await whoIs(browser), await whoIs(one.browser(old)), await whoIs(out)];
      expect([runs, statuses.logout, isHeld ? users : []]).toEqual([
        runs,
        303,
        isHeld ? [null, null, null] : [],
      ]);
    }
    expect(runs).toBeGreaterThan(5);
  });

  it('leaves nothing that opens in Redis either', async () => {
    const browser = one.browser();
    const callback = await holdCallback(op, browser);
    const out = two.browser(browser.jar.clone());
    let isOut = false;
    one.gate.onCommand = async (name) => {
      if (isOut || name !== 'connectAuth:writeLogin') return;
      isOut = true;
      await out.post('/logout');
    };
    const answer = await browser.deliver(callback);
    expect([answer.status, one.errors.at(-1)?.error.code]).toEqual([403, 'login_ended']);
    expect(browser.jar.get('session')).toBeUndefined();
    expect(await one.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toEqual([]);
    // No tokens of a login that nobody has are left at the provider.
    expect(op.requests('revocation').length).toBeGreaterThan(0);
  });
});

describe('the cookie of a login, kept by whoever could read it (N-06, F-53)', () => {
  it.each([
    ['the process a day ahead', { now: 24 * HOUR }],
    ['the process a day behind', { now: -24 * HOUR }],
    ['the process ten minutes behind', { now: -10 * MINUTE }],
    ['both clocks ten minutes ahead', { now: 10 * MINUTE, store: 10 * MINUTE }],
    ['the store ten minutes behind', { store: -10 * MINUTE }],
    ['the store four minutes behind', { store: -4 * MINUTE }],
    ['nothing', {}],
  ])('is taken once, though clocks step meanwhile: %s', async (_, step: { now?: number; store?: number }) => {
    const ahead = { now: 0, store: 0 };
    const app = await use({
      ...{ op, redis: redis.url },
      now: {
        now: () => Date.now() + ahead.now,
        monotonic: () => performance.now(),
        store: () => Date.now() + ahead.store,
      },
    });
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const copy = () => app.browser(browser.jar.clone());
    const copies = [copy(), copy(), copy()];
    expect((await copies[0]!.deliver(callback)).status).toBe(303);
    Object.assign(ahead, step);
    const second = await copies[1]!.deliver(callback);
    Object.assign(ahead, { now: 0, store: 0 });
    const third = await copies[2]!.deliver(callback);
    // They are led to where the first one went, or told that nothing waits; logged in they are not.
    for (const answer of [second, third]) {
      expect([303, 400]).toContain(answer.status);
      expect(answer.headers.getSetCookie().filter((line) => /^session=s/.test(line))).toEqual([]);
    }
    for (const copy of [copies[1]!, copies[2]!]) expect(await whoIs(copy)).toBeNull();
    expect(op.requests('token')).toHaveLength(1);
    expect(app.logins).toHaveLength(1);
  });

  it('is worth nothing before and after its time by the store’s clock, whatever the process thinks', async () => {
    const ahead = { now: 0, store: 0 };
    const app = await use({
      ...{ op, redis: redis.url },
      now: {
        now: () => Date.now() + ahead.now,
        monotonic: () => performance.now(),
        store: () => Date.now() + ahead.store,
      },
    });
    for (const store of [16 * MINUTE, -6 * MINUTE]) {
      Object.assign(ahead, { now: 0, store: 0 });
      const browser = app.browser();
      const callback = await holdCallback(op, browser, { path: '/me' });
      Object.assign(ahead, { now: 0, store });
      const answer = await browser.deliver(callback);
      expect([answer.status, app.errors.at(-1)?.error.code]).toEqual([400, 'login_expired']);
      expect(await answer.text()).toContain('returnTo=%2Fme');
    }
    expect(op.requests('token')).toEqual([]);
  });
});

describe('a callback that takes long (N-06)', () => {
  it.each([
    ['for less than ten minutes logs in', 9 * MINUTE, 303, undefined],
    ['for ten minutes is worth nothing: a logout may have been forgotten', 10 * MINUTE, 400, 'login_expired'],
    ['for an hour is worth nothing', HOUR, 400, 'login_expired'],
  ])('%s', async (_, ms, status, code) => {
    let monotonic = 0;
    const app = await use({
      ...{ op, redis: redis.url },
      now: { now: Date.now, monotonic: () => monotonic, store: Date.now },
    });
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    op.script({
      token: (answer) => {
        monotonic += ms;
        return answer;
      },
    });
    expect((await browser.deliver(callback)).status).toBe(status);
    expect(app.errors.at(-1)?.error.code).toBe(code);
    expect(await whoIs(browser)).toBe(status === 303 ? 'ada' : null);
    expect(await app.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })).toHaveLength(
      status === 303 ? 1 : 0,
    );
    await app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });
  });
});

describe('a store that fails while a login is taken (N-09)', () => {
  const startGated = async () => {
    const gate = gateRedis(redis.client());
    return { gate, app: await use({ op, redis: gate.client }) };
  };

  it('leaves the cookie, so that loading again logs in', async () => {
    const { gate, app } = await startGated();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    const before = browser.jar.all();
    gate.onCommand = (name) => {
      if (name === 'connectAuth:takeLogin') throw new Error('away');
    };
    expect((await browser.deliver(callback)).status).toBe(503);
    expect(browser.jar.all()).toEqual(before);
    expect(op.requests('token')).toEqual([]);
    gate.onCommand = () => undefined;
    expect((await browser.deliver(callback)).status).toBe(303);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('may have taken it all the same: then loading again leads to a new login, and no code is sent', async () => {
    const { gate, app } = await startGated();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    gate.onAnswer = (name) => {
      if (name === 'connectAuth:takeLogin') throw new Error('the reply is lost');
    };
    expect((await browser.deliver(callback)).status).toBe(503);
    gate.onAnswer = () => undefined;
    const again = await browser.deliver(callback);
    expect(again.status).toBe(400);
    expect(await again.text()).toContain('Sign in again');
    expect(op.requests('token')).toEqual([]);
    expect((await app.logIn(browser)).status).toBe(303);
  });

  it('that fails after it costs the login, whose tokens are revoked, and leaves no cookie of it (F-63)', async () => {
    const { gate, app } = await startGated();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    gate.onCommand = (name) => {
      if (name === 'connectAuth:writeLogin') throw new Error('away');
    };
    expect((await browser.deliver(callback)).status).toBe(503);
    expect(browser.jar.all()).toEqual([]);
    expect(op.requests('revocation').length).toBeGreaterThan(0);
    gate.onCommand = () => undefined;
    expect((await app.logIn(browser)).status).toBe(303);
  });
});
