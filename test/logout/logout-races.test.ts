import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { createSessionHandles } from '../../src/session/session-handles.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { type Actor, type GatedRedis, gateNodeRedis, gateRedis, interleave } from '../support/gated-redis.ts';
import { findLivingRecords } from '../support/living-records.ts';
import { createLogoutToken, postLogoutToken, sidOf } from '../support/logout-token.ts';
import { connectNodeRedis, type NodeRedis } from '../support/redis-clients.ts';
import { keysOf, readSessionId } from '../support/session-records.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
let nodeRedis: NodeRedis;
let one: TestApp & { gate: GatedRedis };
let two: TestApp & { gate: GatedRedis };
/** Of the application that is asked. */
let revokeOthers: TestApp['auth']['sessions']['revokeOthers'];

/** An application whose commands to Redis can be held back. */
async function startGated(gate: GatedRedis, baseUrl?: string) {
  const app = await startApp({
    ...{ op, redis: gate.client, now: clock.now, storeTimeoutMs: 60_000, handlers: addRoutes },
    ...(baseUrl && { baseUrl }),
  });
  return Object.assign(app, { gate });
}

function addRoutes(server: Express): void {
  server.get('/renew', async (req, res) => {
    await req.auth.renew();
    res.end();
  });
  server.get('/revoke-others', async (req, res) => {
    res.json(await revokeOthers(req));
  });
  server.get('/regenerate', async (req, res) => {
    await promisify(req.session.regenerate.bind(req.session))();
    Object.assign(req.session, { late: true });
    res.end();
  });
}

beforeAll(async () => {
  // What holds between the two holds between the clients.
  nodeRedis = await connectNodeRedis(redis.port);
  one = await startGated(gateRedis(redis.client()));
  two = await startGated(gateNodeRedis(nodeRedis), one.origin);
});
beforeEach(() => database.flushall());
afterAll(async () => {
  await one.close();
  await two.close();
  nodeRedis.destroy();
});

/** A browser, and what came of a request of it that a logout races with. */
interface Racer {
  readonly browser: BrowserClient;
  /** The cookies that it had before. */
  readonly before: BrowserClient;
  run(): Promise<unknown>;
}

async function logInFirst(): Promise<BrowserClient> {
  const browser = one.browser();
  await one.logIn(browser);
  return browser;
}

const change = (path: string) => async (): Promise<Racer> => {
  const browser = await logInFirst();
  return { browser, before: one.browser(browser.jar.clone()), run: () => browser.get(path) };
};

/** The callback of a login, of somebody who is logged in already or not yet. */
const finishLogin =
  (isLoggedIn: boolean, as = 'ada') =>
  async (): Promise<Racer> => {
    const browser = isLoggedIn ? await logInFirst() : one.browser();
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!, { as });
    return { browser, before: one.browser(browser.jar.clone()), run: () => browser.deliver(callback) };
  };

const RACERS: Record<string, () => Promise<Racer>> = {
  'a change of req.session (F-25)': change('/save?late=true'),
  'a regenerate and save (F-26)': change('/regenerate'),
  'a renew (F-84)': change('/renew'),
  'a login of the same person in the same browser': finishLogin(true),
  'a login (F-80, N-09)': finishLogin(false),
  'a login of somebody else in the same browser (N-09)': finishLogin(true, 'grace'),
};

type End = (racer: Racer) => Promise<number>;

/** In the other process. Each returns the status of its answer. */
const ENDS: Record<string, End> = {
  'a logout': async ({ before }) => (await two.browser(before.jar.clone()).post('/logout')).status,
  'a logout token with the sub': async () =>
    (await postLogoutToken(two, createLogoutToken(op, { sub: 'ada', now: clock.now }))).status,
  'a logout token with the sid': async () =>
    (await postLogoutToken(two, createLogoutToken(op, { sid: sidOf('ada'), now: clock.now }))).status,
  'the frame of a logout': async () => {
    const query = new URLSearchParams({ iss: op.issuer, sid: sidOf('ada') });
    return (await two.browser().get(`/oauth/frontchannel-logout?${query}`)).status;
  },
  'its revocation': async ({ before }) => {
    const keys = keysOf(one);
    await two.auth.sessions.revoke(createSessionHandles(keys).of(keys.sessionKey(readSessionId(before))));
    return 200;
  },
  'an end of all sessions of the person': async () => {
    await two.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });
    return 200;
  },
};

