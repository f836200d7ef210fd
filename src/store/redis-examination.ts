import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Store } from './store.ts';

/** What it is made of. */
export interface RedisExaminationOptions {
  /** To begin a sentence with. */
  readonly where: string;
  readonly isCluster: boolean;
  readonly prefix: string;
  /** Why nothing comes from it, not even a refusal; `undefined`: something does. */
  readonly findSilence: () => Promise<string | undefined>;
  /** What Redis says of itself. */
  readonly info: () => Promise<string>;
  /** Removes keys of one hash tag. */
  readonly remove: (keys: readonly string[]) => Promise<unknown>;
  /** The same store with another prefix, over the same connection. */
  readonly open: (prefix: string) => Store;
  readonly monotonic: Clock;
}

/** So many reads are measured. */
const READS = 9;
/** Nobody looks for what could not be removed for longer, in milliseconds. */
const LIFE_MS = 10_000;
/** Of a cluster so many slots are tried. */
const SLOTS = 3;

/**
 * Looks at Redis by doing all that the store ever does, on keys of its own that begin with the prefix and are removed
 * afterwards.
 */
export function createRedisExamination(options: RedisExaminationOptions): NonNullable<Store['examine']> {
  const { where, isCluster, prefix, findSilence, info, remove, open, monotonic } = options;

  return async (now) => {
    const silence = await findSilence();
    // Whoever does not answer is not asked twenty times more.
    if (silence !== undefined) return { ...UNKNOWN, where, isCluster, silence };
    const readInfo = parseInfo(await info().catch(() => ''));
    const own = `${prefix}check:`;
    const store = open(own);
    const failed = new Map<string, string>();
    const latencies: number[] = [];
    let clockOffsetMs: number | undefined;
    for (let slot = 0; slot < (isCluster ? SLOTS : 1); slot += 1) {
      const name = randomUUID();
      try {
        const noteClock = (offset: number) => {
          clockOffsetMs = offset;
        };
        for (const [what, work] of listOperations(store, name, { now, noteClock })) {
          await work().catch((error: Error) => void failed.set(what, error.message));
        }
        for (let read = 0; read < READS; read += 1) {
          const before = monotonic();
          await store.readSession(name).then(
            () => latencies.push(monotonic() - before),
            () => undefined,
          );
        }
      } finally {
        await remove(listKeys(own, name)).catch((error: Error) => void failed.set('DEL', error.message));
      }
    }
    await store.close();
    return {
      ...{ where, isCluster, silence },
      info: readInfo,
      failed: [...failed].map(([what, message]) => ({ what, message })),
      latencyMs: latencies.sort((one, other) => one - other)[Math.floor(latencies.length / 2)],
      clockOffsetMs,
    };
  };
}

const UNKNOWN = { info: {}, failed: [], latencyMs: undefined, clockOffsetMs: undefined } as const;

type Operation = readonly [what: string, work: () => Promise<unknown>];

/** Everything that the store does, each once. What one leaves is what the next finds. */
function listOperations(
  store: Store,
  name: string,
  { now, noteClock }: { now: Clock; noteClock: (offsetMs: number) => void },
): readonly Operation[] {
  const index = { kind: 'sub', id: name } as const;
  const life = { idleMs: LIFE_MS, absoluteMs: LIFE_MS };
  const bytes = (text: string) => Buffer.from(text);
  const swap = { tokens: { from: bytes('one'), to: bytes('two') } };
  const begin = async () => {
    const before = now();
    const login = await store.writeLogin(name, { identity: '{}', data: '{}', tokens: bytes('one') }, life);
    // A new session is dated by the clock of Redis.
    if (login) noteClock(login.seenAt - (before + now()) / 2);
  };
  return [
    ['begin a session', begin],
    ['read a session', () => store.readSession(name, { withTokens: true })],
    ['note that a session is used', () => store.touchSession(name, LIFE_MS)],
    ['write session data', () => store.writeData(name, '{}', LIFE_MS, { mustExist: true })],
    ['read tokens', () => store.readTokens(name)],
    ['store refreshed tokens', () => store.swapTokens(name, swap)],
    ['lock a session', () => store.acquireLock(name, name, LIFE_MS)],
    ['keep a lock', () => store.extendLock(name, name, LIFE_MS, { sent: false })],
    ['give a lock back', () => store.releaseLock(name, name)],
    ['take a login', () => store.takeLogin(name, name, now())],
    ['look at a login', () => store.readLogins([name])],
    ['cancel a login', () => store.cancelLogins([name])],
    ['list the sessions of a user', () => store.addToIndexes([index], name, LIFE_MS)],
    ['walk through the sessions of a user', () => store.scanIndex(index)],
    ['find the newest sessions of a user', () => store.readNewest(index, 1)],
    ['take a session off the list', () => store.removeFromIndex(index, name)],
    ['mark a logout', () => store.putMark(index, { startedBy: 0 })],
    ['mark a front-channel logout', () => store.putOpenMark(name, index, 0)],
    ['look for marks of logouts', () => store.readMarks([index], name)],
    ['remember a logout token', () => store.putLogoutToken(name, { meaning: '', cameAt: 0 }, LIFE_MS)],
    ['change the id of a session', () => store.rotateSession(name, `${name}-next`)],
    ['end a session', () => store.endSession(name, { owner: name })],
  ];
}

/** All that those may have left. See redis-store.ts for the names. */
function listKeys(prefix: string, name: string): readonly string[] {
  const kinds = ['s', 'd', 't', 'lock', 'used', 'sub', 'mark:sub', 'mark:open', 'jti'];
  return kinds.map((kind) => `${prefix}${kind}:{${name}}`);
}

function parseInfo(text: string): Readonly<Record<string, string>> {
  const lines = text.split(/\r?\n/).map((line) => /^(\w+):(.*)$/.exec(line));
  return Object.fromEntries(lines.flatMap((found) => (found ? [[found[1]!, found[2]!]] : [])));
}
