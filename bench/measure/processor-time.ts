import { readdirSync, readFileSync } from 'node:fs';

/** What processes have used so far, in seconds of processor time, over all cores. */
export interface ProcessorTime {
  /** When it was read, by the monotonic clock, in seconds. */
  readonly at: number;
  /** Of this process and everything it has started. */
  readonly own: number;
  readonly others: number;
}

const TICKS_PER_SECOND = 100;

/**
 * Adds up what each process says of itself, in /proc. `undefined` where there is none. The sums for whole cores, in
 * /proc/stat, are samples: they miss what runs in short pieces, as servers and load generators do.
 */
export function readProcessorTime(): ProcessorTime | undefined {
  const processes = readProcesses();
  if (!processes) return undefined;
  const isOwn = (pid: number | undefined): boolean =>
    pid === process.pid || (pid !== undefined && pid > 1 && isOwn(processes.get(pid)?.parent));
  let own = 0;
  let others = 0;
  for (const [pid, { ticks }] of processes) {
    if (isOwn(pid)) own += ticks;
    else others += ticks;
  }
  return {
    at: performance.now() / 1000,
    own: own / TICKS_PER_SECOND,
    others: others / TICKS_PER_SECOND,
  };
}

interface KnownProcess {
  readonly parent: number;
  /** With those of the children that have ended, so that the sum over all never falls. */
  readonly ticks: number;
}

/** @see [proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html) */
function readProcesses(): ReadonlyMap<number, KnownProcess> | undefined {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return new Map(pids.flatMap((pid) => readProcess(pid) ?? []));
  } catch {
    return undefined;
  }
}

/** As an entry of the map, or nothing: a process may end while it is looked at. */
function readProcess(pid: string): [[number, KnownProcess]] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name, which may hold anything.
    const [, parent, ...fields] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [user = 0, system = 0, usersOfChildren = 0, systemOfChildren = 0] = fields.slice(9);
    const ticks = user + system + usersOfChildren + systemOfChildren;
    return [[Number(pid), { parent: parent!, ticks }]];
  } catch {
    return undefined;
  }
}
