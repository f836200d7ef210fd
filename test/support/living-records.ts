import type { Redis } from 'ioredis';
import { ENDED_LIFE_MS } from '../../src/store/store.ts';

/**
 * Names all that is in Redis of logins that live: what is under their keys, but for pointers, and for the marks of ended
 * sessions, which are kept with their sealed tokens for a minute and no longer. Data alone is of nobody.
 *
 * @param key - of one session. @default that of any
 */
export async function findLivingRecords(database: Redis, key = '*'): Promise<string[]> {
  const names = await Promise.all(['s', 'd', 't'].map((kind) => database.keys(`*:${kind}:{${key}}`)));
  const living = await Promise.all(
    names.flat().map(async (name) => {
      const [, prefix, kind, tag] = /^(.*:)([sdt]):(\{.*\})$/.exec(name)!;
      const [record] = await database.mget(`${prefix}s:${tag}`);
      if (record?.startsWith('> ')) return kind === 's' ? [] : [name];
      if (kind === 'd' && !record) return [];
      if (kind === 'd' || !record?.startsWith('x ')) return [name];
      return (await database.pttl(name)) <= ENDED_LIFE_MS ? [] : [name];
    }),
  );
  return living.flat();
}
