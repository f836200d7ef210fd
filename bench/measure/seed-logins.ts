import { createApplicationKeys } from '../../src/keys.ts';
import type { NewIdentity } from '../../src/session/identity.ts';
import { createSessionIndexes } from '../../src/session/session-indexes.ts';
import { createSessionRecords } from '../../src/session/session-records.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { inTurns } from './sessions.ts';

/** Sessions that nobody wants to log in for, because they are a million. */
export interface SeedOptions {
  readonly redisUrl: string;
  /** The application that they belong to, by its base URL. */
  readonly application: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly count: number;
  /** Whose session each is. */
  readonly personOf: (index: number) => { sub: string; sid: string };
  readonly say: (text: string) => void;
}

const LIFE_MS = 86_400_000;
const PROGRESS = 100_000;

/** Writes them as logins do, by the same code, with small tokens. */
export async function seedLogins(options: SeedOptions): Promise<void> {
  const { redisUrl, application, issuer, clientId, count, personOf, say } = options;
  const keys = createApplicationKeys(application);
  const store = createRedisStore({ redis: redisUrl, prefix: 'connect-auth:', timeoutMs: 60_000 });
  const records = createSessionRecords({
    ...{ store, idleTimeoutMs: LIFE_MS, absoluteTimeoutMs: LIFE_MS },
    indexes: createSessionIndexes(keys),
    now: Date.now,
    monotonic: () => performance.now(),
  });
  const time = Date.now();
  const tokens = Buffer.alloc(100);
  await inTurns(
    count,
    async (index) => {
      const { sub, sid } = personOf(index);
      const identity: NewIdentity = {
        ...{ loginId: `login-${index}`, provider: 'default', issuer, clientId, sub, sid, claims: { sub } },
        ...{ issuedAt: Math.floor(time / 1000), loginStartedAt: time, loggedInAt: time },
      };
      await records.create(keys.sessionKey(`seeded-${index}`), { identity, tokens, data: '{}' });
      if ((index + 1) % PROGRESS === 0) say(`${index + 1} sessions written`);
    },
    200,
  );
  await store.close();
}
