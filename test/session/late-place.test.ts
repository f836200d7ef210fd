import { expect, it } from '@jest/globals';
import type { Express } from 'express';
import { whoIs } from '../support/bed.ts';
import { gateRedis } from '../support/gated-redis.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();

const addRenewal = (server: Express) =>
  void server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.json('renewed');
  });

/** Two processes. The first cannot leave pointers until it is told. */
async function startBoth() {
  const gate = gateRedis(redis.client());
  let [isAway, done] = [true, 0];
  gate.onCommand = (name) => {
    if (isAway && name === 'connectAuth:rotateSession') throw new Error('away');
  };
  gate.onAnswer = (name) => {
    if (!isAway && name === 'connectAuth:rotateSession') done += 1;
  };
  const options = { op, storeTimeoutMs: 100, handlers: addRenewal };
  const one = await startApp({ ...options, redis: gate.client });
  const two = await startApp({ ...options, redis: redis.url, baseUrl: one.origin });
  const comeBack = async (pointers: number) => {
    isAway = false;
    await until(() => done >= pointers);
    // What follows a pointer is sent in the same turn.
    await until(async () => (await redis.client().ping()) === 'PONG');
  };
  return { one, two, comeBack };
}

it('a login that takes its place late, behind a store fault, takes none from a newer login', async () => {
  const { one, two, comeBack } = await startBoth();
  const browser = one.browser();
  await two.logIn(browser);
  const elsewhere = two.browser(browser.jar.clone());
  // Told before the other one: the browser has the cookie of the newer login in the end.
  expect((await one.logIn(browser)).status).toBe(303);
  expect((await two.logIn(elsewhere)).status).toBe(303);
  await comeBack(1);
  expect(await whoIs(elsewhere)).toBe('ada');
});

it('a login that takes its place late follows an id change of the session it replaces', async () => {
  const { one, two, comeBack } = await startBoth();
  const browser = one.browser();
  await two.logIn(browser);
  const elsewhere = two.browser(browser.jar.clone());
  expect((await one.logIn(browser)).status).toBe(303);
  expect((await elsewhere.get('/renew')).status).toBe(200);
  expect(await whoIs(elsewhere)).toBe('ada');
  await comeBack(2);
  await until(async () => (await whoIs(elsewhere)) === null);
  expect(await whoIs(browser)).toBe('ada');
});
