import { type Contestant, comparisons, contestants, control, reference } from '../contestants.ts';
import type { Flags } from '../flags.ts';
import type { Bed } from './bed.ts';
import { startLoadGenerator } from './load-generator.ts';
import { countCommands, type KeySpace, measureKeys } from './redis-cost.ts';
import type { ServerProcess } from './server-process.ts';
import { createBrowserSessions } from './sessions.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { measureWindow, type Pair, type Window } from './windows.ts';

/** What is told of a contestant. */
export interface RowResult {
  readonly contestant: Contestant;
  /** Requests per second, as a part of what the reference did in the window that followed. */
  readonly ratio: Spread;
  readonly perSecond: Spread;
  /** Of the server, in microseconds per request, and what of it is more than the reference's. */
  readonly cpu: Spread;
  readonly cpuOverReference: Spread;
  readonly busy: number;
  readonly commands: number;
  /** Per session; `undefined`: it has none in Redis. */
  readonly stored: KeySpace | undefined;
}

/** Two rows beside each other, by what each was of the reference in the same round. */
export interface ComparisonResult {
  readonly of: string;
  readonly to: string;
  readonly ratio: Spread;
}

/** What a run has found out about requests. */
export interface RequestResults {
  readonly rows: readonly RowResult[];
  readonly comparisons: readonly ComparisonResult[];
  readonly reference: { readonly perSecond: Spread; readonly cpu: Spread };
  /** Whether the control was what it must be; `undefined`: there was none. */
  readonly canBeTrusted: boolean | undefined;
  /** Cores that other processes were running on, over all windows; empty: nobody can tell. */
  readonly others: readonly number[];
  /** The same of Redis, the load generator and the provider. */
  readonly ours: readonly number[];
}

/** What the control may be, on a machine whose figures can be trusted. */
export const CONTROL_BOUNDS = [0.97, 1.03] as const;

interface Entrant {
  readonly contestant: Contestant;
  readonly servers: readonly ServerProcess[];
  readonly cookies: readonly string[];
  readonly pairs: Pair[];
}

/**
 * Measures every contestant that was asked for, in pairs with the reference, round by round. Each has
 * several servers, which take turns: two processes of one program differ by up to five in a hundred for as long as they
 * live, by where their code came to lie. There are as many of the reference as contestants, and each pair takes another of
 * them: one that ran beside everybody would be warmer than they are.
 */
export async function measureRequests(
  bed: Bed,
  flags: Flags,
  say: (text: string) => void,
): Promise<RequestResults> {
  const chosen = contestants.filter(
    ({ name }) => !flags.only || flags.only.includes(name) || name === control.name,
  );
  const references = await enter(
    bed,
    flags,
    chosen.map((_, index) => ({ ...reference, name: `${reference.name}-${index}` })),
    { processes: 1, say },
  );
  const entrants = await enter(bed, flags, chosen, { processes: flags.processes, say });
  const load = startLoadGenerator();
  for (const { contestant, cookies } of [...references, ...entrants]) {
    await load.send({ order: 'know', name: contestant.name, cookies });
  }
  const measure = ({ servers, contestant }: Entrant, round: number, options: Partial<Flags> = {}) => {
    const server = servers[round % servers.length]!;
    return measureWindow({ server, name: contestant.name }, load, { ...flags, ...options });
  };

  say('warming');
  for (const entrant of [...references, ...entrants]) {
    for (const index of entrant.servers.keys())
      await measure(entrant, index, { windowMs: flags.windowMs * 2 });
  }
  for (let round = 1; round <= flags.rounds; round += 1) {
    say(`round ${round} of ${flags.rounds}`);
    const pairs = entrants.map((entrant, index) => ({
      entrant,
      beside: references[(index + round) % references.length]!,
    }));
    // There and back, so that nobody always comes after the same one.
    for (const { entrant, beside } of round % 2 === 0 ? pairs.toReversed() : pairs) {
      entrant.pairs.push({ own: await measure(entrant, round), reference: await measure(beside, round) });
    }
  }
  load.stop();
  say('counting what is in Redis');
  const rows: RowResult[] = [];
  for (const entrant of entrants) rows.push(await describe(bed, flags, entrant));
  return summarise(rows, entrants);
}

async function enter(
  bed: Bed,
  flags: Flags,
  chosen: readonly Contestant[],
  { processes, say }: { processes: number; say: (text: string) => void },
): Promise<Entrant[]> {
  say(`starting ${chosen.length * processes} servers`);
  const entrants: Entrant[] = [];
  const cookiesOf = new Map<string, readonly string[]>();
  for (const contestant of chosen) {
    const { name, group, sessions, title } = contestant;
    const servers: ServerProcess[] = [];
    while (servers.length < processes)
      servers.push(await bed.start({ ...contestant, name: `${name}-${servers.length}` }));
    if (sessions && !cookiesOf.has(group)) {
      if (sessions === 'login') say(`logging in: ${title}`);
      cookiesOf.set(group, await createBrowserSessions(bed, contestant, servers[0]!, flags.sessions));
    }
    const cookies = sessions ? cookiesOf.get(group)! : [];
    entrants.push({ contestant, servers, cookies, pairs: [] });
  }
  return entrants;
}

async function describe(
  bed: Bed,
  flags: Flags,
  { contestant, servers, cookies, pairs }: Entrant,
): Promise<RowResult> {
  const { keys, bytes } = await measureKeys(bed.databaseOf(contestant.group));
  const perSession = { keys: keys / flags.sessions, bytes: bytes / flags.sessions };
  return {
    contestant,
    ratio: spreadOf(pairs.map(ratioOf)),
    perSecond: spreadOf(pairs.map(({ own }) => own.perSecond)),
    cpu: spreadOf(pairs.map(({ own }) => own.cpu)),
    cpuOverReference: spreadOf(pairs.map((pair) => pair.own.cpu - pair.reference.cpu)),
    busy: spreadOf(pairs.map(({ own }) => own.busy)).median,
    commands: await countCommands(bed.redis, servers[0]!, cookies),
    stored: contestant.sessions && keys > 0 ? perSession : undefined,
  };
}

function summarise(rows: readonly RowResult[], entrants: readonly Entrant[]): RequestResults {
  const references = entrants.flatMap(({ pairs }) => pairs.map((pair) => pair.reference));
  const windows: Window[] = [...references, ...entrants.flatMap(({ pairs }) => pairs.map(({ own }) => own))];
  const pairsOf = (name: string) => entrants.find(({ contestant }) => contestant.name === name)?.pairs;
  const measured = rows.find(({ contestant }) => contestant.name === control.name)?.ratio.median;
  return {
    rows,
    reference: {
      perSecond: spreadOf(references.map(({ perSecond }) => perSecond)),
      cpu: spreadOf(references.map(({ cpu }) => cpu)),
    },
    comparisons: comparisons.flatMap(({ of, to }) => {
      const [own, other] = [pairsOf(of), pairsOf(to)];
      if (!own || !other) return [];
      return [{ of, to, ratio: spreadOf(own.map((pair, round) => ratioOf(pair) / ratioOf(other[round]!))) }];
    }),
    canBeTrusted:
      measured === undefined ? undefined : measured >= CONTROL_BOUNDS[0] && measured <= CONTROL_BOUNDS[1],
    others: windows.flatMap(({ others }) => others ?? []),
    ours: windows.flatMap(({ ours }) => ours ?? []),
  };
}

function ratioOf({ own, reference: beside }: Pair): number {
  return own.perSecond / beside.perSecond;
}
