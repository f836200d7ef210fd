import type { Redis } from 'ioredis';

/** Every key with its type, time to live in milliseconds and value, one per line. */
export async function dumpKeys(redis: Redis): Promise<string> {
  const lines: string[] = [];
  for (const key of (await redis.keys('*')).sort()) {
    const type = await redis.type(key);
    const value = await readValue(redis, type, key);
    lines.push(`${key} (${type}, ${await redis.pttl(key)} ms): ${value}`);
  }
  return lines.join('\n');
}

async function readValue(redis: Redis, type: string, key: string): Promise<string> {
  switch (type) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'hash':
      return JSON.stringify(await redis.hgetall(key));
    case 'list':
      return JSON.stringify(await redis.lrange(key, 0, -1));
    case 'set':
      return JSON.stringify(await redis.smembers(key));
    case 'zset':
      return JSON.stringify(await redis.zrange(key, '0', '-1', 'WITHSCORES'));
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    default:
      return `(a ${type} cannot be shown)`;
  }
}
