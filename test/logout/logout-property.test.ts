import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exploration } from '../support/exploration.ts';
import { createModelProcess } from '../support/logout-model.ts';
import { createWorld, type Step, type StepKind } from '../support/logout-world.ts';
import { connectNodeRedis } from '../support/redis-clients.ts';
import { createTurns, type Turns } from '../support/turns.ts';
import { useRedisServer } from '../support/use-apps.ts';

const EXPLORATION = exploration(1000);
const RUNS = EXPLORATION.numRuns;
const redis = await useRedisServer();
const database = redis.client();
const connect = () => redis.client({ path: redis.socketPath });

let time = Date.now();
let turns: Turns;
/** How far from the true time the clocks are that step. */
const offsets = { 'process 1': 0, Redis: 0 };
type SteppingClock = keyof typeof offsets;
const now = () => time;
const store = () => time + offsets.Redis;
const nodeRedis = await connectNodeRedis(redis.port);
afterAll(() => nodeRedis.destroy());
const processes = [
  createModelProcess('process 0', connect(), {
    ...{ turns: () => turns, clocks: { now, monotonic: now, store } },
  }),
  // What holds between the two holds between the clients.
  createModelProcess('process 1', connect(), {
    redis: nodeRedis,
    ...{ turns: () => turns, clocks: { now: () => time + offsets['process 1'], monotonic: now, store } },
  }),
] as const;

const kinds: fc.Arbitrary<StepKind> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('login' as const) },
  { weight: 1, arbitrary: fc.constant('callbackAgain' as const) },
  { weight: 3, arbitrary: fc.constant('clock' as const) },
  { weight: 2, arbitrary: fc.constantFrom('request' as const, 'change' as const, 'list' as const) },
  { weight: 3, arbitrary: fc.constantFrom('renew' as const, 'refresh' as const) },
  { weight: 4, arbitrary: fc.constantFrom('logout' as const, 'logoutToken' as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(...(['logoutTokenAgain', 'revoke', 'revokeOthers', 'revokeAll'] as const)),
  },
);
const step: fc.Arbitrary<Step> = fc.record({
  kind: kinds,
  browser: fc.constantFrom(0, 1),
  process: fc.constantFrom(0, 1),
  target: fc.constantFrom('sub', 'sid', 'both'),
  offsetMs: fc.constantFrom(...[0, 1, 120, 3600, 86_400, -1, -120, -3600, -86_400].map((s) => s * 1000)),
});
const scenario = fc.record({
  /** Who is logged in before anything races. */
  loggedIn: fc.constantFrom<readonly (0 | 1)[]>([], [0], [0, 1]),
  steps: fc.array(step, { minLength: 2, maxLength: 5 }),
  /** Which of those who wait goes on, at each turn. Races are lost by who waits while another does several things. */
  choices: fc.noBias(
    fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(7)), { maxLength: 48 }),
  ),
  /** How much time a turn takes, in milliseconds: providers count in seconds. */
  turnMs: fc.constantFrom(1, 300, 1000),
  tellsAuthTime: fc.boolean(),
  /**
   * Which clock steps. One at a time: that of Redis judges those of the processes. What Redis itself forgets when its
   * clock steps ahead is not played: keys whose life is shorter than the step may be gone, and with them what they knew.
   */
  stepping: fc.constantFrom<SteppingClock | undefined>(undefined, 'process 1', 'Redis'),
  /** After how many turns both processes are killed, wherever they are. */
  end: fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, fc.nat(30)),
});

const counts = { runs: 0, killed: 0, promises: 0, living: 0, authenticated: 0, turns: 0 };

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

async function play({ loggedIn, steps, choices, turnMs, tellsAuthTime, stepping, end }: Scenario) {
  counts.runs += 1;
  await database.flushall();
  turns = createTurns(() => {
    time += turnMs;
  });
  for (const clock of ['process 1', 'Redis'] as const) offsets[clock] = 0;
  const setClock = (offsetMs: number) => {
    if (stepping) offsets[stepping] = offsetMs;
  };
  const sub = `user ${counts.runs}`;
  const world = createWorld({ sub, tellsAuthTime, turns, now, setClock }, processes);
  const faults: unknown[] = [];
  const begin = (one: Step) =>
    void world.act(one).catch((error) => {
      if (!turns.isOver) faults.push(error);
    });
  for (const browser of loggedIn) {
    begin({ kind: 'login', browser, process: 0, target: 'sub', offsetMs: 0 });
    await turns.run(
      () => false,
      () => 0,
    );
  }
  const before = turns.log.length;
  const begun: string[] = [];
  let at = 0;
  const choose = (count: number) => {
    if (at === end) {
      counts.killed += 1;
      return undefined;
    }
    return (choices[at++] ?? 0) % count;
  };
  await turns.run(() => {
    const one = steps[begun.length]!;
    begun.push(world.nameOf(one));
    begin(one);
    return begun.length < steps.length;
  }, choose);

  const { broken, living } = await world.findResurrected();
  counts.promises += world.promised.length;
  counts.authenticated += world.seen.length;
  counts.living += living;
  counts.turns += turns.log.length;
  const problems = [...world.findBroken(), ...broken, ...faults.map(String)];
  if (problems.length > 0) {
    throw new Error([...problems, 'after these turns:', ...turns.log.slice(before)].join('\n  '));
  }
}

describe('whatever two processes do with the sessions of a person, in whatever order of their commands, and however one of their clocks or that of Redis steps,', () => {
  it(`no request that begins after an acknowledged logout is authenticated, and no login is taken twice, in ${RUNS} runs (F-126, F-25, F-62, F-71, F-80, N-05, N-06, N-09)`, async () => {
    await fc.assert(fc.asyncProperty(scenario, play), EXPLORATION);
    // What would make it true of nothing.
    expect(counts.killed).toBeGreaterThan(RUNS / 10);
    expect(counts.promises).toBeGreaterThan(RUNS / 2);
    expect(counts.authenticated).toBeGreaterThan(RUNS / 2);
    expect(counts.living).toBeGreaterThan(RUNS / 4);
    expect(counts.turns / counts.runs).toBeGreaterThan(10);
  });
});
