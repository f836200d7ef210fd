import type { Redis } from 'ioredis';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { startProcess } from './fleet.ts';
import { bundleFleetApp } from './fleet-bundle.ts';
import { startFleetProvider } from './fleet-provider.ts';
import type { ProcessMeasure } from './measure-process.ts';
import { createPeople, type Jar } from './person.ts';

/** How much of it. */
export interface SoakOptions {
  readonly logins: number;
  readonly requests: number;
  /** How often is measured; the first is taken after as much again has been done to get warm. */
  readonly rounds: number;
  readonly print?: (line: string) => void;
}

/** What is left when everybody has gone, at one moment. */
export interface SoakMeasure extends ProcessMeasure {
  readonly logins: number;
  readonly requests: number;
  /** Keys in Redis by kind. */
  readonly keys: Readonly<Record<string, number>>;
  /** Keys without an end, or with a later one than is documented. */
  readonly lasting: readonly string[];
}

const BASE_URL = 'http://localhost:3000';
/** People at work at once. */
const LANES = 24;
/** The longest that each kind may stay when its session has ended, in milliseconds; see docs/architecture.md. */
const LIVES: Readonly<Record<string, number>> = {
  ...{ s: 60_000, t: 60_000, used: 1_200_000, sub: 86_400_000 * 2, sid: 86_400_000 * 2, lock: 60_000 },
};

/** People log in, work, and log out, again and again; nothing may grow by it. */
export async function runSoak({ logins, requests, rounds, print }: SoakOptions): Promise<SoakMeasure[]> {
  const [redis, provider, bundle] = await Promise.all([
    startRedisServer(),
    startFleetProvider({ accessTokenLife: 3600 }),
    bundleFleetApp(),
  ]);
  const people = createPeople({ baseUrl: BASE_URL });
  try {
    const { issuer, clientId } = provider;
    const app = await startProcess(
      bundle.program,
      {
        ...{ name: 'soak', redis: redis.url, baseUrl: BASE_URL, issuer, clientId },
        secrets: ['a secret of the soak, long enough to be one'],
      },
      ['--expose-gc'],
    );
    const perLogin = Math.max(1, Math.round(requests / logins) - 3);
    const done = { logins: 0, requests: 0 };
    const visit = async (sub: string) => {
      const jar: Jar = new Map();
      const ask = async (method: 'GET' | 'POST', path: string, status: number) => {
        const answer = await people.send(app.origin, { method, path }, jar);
        done.requests += 1;
        if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}.`);
        return answer;
      };
      const { location } = await ask('GET', '/login', 302);
      await ask('GET', provider.authorize(location!, sub), 303);
      for (let at = 0; at < perLogin; at += 1) {
        if (at % 5 === 1) await ask('POST', '/count', 200);
        else if (at % 5 === 3) await ask('GET', '/token', 200);
        else await ask('GET', '/me', 200);
      }
      await ask('POST', '/logout', 200);
      done.logins += 1;
    };
    const visits = async (count: number) => {
      let left = count;
      const lane = async (index: number) => {
        while (left-- > 0) await visit(`u${index}`);
      };
      await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
    };
    const measures: SoakMeasure[] = [];
    const perRound = Math.ceil(logins / rounds);
    await visits(perRound);
    for (let round = 0; round <= rounds; round += 1) {
      if (round > 0) await visits(perRound);
      const measure = { ...(await app.measure()), ...done, ...(await countKeys(redis)) };
      measures.push(measure);
      print?.(describeMeasure(measure));
    }
    app.signal('SIGTERM');
    const end = await app.ended();
    if (end !== 0) throw new Error(`The process ended with ${end}.`);
    return measures;
  } finally {
    people.close();
    await Promise.all([redis.stop(), provider.close(), bundle.remove()]);
  }
}

/** One line of what was measured. */
export function describeMeasure({ logins, requests, heap, resources, listeners, keys }: SoakMeasure): string {
  const megabytes = heap === null ? '?' : (heap / 1_048_576).toFixed(1);
  const open = Object.entries(resources).map(([kind, count]) => `${kind} ${count}`);
  const kept = Object.entries(keys).map(([kind, count]) => `${kind} ${count}`);
  return `${logins} logins, ${requests} requests: heap ${megabytes} MB; ${open.join(', ')}; ${listeners} listeners; keys: ${kept.join(', ')}`;
}

async function countKeys(redis: RedisServer): Promise<Pick<SoakMeasure, 'keys' | 'lasting'>> {
  const client = redis.client();
  const keys: Record<string, number> = {};
  const lasting: string[] = [];
  let cursor = '0';
  do {
    const [next, found] = await client.scan(cursor, 'COUNT', 1000);
    cursor = next;
    const lives = await readLives(client, found);
    for (const [index, key] of found.entries()) {
      const kind = /^connect-auth:(.*):\{/.exec(key)?.[1] ?? 'unknown';
      keys[kind] = (keys[kind] ?? 0) + 1;
      if (!isPassing(kind, lives[index]!)) lasting.push(`${kind} ${lives[index]}`);
    }
  } while (cursor !== '0');
  client.disconnect();
  return { keys, lasting };
}

async function readLives(client: Redis, keys: readonly string[]): Promise<number[]> {
  const pipeline = client.pipeline();
  for (const key of keys) pipeline.pttl(key);
  return ((await pipeline.exec()) ?? []).map(([, life]) => Number(life));
}

function isPassing(kind: string, life: number): boolean {
  // -2: it went meanwhile.
  return life === -2 || (life >= 0 && life <= (LIVES[kind] ?? 0));
}
