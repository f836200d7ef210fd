import type { Check, CheckOptions, ConnectAuth } from 'express-connect-auth';
import { type DoctorChoice, type DoctorReport, runDoctor } from '../../src/cli/doctor.ts';
import { writeReport } from '../../src/cli/write-report.ts';
import { construct, type OptionChanges } from './construct.ts';

/** What the doctor said of applications. */
export interface Diagnosis {
  readonly code: number;
  readonly report: DoctorReport;
  /** For a person. */
  readonly text: string;
  /** What it would have mended, faults and warnings, of all applications and of the lot. */
  readonly findings: readonly Check[];
  /** One check of the first application by its name. */
  find(name: string): Check | undefined;
}

/** Has the command's doctor look at applications that run in this process, which stay as they are. */
export async function diagnose(
  auths: Readonly<Record<string, Pick<ConnectAuth, 'check'>>>,
  {
    check = {},
    ...choice
  }: { check?: CheckOptions } & Partial<Pick<DoctorChoice, 'beside' | 'isStrict'>> = {},
): Promise<Diagnosis> {
  return readDiagnosis(
    await runWith(Object.keys(auths), { check, ...choice }, async (label) => [
      { label, auth: { check: auths[label]!.check, close: async () => {} } as ConnectAuth },
    ]),
  );
}

/** The same for options that are refused. */
export async function diagnoseOptions(changes: OptionChanges): Promise<Diagnosis> {
  return readDiagnosis(
    await runWith(['app.js'], {}, async () => {
      const told = construct(changes);
      if (typeof told === 'string') throw Object.assign(new Error(told), { code: 'configuration' });
      return [{ label: 'app.js', auth: told as ConnectAuth }];
    }),
  );
}

async function runWith(
  files: readonly string[],
  choice: Partial<DoctorChoice>,
  load: Parameters<typeof runDoctor>[1]['load'],
): Promise<{ code: number; report: DoctorReport }> {
  let written = '';
  const write = (text: string) => {
    written += text;
  };
  const defaults = { check: {}, beside: [], isStrict: false };
  const code = await runDoctor({ ...defaults, ...choice, files, asJson: true }, { cwd: '.', write, load });
  return { code, report: JSON.parse(written) as DoctorReport };
}

function readDiagnosis({ code, report }: { code: number; report: DoctorReport }): Diagnosis {
  const checks = [...report.applications.flatMap((each) => each.checks), ...report.apart];
  return {
    ...{ code, report, text: writeReport(report) },
    findings: checks.filter(({ status }) => status === 'fault' || status === 'warning'),
    find: (name) => report.applications[0]!.checks.find((check) => check.name === name),
  };
}
