import type { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** What must not grow in a process, however long it serves. */
export interface ProcessMeasure {
  /** Bytes in use after the garbage has gone; `null` without `--expose-gc`. */
  readonly heap: number | null;
  /** Timers, sockets and whatever else keeps a process busy, by kind. */
  readonly resources: Readonly<Record<string, number>>;
  /** Listeners of the process and of the server. */
  readonly listeners: number;
}

/** Measures this process, once nothing is under way. */
export async function measureProcess(server: EventEmitter): Promise<ProcessMeasure> {
  const collect = (globalThis as { gc?: () => void }).gc;
  for (let times = 0; times < 4 && collect; times += 1) {
    collect();
    await wait(50);
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  const emitters: EventEmitter[] = [process, server];
  return {
    heap: collect ? process.memoryUsage().heapUsed : null,
    resources,
    listeners: emitters
      .flatMap((emitter) => emitter.eventNames().map((event) => emitter.listenerCount(event)))
      .reduce((sum, count) => sum + count, 0),
  };
}
