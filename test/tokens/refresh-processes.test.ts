import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createBrowser } from '../support/browser-client.ts';
import type { CookieJar } from '../support/cookie-jar.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { ask, type RouteAnswer } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { startWorker, type Worker, type WorkerOptions } from '../support/worker.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

/** The origin all workers are reached by. A proxy in front of them would have it; here the browsers know them. */
const BASE_URL = 'http://localhost:65000';
const LIFE = 300_000;

let op: OpenIdProvider;
let redis: RedisServer;
const refused: string[] = [];
beforeAll(async () => {
  [op, redis] = await Promise.all([startOpenIdProvider({ accessTokenSeconds: 300 }), startRedisServer()]);
  op.provider.on('grant.error', (_ctx, error) =>
    refused.push(`${error.message}: ${error.error_detail ?? ''}`),
  );
});
afterAll(async () => {
  await op.close();
  await redis.stop();
});

async function startWorkers(count: number, options: Partial<WorkerOptions>): Promise<Worker[]> {
  const registration = await op.registerApp(BASE_URL);
  const common = { redis: redis.url, baseUrl: BASE_URL, registration };
  return Promise.all(Array.from({ length: count }, () => startWorker({ ...common, ...options })));
}

async function logIn(worker: Worker): Promise<CookieJar> {
  const browser = worker.browser();
  const redirect = await browser.get('/login');
  const callback = await op.signIn(redirect.headers.get('location')!);
  const { pathname, search } = new URL(callback.url);
  const answer = await browser.get(pathname + search);
  if (answer.status !== 303) throw new Error(`The callback was answered by ${answer.status}.`);
  return browser.jar;
}

async function logInMany(worker: Worker, count: number): Promise<CookieJar[]> {
  const jars: CookieJar[] = [];
  for (let index = 0; index < count; index += 1) jars.push(await logIn(worker));
  return jars;
}

const statuses = (answers: RouteAnswer[]) => [...new Set(answers.map(({ status }) => status))];

describe('four processes', () => {
  let workers: Worker[];
  beforeAll(async () => {
    workers = await startWorkers(4, { storeTimeoutMs: 15_000, oidc: { timeoutMs: 20_000 } });
  });
  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

  it('refresh 50 sessions once each when 1,000 requests come at the moment of expiry (F-67, F-69)', async () => {
    const jars = await logInMany(workers[0]!, 50);
    await Promise.all(workers.map((worker) => worker.advance(LIFE)));
    op.resetRequests();
    refused.length = 0;

    const requests = jars.flatMap((jar, session) =>
      Array.from({ length: 20 }, async (_, index) => ({
        session,
        ...(await ask(workers[index % 4]!.browser(jar.clone()))),
      })),
    );
    const answers = await Promise.all(requests);
    expect(answers).toHaveLength(1000);
    expect(statuses(answers)).toEqual([200]);
    expect(op.requests().token).toBe(50);
    expect(refused).toEqual([]);

    const pairs = new Set(answers.map(({ session, token }) => `${session} ${token}`));
    expect(pairs.size).toBe(50);
    for (const [index, jar] of jars.entries()) {
      const home = await workers[index % 4]!.browser(jar).get('/');
      expect(await home.json()).toMatchObject({ user: { sub: 'ada' } });
    }
  });
});

describe('a process that is killed', () => {
  const LEASE_MS = 3000;
  let workers: [doomed: Worker, second: Worker, third: Worker];
  beforeAll(async () => {
    workers = (await startWorkers(3, { storeTimeoutMs: 400, oidc: { timeoutMs: 1000 } })) as typeof workers;
  });
  afterAll(() => Promise.all(workers.map((worker) => worker.kill())));

  /** Half a minute after its lease nobody expects an answer of it any more. Redis keeps that time; here it passes. */
  const endQuietTime = async (jar: CookieJar) => {
    const { lock } = redisKeysOfBrowser({ origin: BASE_URL }, createBrowser(BASE_URL, jar));
    expect(await redis.client().pexpire(lock, 1)).toBe(1);
    await until(async () => (await redis.client().exists(lock)) === 0);
  };

  it('holds up nobody longer than its lease, wherever in a login or a refresh it was (F-62, F-68, N-14)', async () => {
    const [doomed, second, third] = workers;
    const [lucky, unlucky, other] = [await logIn(second), await logIn(second), await logIn(third)];
    await Promise.all(workers.map((worker) => worker.advance(LIFE)));
    op.resetRequests();

    // One refresh that never reached the provider's hands, one whose answer never came back, and a login like it.
    const ignored = op.ignoreNext('token');
    const firstRefresh = ask(doomed.browser(lucky.clone())).catch(() => undefined);
    await ignored;
    const rotated = op.holdNext('token', 'before answer');
    const secondRefresh = ask(doomed.browser(unlucky.clone())).catch(() => undefined);
    await rotated.arrived;
    const exchanged = op.holdNext('token', 'before answer');
    const halfLogin = await beginLogin(doomed);
    const callback = doomed
      .browser(halfLogin.jar)
      .get(halfLogin.callback)
      .catch(() => undefined);
    await exchanged.arrived;

    const wait = (jar: CookieJar) =>
      [second, third, second, third, second].map((worker) => ask(worker.browser(jar.clone())));
    const waiting = { lucky: wait(lucky), unlucky: wait(unlucky) };
    const killedAt = performance.now();
    await doomed.kill();
    rotated.release();
    exchanged.release();
    await Promise.all([firstRefresh, secondRefresh, callback]);

    // Nobody else is held up meanwhile.
    expect((await ask(third.browser(other))).status).toBe(200);

    // Its answers may be on their way: nobody sends the old tokens again, and nobody waits.
    const answers = await Promise.all([...waiting.lucky, ...waiting.unlucky]);
    for (const answer of answers)
      expect(answer).toMatchObject({ status: 503, error: 'provider_unavailable' });
    expect(performance.now() - killedAt).toBeLessThan(LEASE_MS + 2000);
    expect(op.requests().token).toBe(4);

    await endQuietTime(lucky);
    await endQuietTime(unlucky);
    const recovered = await Promise.all(wait(lucky));
    expect(statuses(recovered)).toEqual([200]);
    expect(new Set(recovered.map(({ token }) => token)).size).toBe(1);
    const ended = await Promise.all(wait(unlucky));
    expect(statuses(ended)).toEqual([401]);
    // Two that the killed process sent, a login of its, the other session's, and one more for each session of its.
    expect(op.requests().token).toBe(6);

    // The one session that the provider had rotated already ends in one clean login.
    expect(await ask(second.browser(unlucky.clone()))).toMatchObject({
      status: 401,
      error: 'login_required',
    });
    expect((await ask(third.browser(await logIn(second)))).status).toBe(200);

    // Of the login that was half done nothing is left, and it can be done again.
    const again = second.browser(halfLogin.jar);
    expect((await again.get(halfLogin.callback)).status).toBe(400);
    expect(await (await again.get('/')).json()).toEqual({ user: null });
    expect((await ask(second.browser(await logIn(second)))).status).toBe(200);
    const { record } = redisKeysOfBrowser({ origin: BASE_URL }, createBrowser(BASE_URL, unlucky));
    expect(await redis.client().get(record)).toMatch(/^x /);
  });

  async function beginLogin(worker: Worker) {
    const browser = worker.browser();
    const redirect = await browser.get('/login');
    const { pathname, search } = new URL((await op.signIn(redirect.headers.get('location')!)).url);
    return { jar: browser.jar, callback: pathname + search };
  }
});
