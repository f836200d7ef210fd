import { contestants } from '../contestants.ts';
import type { LargeResults } from '../measure/large.ts';
import type { LoginCost, LoginResults } from '../measure/logins.ts';
import type { KeySpace } from '../measure/redis-cost.ts';
import { CONTROL_BOUNDS, type RequestResults, type RowResult } from '../measure/requests.ts';
import { quantile, type Spread } from '../measure/statistics.ts';
import type { Run } from '../run.ts';
import { formatTable } from './format-table.ts';

/** Everything that a run has found out, to be read as it is, or as Markdown. */
export function formatRun(run: Run): string {
  const parts = [
    formatMachine(run),
    run.requests && formatRequests(run.requests),
    run.logins && formatLogins(run.logins),
    run.large && formatLarge(run.large),
    run.requests && formatTrust(run, run.requests),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

/** What is true of a run as a whole. */
export function formatMachine({ flags, machine, date, isPinned, loads }: Run): string {
  const { rounds, windowMs, warmMs, sessions, connections, processes, semiSpace, cores } = flags;
  const pins = isPinned
    ? `servers on core ${cores[0]}, Redis, load generator and provider on core ${cores[1]}`
    : 'nothing pinned to a core: servers and load generator may have held each other up';
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `${date.toISOString().slice(0, 10)}, ${machine.processor}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}`,
    `Node ${machine.node}, Redis ${machine.redis}; ${packages.join(', ')}`,
    `${rounds} rounds; windows of ${windowMs} ms after ${warmMs} ms of the same load; ${sessions} sessions round robin; ${connections} connections; ${processes} processes of each row, in turn`,
    `${pins}; --max-semi-space-size ${semiSpace ?? "not set (Node's default)"}`,
    `load averages before ${loads.before}, after ${loads.after} (the benchmark's own load is among them)`,
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

/** The table of contestants, and some of them beside each other. */
export function formatRequests({ rows, reference, comparisons }: RequestResults): string {
  const head = [
    'contestant',
    'req/s × L1',
    'quartiles',
    'CPU µs',
    'over L1',
    'commands',
    'keys',
    'bytes',
    'busy',
  ];
  const table = formatTable(head, rows.map(describeRow));
  const of = `L1 itself: ${Math.round(reference.perSecond.median)} requests a second, ${round1(reference.cpu.median)} µs each.`;
  if (comparisons.length === 0) return `${table}\n\n${of}`;
  const beside = formatTable(
    ['beside each other, round by round', 'ratio', 'quartiles'],
    comparisons.map(({ of, to, ratio }) => [`${titleOf(of)} ÷ ${titleOf(to)}`, ...formatRatio(ratio)]),
  );
  return `${table}\n\n${of}\n\n${beside}`;
}

/** What a whole login costs the application. */
export function formatLogins({ ours, byHand, ratio }: LoginResults): string {
  const row = (title: string, { cpu, commands, leftByStart }: LoginCost) => [
    title,
    cpu.median.toFixed(2),
    `${cpu.low.toFixed(2)}–${cpu.high.toFixed(2)}`,
    round1(commands),
    formatBytes(leftByStart),
  ];
  const head = ['a login', 'CPU ms', 'quartiles', 'commands', 'bytes per GET /login'];
  const rows = [row('ours', ours), row('openid-client and a session by hand', byHand)];
  return `${formatTable(head, rows)}\n\nOurs ÷ by hand, block by block: ${formatRatio(ratio).join(', quartiles ')}.`;
}

/** What many sessions do to the ends of some. */
export function formatLarge({ logouts, revokeAll }: LargeResults): string {
  const { sessions, seconds, memory, waits } = revokeAll;
  const table = formatTable(
    ['a logout token', 'wait ms', 'quartiles'],
    logouts.map(({ sessions, wait }) => [
      `among ${formatCount(sessions)} sessions`,
      wait.median.toFixed(2),
      `${wait.low.toFixed(2)}–${wait.high.toFixed(2)}`,
    ]),
  );
  const end = `revokeAll of ${formatCount(sessions)} sessions of one person: ${seconds.toFixed(1)} s, ${Math.round(memory / 2 ** 20)} MB more of memory.`;
  const others = `Meanwhile a page of another process, for another person: ${round1(waits.p99)} ms for the 99th of 100, ${round1(waits.longest)} ms at the longest (${formatCount(waits.count)} requests).`;
  return `${table}\n\n${end} ${others}`;
}

/** Whether the run is to be believed, and what else the machine was doing. */
export function formatTrust(
  { flags }: Pick<Run, 'flags'>,
  { canBeTrusted, others, ours, rows }: RequestResults,
): string {
  const [low, high] = CONTROL_BOUNDS;
  const lines: string[] = [];
  if (flags.quick) lines.push('A QUICK RUN: it shows that everything works; its figures say little.');
  if (canBeTrusted === false) {
    lines.push(`THIS RUN IS NOT TO BE TRUSTED: the control is not between ${low} and ${high}.`);
  }
  const idle = rows.filter(({ busy }) => busy < 0.9).map(({ contestant }) => contestant.title);
  if (idle.length > 0) lines.push(`Held up by something else (busy below 0.9): ${idle.join('; ')}.`);
  lines.push(...formatLoads(others, ours));
  return lines.join('\n');
}

function formatLoads(others: readonly number[], ours: readonly number[]): string[] {
  if (others.length === 0) return ['What other processes were doing cannot be told here.'];
  const describe = (values: readonly number[]) => {
    const sorted = [...values].sort((a, b) => a - b);
    return `${quantile(sorted, 0.5).toFixed(2)} in the median window, ${quantile(sorted, 1).toFixed(2)} in the worst`;
  };
  return [
    `Cores that other processes were running on: ${describe(others)}.`,
    `Redis, the load generator and the provider, on one core: ${describe(ours)}. At 1 they would hold up the servers.`,
  ];
}

function describeRow(row: RowResult): string[] {
  const { contestant, ratio, cpu, cpuOverReference, commands, stored, busy } = row;
  return [
    contestant.title,
    ...formatRatio(ratio),
    round1(cpu.median),
    round1(cpuOverReference.median),
    commands.toFixed(2),
    stored ? round1(stored.keys) : '0',
    stored ? formatBytes(stored) : '0',
    busy.toFixed(2),
  ];
}

/** Its median, and its quartiles. */
function formatRatio({ median, low, high }: Spread): [string, string] {
  return [median.toFixed(2), `${low.toFixed(2)}–${high.toFixed(2)}`];
}

function formatBytes({ bytes }: KeySpace): string {
  return formatCount(Math.round(bytes));
}

function formatCount(count: number): string {
  return count.toLocaleString('en');
}

function round1(value: number): string {
  return (Math.round(value * 10) / 10).toFixed(1);
}

function titleOf(name: string): string {
  return contestants.find((contestant) => contestant.name === name)!.title;
}
