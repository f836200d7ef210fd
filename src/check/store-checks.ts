import type { Clock } from '../clock.ts';
import type { Store, StoreExamination } from '../store/store.ts';
import {
  type Check,
  describeOffset,
  failed,
  failedBy,
  passed,
  skipped,
  splitMessage,
  warned,
} from './check.ts';

/** What is found out about Redis, and what tells it from another. */
export interface StoreChecks {
  readonly checks: readonly Check[];
  readonly redis: string | undefined;
}

/** Above that each page with a session feels it, in milliseconds. */
const SLOW_MS = 10;
/** So full may it be, as a part of its memory. */
const FULL = 0.8;
/** Logins under way and logouts bear as much, in milliseconds; see CLOCK_SLACK_MS. */
const CLOCK_FAULT_MS = 300_000;
const CLOCK_WARNING_MS = 5_000;

/** Looks at the store with everything it is used for. */
export async function checkStore(store: Store, now: Clock): Promise<StoreChecks> {
  if (!store.examine) return { checks: [inMemory()], redis: undefined };
  const found = await store.examine(now);
  if (found.silence !== undefined) {
    return {
      checks: [failedBy('redis.reachable', new Error(found.silence), { field: 'redis' })],
      redis: undefined,
    };
  }
  return {
    checks: [
      passed('redis.reachable', `${found.where} answers.`),
      checkRights(found),
      ...(isKnown(found)
        ? [checkVersion(found), checkEviction(found), checkPersistence(found)]
        : [unknown(found)]),
      ...checkMemory(found),
      ...checkCluster(found),
      ...checkLatency(found),
      ...checkClock(found),
    ],
    redis: nameServer(found),
  };
}

function inMemory(): Check {
  return warned('redis.reachable', 'Sessions live in the memory of this process.', {
    field: 'redis',
    remedy:
      'They end with it, and no other process knows them: a cluster, a second instance or a restart loses logins. Give redis, unless this is for development.',
  });
}

/** Another connection to the same server finds the same; of a cluster each node would say something else. */
function nameServer({ where, isCluster, info }: StoreExamination): string {
  return isCluster || !info.run_id ? where : `run ${info.run_id}`;
}

function isKnown({ info }: StoreExamination): boolean {
  return info.redis_version !== undefined;
}

function unknown({ where }: StoreExamination): Check {
  return skipped('redis.version', `${where} does not say its version, eviction policy and persistence.`, {
    remedy: 'Give its user +info for the check.',
  });
}

function checkRights({ where, failed: refused }: StoreExamination): Check {
  const [first] = refused;
  if (!first) return passed('redis.rights', `${where} lets its user do all that is needed.`);
  const { says, remedy } = splitMessage(first.message);
  const what = refused.map((each) => each.what);
  return failed('redis.rights', `${says} What failed: ${what.join(', ')}.`, { remedy, field: 'redis' });
}

function checkVersion({ info }: StoreExamination): Check {
  const version = info.redis_version!;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > 6 || (major === 6 && minor >= 2);
  const name = info.server_name === 'valkey' ? `Valkey ${info.valkey_version}` : `Redis ${version}`;
  if (isNewEnough) return passed('redis.version', `It is ${name}.`);
  return failed('redis.version', `It is ${name}.`, { field: 'redis', remedy: 'It must be 6.2 or newer.' });
}

function checkEviction({ info }: StoreExamination): Check {
  const policy = info.maxmemory_policy ?? '';
  if (policy === 'noeviction') return passed('redis.eviction', 'maxmemory-policy is noeviction.');
  return failed(
    'redis.eviction',
    `maxmemory-policy is ${policy || 'unknown'}: a Redis that is full drops sessions and logouts.`,
    {
      field: 'maxmemory-policy',
      remedy:
        'CONFIG SET maxmemory-policy noeviction, and in its configuration file. A cache needs a Redis of its own.',
    },
  );
}

function checkPersistence({ info }: StoreExamination): Check {
  const isBroken = info.aof_last_write_status === 'err' || info.rdb_last_bgsave_status === 'err';
  if (isBroken) {
    return failed('redis.persistence', 'It could not save its data the last time it tried.', {
      field: 'appendonly',
      remedy: 'Look at its log, and at the space and the rights of its disk: it may refuse writes for that.',
    });
  }
  if (info.aof_enabled === '1') return passed('redis.persistence', 'It keeps its data by appendonly.');
  return warned(
    'redis.persistence',
    'appendonly is off: a restart loses the sessions since the last snapshot, or all.',
    {
      field: 'appendonly',
      remedy:
        'CONFIG SET appendonly yes, unless everybody may have to log in again after a restart of Redis.',
    },
  );
}

function checkMemory({ info }: StoreExamination): readonly Check[] {
  const [used, most] = [Number(info.used_memory), Number(info.maxmemory)];
  if (!(most > 0) || !(used > FULL * most)) return [];
  return [
    warned('redis.memory', `${Math.round((100 * used) / most)} % of its memory are in use.`, {
      field: 'maxmemory',
      remedy: 'Give it more: when it is full, nobody can log in.',
    }),
  ];
}

function checkCluster({ info, isCluster, where }: StoreExamination): readonly Check[] {
  const isNode = info.cluster_enabled === '1';
  if (isNode && !isCluster) {
    return [
      failed('redis.cluster', `${where} is one node of a cluster, and is used as if it were alone.`, {
        field: 'redis',
        remedy: 'Give a client that knows all nodes: new Cluster(…) of ioredis.',
      }),
    ];
  }
  return isCluster ? [passed('redis.cluster', 'It is a cluster, and was tried in several slots.')] : [];
}

function checkLatency({ latencyMs }: StoreExamination): readonly Check[] {
  if (latencyMs === undefined) return [];
  const says = `A read takes ${latencyMs < 1 ? latencyMs.toFixed(2) : latencyMs.toFixed(0)} ms.`;
  if (latencyMs <= SLOW_MS) return [passed('redis.latency', says)];
  return [
    warned('redis.latency', `${says} Each request with a session waits for one.`, {
      field: 'redis',
      remedy: 'Put it beside the application, in the same data centre; look whether it is busy.',
    }),
  ];
}

function checkClock({ clockOffsetMs }: StoreExamination): readonly Check[] {
  if (clockOffsetMs === undefined) return [];
  const says = `Its clock is ${describeOffset(clockOffsetMs)}.`;
  if (Math.abs(clockOffsetMs) < CLOCK_WARNING_MS) return [passed('redis.clock', says)];
  const notes = { field: 'the clocks', remedy: 'Keep both clocks by NTP.' };
  if (Math.abs(clockOffsetMs) < CLOCK_FAULT_MS) return [warned('redis.clock', says, notes)];
  return [failed('redis.clock', `${says} No login is taken.`, notes)];
}
