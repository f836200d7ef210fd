import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Check, failed, splitMessage } from '../check/check.ts';
import type { CheckOptions } from '../check/check-options.ts';
import type { CheckReport } from '../check/check-report.ts';
import { findCollisions, type NamedCard } from '../check/collisions.ts';
import type { LoadedAuth } from './load-auth.ts';
import { writeReport } from './write-report.ts';

/** What one program, or one application of it, was found to be. */
export interface DoctorEntry extends Partial<CheckReport> {
  readonly label: string;
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

/** All of it, as `--json` prints it. */
export interface DoctorReport {
  readonly ok: boolean;
  readonly applications: readonly DoctorEntry[];
  /** Whether they are apart, where there are several. */
  readonly apart: readonly Check[];
}

/** How it is asked. */
export interface DoctorChoice {
  readonly files: readonly string[];
  readonly check: CheckOptions;
  /** Files with earlier output of `--json`, to be compared with. */
  readonly beside: readonly string[];
  readonly asJson: boolean;
  /** Whether a warning fails as well. */
  readonly isStrict: boolean;
}

/** What it needs of the machine. */
export interface DoctorSurroundings {
  readonly cwd: string;
  readonly write: (text: string) => void;
  readonly load: (file: string) => Promise<readonly LoadedAuth[]>;
}

/**
 * Looks at the applications of these programs, and prints what it finds.
 *
 * @returns what the process ends with: 0 where nothing is wrong, else 1.
 */
export async function runDoctor(
  choice: DoctorChoice,
  { cwd, write, load }: DoctorSurroundings,
): Promise<number> {
  const applications: DoctorEntry[] = [];
  for (const file of choice.files) {
    const found = await load(file).catch((error: unknown) => [describeRefusal(file, error)]);
    for (const each of found) applications.push('auth' in each ? await examine(each, choice.check) : each);
  }
  const others = await Promise.all(choice.beside.map((file) => readCards(resolve(cwd, file))));
  const cards = [...applications.flatMap(toCard), ...others.flat()];
  const apart = findCollisions(cards);
  const report: DoctorReport = {
    ok: [...applications.flatMap(({ checks }) => checks), ...apart].every(({ status }) => status !== 'fault'),
    applications,
    apart,
  };
  write(choice.asJson ? `${JSON.stringify(report, undefined, 2)}\n` : writeReport(report));
  const isWarned = [...applications.flatMap(({ checks }) => checks), ...apart].some(
    ({ status }) => status === 'warning',
  );
  return report.ok && !(choice.isStrict && isWarned) ? 0 : 1;
}

async function examine({ label, auth }: LoadedAuth, choice: CheckOptions): Promise<DoctorEntry> {
  try {
    return { label, ...(await auth.check(choice)) };
  } catch (error) {
    return describeRefusal(label, error);
  } finally {
    await auth.close().catch(() => undefined);
  }
}

/** Options that are refused are what the doctor is asked about most. Several faults stand in lines of their own. */
function describeRefusal(label: string, error: unknown): DoctorEntry {
  const { message = String(error), code } = (error ?? {}) as Partial<Error> & { code?: unknown };
  if (code !== 'configuration') {
    return {
      label,
      ok: false,
      checks: [failed('program', `${label} cannot be run: ${message}`, { field: label, remedy: REMEDY })],
    };
  }
  const checks = message.split('\n').map((line) => {
    const { says, remedy } = splitMessage(line);
    const field = /^[\w.]+\(\):? (?:has no option "([^"]+)"|([\w.[\]]+))/.exec(says);
    return failed('options', says, { remedy, field: field?.[1] ?? field?.[2] });
  });
  return { label, ok: false, checks };
}

const REMEDY =
  'Name the program that calls connectAuth(), and give it the environment it needs: --env-file .env. For TypeScript: NODE_OPTIONS="--import tsx".';

function toCard({ label, application }: DoctorEntry): readonly NamedCard[] {
  return application ? [{ label, card: application }] : [];
}

async function readCards(file: string): Promise<readonly NamedCard[]> {
  const { applications } = JSON.parse(await readFile(file, 'utf8')) as DoctorReport;
  return applications.flatMap(toCard);
}
