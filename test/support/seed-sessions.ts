import { randomBytes } from 'node:crypto';
import { createSessionIndexes } from '../../src/session/session-indexes.ts';
import { createSessionRecords } from '../../src/session/session-records.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { keysOf } from './session-records.ts';

const DAY = 86_400_000;

export interface SeededSessions {
  readonly count: number;
  /** The application that they belong to. */
  readonly app: { origin: string };
  readonly issuer: string;
  readonly clientId: string;
  readonly sub: string;
  readonly now: () => number;
}

/** Writes sessions of one person into Redis as logins do, as many as nobody wants to log in for. */
export async function seedSessions(redis: string, options: SeededSessions): Promise<void> {
  const { count, app, issuer, clientId, sub, now } = options;
  const keys = keysOf(app);
  const store = createRedisStore({ redis, prefix: 'connect-auth:', timeoutMs: 10_000, now });
  const records = createSessionRecords({
    ...{ store, indexes: createSessionIndexes(keys), now, monotonic: now },
    ...{ idleTimeoutMs: DAY, absoluteTimeoutMs: DAY },
  });
  const time = now();
  const write = (index: number) =>
    records.create(keys.sessionKey(randomBytes(32).toString('base64url')), {
      identity: {
        ...{ loginId: `login-${index}`, provider: 'default', issuer, clientId, sub },
        ...{ sid: `sid-${index} of ${sub}`, claims: { sub } },
        ...{ issuedAt: Math.floor(time / 1000), loginStartedAt: time, loggedInAt: time },
      },
      tokens: Buffer.from('sealed'),
      data: '{}',
    });
  await Promise.all(Array.from({ length: count }, (_, index) => write(index)));
  await store.close();
}
