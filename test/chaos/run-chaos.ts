import { setTimeout as wait } from 'node:timers/promises';
import { BLOWS, type Blow, BREAKS, dealBlow } from './blows.ts';
import { createCrowd } from './crowd.ts';
import { type FleetProcess, startProcess } from './fleet.ts';
import { bundleFleetApp, type SourceEdits } from './fleet-bundle.ts';
import { startFleetProvider } from './fleet-provider.ts';
import { createJudge, type Verdicts } from './judge.ts';
import { watchLosses } from './losses.ts';
import { createPeople } from './person.ts';
import { createRandom } from './random.ts';
import { startRedisPair } from './redis-pair.ts';

/** How much of it. */
export interface ChaosOptions {
  readonly seed: number;
  readonly processes: number;
  readonly people: number;
  /** How long the people work, in seconds, at least: all blows are dealt. */
  readonly seconds: number;
  /** How many. They come in a random order, each kind about as often as the others. */
  readonly blows: number;
  /** Deals these instead, in this order. */
  readonly chosen?: readonly Blow[];
  readonly thinkMs: number;
  /** Changes of the sources: to see that what is broken is found. */
  readonly edits?: SourceEdits;
  readonly print?: (line: string) => void;
}

/** What came of it. */
export interface ChaosReport extends Verdicts {
  readonly seconds: number;
  readonly blows: readonly Blow[];
  readonly slowestMs: number;
  /** Messages of `onError`, counted by code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** So long after everything stands again an answer may still be a fault of that, in milliseconds. */
const AFTERMATH_MS = { store: 8000, process: 3000, refresh: 45_000 };
const SECRET = 'a secret of the chaos, long enough to be one';
const BASE_URL = 'http://localhost:3000';
const STORE_TIMEOUT_MS = 1000;

/** Lets people work at several processes while those and Redis are dealt blows, and judges every answer. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, seconds, print = () => undefined } = options;
  const random = createRandom(seed);
  const [pair, provider, bundle] = await Promise.all([
    startRedisPair(),
    startFleetProvider(),
    bundleFleetApp(options.edits),
  ]);
  const losses = watchLosses(pair.nodes);
  const people = createPeople({ baseUrl: BASE_URL });
  const broken: { kind: 'store' | 'process'; from: number; to: number }[] = [];
  const fleet: FleetProcess[] = [];
  const everyone: FleetProcess[] = [];
  const start = async () => {
    const { issuer, clientId } = provider;
    const common = { baseUrl: BASE_URL, secrets: [SECRET], storeTimeoutMs: STORE_TIMEOUT_MS };
    const started = await startProcess(bundle.program, {
      ...{ ...common, redis: pair.target, issuer, clientId, name: `process ${everyone.length}` },
    });
    everyone.push(started);
    return started;
  };
  const judge = createJudge({
    lost: losses.touch,
    troubled: (from, to, kind) =>
      broken.some((each) => {
        const isIt = kind === 'refresh' || each.kind === kind;
        return isIt && from <= each.to + AFTERMATH_MS[kind] && to >= each.from;
      }),
    refreshes: provider.refreshes,
    now: Date.now,
  });
  const slowest = { ms: 0 };
  const watched = {
    ...people,
    send: async (...given: Parameters<typeof people.send>) => {
      const answer = await people.send(...given);
      slowest.ms = Math.max(slowest.ms, answer.ms);
      return answer;
    },
  };

  try {
    fleet.push(...(await Promise.all(Array.from({ length: options.processes }, start))));
    const begun = performance.now();
    const { thinkMs } = options;
    const crowd = createCrowd(options.people, {
      ...{ people: watched, provider, fleet: () => fleet, judge, random, thinkMs, now: Date.now },
    });
    const blows = options.chosen ?? chooseBlows(options.blows, random);
    const restMs = (seconds * 1000) / (blows.length + 1);
    for (const [at, blow] of blows.entries()) {
      // As often as they come late, they come sooner after each other.
      await wait(Math.max(500, begun + restMs * (at + 1) - performance.now()));
      print(`${new Date().toISOString().slice(11, 19)} ${blow}`);
      const kind = BREAKS[blow];
      const trouble = { from: Date.now(), to: Number.POSITIVE_INFINITY };
      if (kind) broken.push(Object.assign(trouble, { kind }));
      const index = random.below(fleet.length);
      await dealBlow[blow]({
        ...{ fleet, pair, index, start },
        onEnd: (end) => {
          if (end !== 0) judge.verdicts.wrong.push(`A process that was told to end did so with ${end}.`);
        },
      });
      trouble.to = Date.now();
    }
    await wait(Math.max(AFTERMATH_MS.process, begun + seconds * 1000 - performance.now()));
    await crowd.stop();
    await crowd.lookAtAll();
    return {
      ...judge.verdicts,
      seconds: (performance.now() - begun) / 1000,
      blows,
      slowestMs: slowest.ms,
      errors: countErrors(everyone),
    };
  } finally {
    for (const { from, to } of losses.windows)
      print(`nothing promised from ${new Date(from).toISOString().slice(11, 23)} for ${to - from} ms`);
    losses.stop();
    for (const each of everyone) {
      if (each.end !== undefined) continue;
      each.signal('SIGCONT');
      each.signal('SIGKILL');
    }
    people.close();
    await Promise.all([pair.stop(), provider.close(), bundle.remove()]);
  }
}

/** Each kind as often as the others, as far as the number allows, in a random order. */
function chooseBlows(count: number, { below }: { below(count: number): number }): Blow[] {
  const chosen = Array.from({ length: count }, (_, index) => BLOWS[index % BLOWS.length]!);
  for (let at = chosen.length - 1; at > 0; at -= 1) {
    const other = below(at + 1);
    [chosen[at], chosen[other]] = [chosen[other]!, chosen[at]!];
  }
  return chosen;
}

function countErrors(processes: readonly FleetProcess[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { error } of processes.flatMap(({ messages }) => messages)) {
    if (error) counts[error] = (counts[error] ?? 0) + 1;
  }
  return counts;
}
