import { parseArgs } from 'node:util';

/** How a run is made. */
export interface Flags {
  /** A run of less than a minute, to see that everything works: its figures say little. */
  readonly quick: boolean;
  /** Only these rows, by their names; `undefined`: all. */
  readonly only: readonly string[] | undefined;
  readonly rounds: number;
  readonly windowMs: number;
  /** How long a server is kept busy before each window. */
  readonly warmMs: number;
  /** Of each contestant; they take turns. See `measureRequests()`. */
  readonly processes: number;
  readonly sessions: number;
  readonly connections: number;
  /** `--max-semi-space-size` of every server, in megabytes; `undefined`: what Node chooses. */
  readonly semiSpace: number | undefined;
  /** The core of the servers, and that of everything else. */
  readonly cores: readonly [number, number];
  readonly loginsToWarm: number;
  readonly loginsToMeasure: number;
  /** Also what takes minutes and gigabytes: a million sessions. */
  readonly large: boolean;
  readonly largeSessions: number;
  /** Where the report goes, whatever the run was worth; `undefined`: to docs, and only from a whole run that can be trusted. */
  readonly out: string | undefined;
}

/** The command line, with what it leaves out filled in. Ends the process for `--help`. */
export function readFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const quick = values.quick ?? false;
  const number = (name: keyof typeof DEFAULTS) => {
    const given = values[name];
    const value = given === undefined ? DEFAULTS[name][quick ? 1 : 0] : Number(given);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1.`);
    return value;
  };
  const cores = (values.cores ?? '0,1').split(',').map(Number);
  if (cores.length !== 2 || !cores.every(Number.isInteger)) throw new Error('--cores must be like 0,1.');
  return {
    quick,
    only: values.only?.split(','),
    rounds: number('rounds'),
    windowMs: number('window'),
    warmMs: number('warm'),
    processes: number('processes'),
    sessions: number('sessions'),
    connections: number('connections'),
    semiSpace: values['semi-space'] === undefined ? undefined : Number(values['semi-space']),
    cores: cores as [number, number],
    loginsToWarm: number('warm-logins'),
    loginsToMeasure: number('logins'),
    large: values.large ?? false,
    largeSessions: number('large-sessions'),
    out: values.out,
  };
}

/** For a whole run, and for a quick one. */
const DEFAULTS = {
  rounds: [11, 2],
  window: [1500, 150],
  warm: [2000, 60],
  processes: [3, 1],
  sessions: [1000, 50],
  connections: [64, 64],
  'warm-logins': [1500, 50],
  logins: [1500, 50],
  'large-sessions': [1_000_000, 10_000],
} as const;

const text = { type: 'string' } as const;
const boolean = { type: 'boolean' } as const;
const OPTIONS = {
  ...{
    quick: boolean,
    large: boolean,
    help: boolean,
    only: text,
    out: text,
    cores: text,
    'semi-space': text,
  },
  ...{ rounds: text, window: text, warm: text, processes: text, sessions: text, connections: text },
  ...{ 'warm-logins': text, logins: text, 'large-sessions': text },
} as const;

const HELP = `npm run bench -- [flags]

  --quick            less than a minute: shows that everything works, its figures say little
  --only NAME,…      only these rows; "logins" is one of them
  --rounds N         windows per row (11)
  --window MS        length of a window (1500)
  --warm MS          load before each window (2000)
  --processes N      of each row; they take turns (3)
  --sessions N       round robin (1000)
  --connections N    at once (64)
  --semi-space MB    --max-semi-space-size of every server (Node's default)
  --cores A,B        the core of the servers, and that of Redis, load and provider (0,1)
  --warm-logins N    before logins are measured (1500)
  --logins N         that are measured (1500)
  --large            also logouts among a million sessions, and the end of them all: a quarter of an hour, and 3 GB
  --large-sessions N instead of a million
  --out DIR          write the report there, whatever the run was worth`;
