import { createSessionRecords } from '../../src/session/session-records.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';

/** Writes sessions of one person into Redis as logins do, as many as nobody wants to log in for. */
export async function seedSessions(
  redis: string,
  { count, issuer, sub, now }: { count: number; issuer: string; sub: string; now: () => number },
): Promise<void> {
  const store = createRedisStore({ redis, prefix: 'connect-auth:', timeoutMs: 10_000 });
  const records = createSessionRecords({ store, idleTimeoutMs: 86_400_000, now });
  const time = now();
  const write = (index: number) =>
    records.create(
      `a seeded session ${index} of ${sub}`,
      {
        ...{
          loginId: `login-${index}`,
          provider: 'default',
          issuer,
          sub,
          sid: `sid-${index}`,
          claims: { sub },
        },
        ...{ issuedAt: Math.floor(time / 1000), loginStartedAt: time, loggedInAt: time },
        absoluteEnd: time + 86_400_000,
      },
      { tokens: 'sealed', data: '{}' },
    );
  await Promise.all(Array.from({ length: count }, (_, index) => write(index)));
  await store.close();
}
