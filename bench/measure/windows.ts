import { setTimeout as wait } from 'node:timers/promises';
import type { LoadGenerator } from './load-generator.ts';
import { readProcessorTime } from './processor-time.ts';
import type { ServerProcess } from './server-process.ts';

/** What one server did in one window. */
export interface Window {
  readonly perSecond: number;
  /** Of the server, in microseconds per request. */
  readonly cpu: number;
  /** The part of the window that the server was running: well below 1, something else held it up. */
  readonly busy: number;
  /** Cores that processes which are not ours were running on, on average; `undefined`: nobody can tell. */
  readonly others: number | undefined;
  /** The same of Redis, the load generator and the provider. */
  readonly ours: number | undefined;
}

/** A window of a contestant and the window of the reference that followed it at once. */
export interface Pair {
  readonly own: Window;
  readonly reference: Window;
}

/** How long a window is, and the load before it. */
export interface WindowOptions {
  readonly warmMs: number;
  readonly windowMs: number;
  readonly connections: number;
}

/**
 * Keeps a server busy, and looks at it for a while.
 *
 * @param name - whose cookies the load generator takes.
 */
export async function measureWindow(
  { server, name }: { server: ServerProcess; name: string },
  load: LoadGenerator,
  { warmMs, windowMs, connections }: WindowOptions,
): Promise<Window> {
  await load.send({ order: 'start', port: server.port, name, connections });
  await wait(warmMs);
  const before = readProcessorTime();
  const usedBefore = await server.readUsage();
  const begin = await load.send({ order: 'count' });
  await wait(windowMs);
  const usedAfter = await server.readUsage();
  const end = await load.send({ order: 'count' });
  const after = readProcessorTime();
  await load.send({ order: 'stop' });

  // Each reading by its own clock: on a busy machine the one comes later than the other.
  const perSecond = ((end.answers - begin.answers) * 1000) / (end.at - begin.at);
  const busy = (usedAfter.cpu - usedBefore.cpu) / 1000 / (usedAfter.at - usedBefore.at);
  const seconds = after && before && after.at - before.at;
  return {
    ...{ perSecond, busy, cpu: (busy * 1_000_000) / perSecond },
    others: seconds && (after.others - before.others) / seconds,
    ours: seconds && (after.own - before.own) / seconds - busy,
  };
}
