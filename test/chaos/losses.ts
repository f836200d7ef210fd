import type { Redis } from 'ioredis';
import type { RedisServer } from '../support/redis-server.ts';

/** A time in which what was acknowledged may be lost, and what was ended may be read, in milliseconds of the wall clock. */
export interface LossWindow {
  readonly from: number;
  readonly to: number;
}

/** Watches a primary and its replica, and knows of each failover what it may have cost. */
export interface Losses {
  readonly windows: readonly LossWindow[];
  /** Whether something that was done between these times may be lost, or have been seen by who had not heard. */
  touch(from: number, to: number): boolean;
  stop(): void;
}

interface Sample {
  readonly at: number;
  readonly offset: number;
}

const POLL_MS = 25;
const COMMAND_TIMEOUT_MS = 400;
const KEPT_SAMPLES = 4000;
/** A replica that has become the primary is told to each process in this time; until then they ask the old one. */
const SETTLE_MS = 300;

/**
 * Redis replicates behind the back of its clients. A replica that takes over names the offset up to which it had followed
 * (`second_repl_offset`): what the old primary acknowledged while it was not beyond that has survived. From the first
 * moment after it, until the old one serves nobody as a primary any more, nothing is promised.
 */
export function watchLosses(nodes: readonly RedisServer[]): Losses {
  const watched = nodes.map((node) => ({
    client: node.client({
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: () => 50,
    }),
    samples: [] as Sample[],
    /** Of the last reign that has been accounted for. */
    seen: '',
    isPrimary: false,
  }));
  const windows: { from: number; to: number }[] = [];
  let isOver = false;

  /** One of them has slept, and has not heard: it serves as before, and nothing is promised. */
  const noteTwoPrimaries = (at: number) => {
    const open = windows.at(-1);
    const to = Date.now() + SETTLE_MS;
    if (open && open.to >= at - COMMAND_TIMEOUT_MS) open.to = to;
    else windows.push({ from: at - COMMAND_TIMEOUT_MS, to });
  };

  const look = async (index: number) => {
    const node = watched[index]!;
    const at = Date.now();
    const said = await readReplication(node.client);
    if (!said) {
      node.isPrimary = false;
      return;
    }
    node.isPrimary = said.isPrimary;
    if (!said.isPrimary) return;
    node.samples.push({ at, offset: said.offset });
    if (node.samples.length > KEPT_SAMPLES) node.samples.splice(0, KEPT_SAMPLES / 2);
    if (said.secondOffset > 0 && said.secondId !== node.seen) {
      node.seen = said.secondId;
      const others = watched.filter((other) => other !== node).flatMap(({ samples }) => samples);
      const safe = others.filter(({ offset }) => offset < said.secondOffset).at(-1)?.at ?? 0;
      if (safe > 0) windows.push({ from: safe, to: Date.now() + SETTLE_MS });
    }
    if (watched.every(({ isPrimary }) => isPrimary)) noteTwoPrimaries(at);
  };
  const watch = async (index: number) => {
    while (!isOver) {
      await look(index);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  nodes.forEach((_, index) => void watch(index));

  return {
    windows,
    touch: (from, to) => windows.some((window) => from <= window.to && to >= window.from),
    stop: () => {
      isOver = true;
      for (const { client } of watched) client.disconnect();
    },
  };
}

async function readReplication(client: Redis) {
  const text = await client.info('replication').catch(() => undefined);
  if (text === undefined) return undefined;
  const read = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1] ?? '';
  return {
    isPrimary: read('role') === 'master',
    offset: Number(read('master_repl_offset')),
    secondOffset: Number(read('second_repl_offset')),
    secondId: read('master_replid2'),
  };
}