const ACKNOWLEDGED = [200, 303];
const pairs = Object.keys(RACERS).flatMap((racer) => Object.keys(ENDS).map((end) => [racer, end] as const));
/**
 * A revocation means one session: who proves to the provider who they are has another. And of who else logs in, only a
 * logout of that browser is the end.
 */
const meaningful = pairs.filter(([racer, end]) =>
  racer.includes('somebody else')
    ? end === 'a logout'
    : !(racer.startsWith('a login') && end === 'its revocation'),
);

describe.each(meaningful)('%s, interleaved with %s', (racerName, endName) => {
  const actors = (racer: Racer, pause: number, held: 'racer' | 'end') => {
    const outcome = { status: 0 };
    const race: Actor = { gate: one.gate, pause: held === 'racer' ? pause : 99, act: racer.run };
    const end: Actor = {
      gate: two.gate,
      pause: held === 'end' ? pause : 99,
      act: async () => {
        outcome.status = await ENDS[endName]!(racer);
      },
    };
    return { race, end, outcome };
  };

  it.each([
    'racer',
    'end',
  ] as const)('ends logged out and told so, at whichever command the %s is held (F-71, F-80, R-124)', async (held) => {
    let runs = 0;
    for (let isHeld = true; isHeld; runs += 1) {
      clock.advance(1000);
      for (const { gate } of [one, two]) gate.onCommand = () => undefined;
      const racer = await RACERS[racerName]!();
      const { race, end, outcome } = actors(racer, runs, held);
      for (const { logouts } of [one, two]) logouts.length = 0;
      const [first, second] = held === 'racer' ? [race, end] : [end, race];
      [isHeld] = await interleave(first, second);
      for (const { gate } of [one, two]) gate.onCommand = () => undefined;
      expect([runs, ACKNOWLEDGED]).toEqual([runs, expect.arrayContaining([outcome.status])]);
      const users = [];
      for (const { jar } of [racer.browser, racer.before]) {
        for (const app of [one, two]) users.push(await whoIs(app.browser(jar.clone())));
      }
      expect([runs, users]).toEqual([runs, [null, null, null, null]]);
      expect([runs, await findLivingRecords(database)]).toEqual([runs, []]);
      // A login is one of its own, also where it takes the place of another of the same person.
      if (!racerName.startsWith('a login'))
        expect([runs, [...one.logouts, ...two.logouts].map(({ sub }) => sub)]).toEqual([runs, ['ada']]);
      expect([runs, await two.auth.sessions.list({ issuer: op.issuer, sub: 'ada' })]).toEqual([runs, []]);
    }
    expect(runs).toBeGreaterThan(1);
  });
});

describe('an end of all sessions, an end of all others and an id change at once', () => {
  /** Lets an application go on until it is about to send this command. */
  const holdAt = ({ gate }: { gate: GatedRedis }, command: string) => {
    const [arrived, released] = [createGate(), createGate()];
    gate.onCommand = async (name) => {
      if (name !== command) return;
      arrived.open();
      await released.opened;
    };
    return { arrived: arrived.opened, release: released.open };
  };

  it('end logged out: what spares a session from the second does not spare it from the first', async () => {
    for (const { gate } of [one, two]) gate.onCommand = () => undefined;
    const three = await startGated(gateRedis(redis.client()), one.origin);
    revokeOthers = three.auth.sessions.revokeOthers;
    clock.advance(1000);
    const browser = await logInFirst();
    const [renewing, asking] = [one.browser(browser.jar.clone()), three.browser(browser.jar.clone())];
    const beforeSessions = holdAt(two, 'mget');
    const ending = two.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });
    await beforeSessions.arrived;
    const beforeMarks = holdAt(one, 'connectAuth:keepInIndexes');
    const answering = renewing.get('/renew');
    await beforeMarks.arrived;
    clock.advance(1000);
    await asking.get('/revoke-others');
    beforeMarks.release();
    await answering;
    beforeSessions.release();
    await ending;
    for (const { gate } of [one, two]) gate.onCommand = () => undefined;
    for (const { jar } of [browser, renewing, asking])
      expect(await whoIs(one.browser(jar.clone()))).toBeNull();
    await three.close();
  });
});
