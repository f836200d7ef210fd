import { readdirSync, readFileSync } from 'node:fs';

/** How busy the machine is, in seconds of processor time since it was started, over all cores. */
export interface ProcessorTime {
  readonly all: number;
  /** Each core for itself. */
  readonly cores: readonly number[];
  /** Of this process and everything it has started. */
  readonly own: number;
}

const TICKS_PER_SECOND = 100;

/** Reads it from /proc. `undefined` where there is none. */
export function readProcessorTime(): ProcessorTime | undefined {
  try {
    const lines = readFileSync('/proc/stat', 'latin1').split('\n');
    const [all = 0, ...cores] = lines.filter((line) => line.startsWith('cpu')).map(readBusy);
    return { all, cores, own: readOwn() };
  } catch {
    return undefined;
  }
}

/** @see [proc_stat(5)](https://man7.org/linux/man-pages/man5/proc_stat.5.html) */
function readBusy(line: string): number {
  const [, ...fields] = line.split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = fields;
  return (user + nice + system + irq + softIrq) / TICKS_PER_SECOND;
}

/** @see [proc_pid_stat(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html) */
function readOwn(): number {
  const processes = new Map<number, { parent: number; ticks: number }>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = readStat(name);
    if (!stat) continue;
    // The second field is the program's name, which may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    processes.set(Number(name), {
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
    });
  }
  const isOwn = (pid: number | undefined): boolean =>
    pid === process.pid || (pid !== undefined && pid > 1 && isOwn(processes.get(pid)?.parent));
  let ticks = 0;
  for (const [pid, known] of processes) if (isOwn(pid)) ticks += known.ticks;
  return ticks / TICKS_PER_SECOND;
}

/** A process may end while it is looked at. */
function readStat(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
}
