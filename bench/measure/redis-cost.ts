import type { Redis } from 'ioredis';
import { exchange } from '../../test/support/http-exchange.ts';
import type { RedisServer } from '../../test/support/redis-server.ts';
import type { ServerProcess } from './server-process.ts';

/** What keys take in Redis: how many, and their bytes by MEMORY USAGE. */
export interface KeySpace {
  readonly keys: number;
  readonly bytes: number;
}

/** What stays for a while after a login, and belongs to no session. */
const OF_LOGINS = /(^|:)used:/;

/** Adds up what a database holds. */
export async function measureKeys(redis: Redis): Promise<KeySpace> {
  let keys = 0;
  let bytes = 0;
  for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
    const [next, found] = await redis.scan(cursor, 'COUNT', 1000);
    const counted = found.filter((key) => !OF_LOGINS.test(key));
    const sizes = await Promise.all(
      counted.map(async (key) => (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0),
    );
    keys += counted.length;
    bytes += sizes.reduce((sum, size) => sum + size, 0);
    cursor = next;
  }
  return { keys, bytes };
}

const REQUESTS = 50;

/** Commands per request, those that scripts run included, of requests that come one after the other. */
export async function countCommands(
  redis: RedisServer,
  { origin }: ServerProcess,
  cookies: readonly string[],
): Promise<number> {
  // Now and then a session is touched: not now.
  const send = async (index: number) => {
    const cookie = cookies[index % cookies.length];
    const headers = { ...(cookie !== undefined && { cookie }) };
    await (await exchange({ method: 'GET', url: `${origin}/me`, headers })).text();
  };
  const sendAll = async () => {
    for (let index = 0; index < REQUESTS; index += 1) await send(index);
  };
  await sendAll();
  await redis.resetCommandCounts();
  await sendAll();
  return sumOf(await redis.commandCounts()) / REQUESTS;
}

/** Adds up the counts of all commands. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
