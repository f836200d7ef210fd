// npx tsx scripts/conformance.ts
//
// Plays the modules of the conformance plans with a provider that judges as they do (test/conformance/), and writes the
// verdicts into docs/conformance.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANS, type Plan } from '../test/conformance/plans.ts';
import type { ModuleResult } from '../test/conformance/stage.ts';

export const documentPath = join(import.meta.dirname, '..', 'docs', 'conformance.md');

const BEGIN = '<!-- the run begins -->';
const END = '<!-- the run ends -->';
const HEAD = '| module | item | the provider | the client is to | verdict |\n| --- | --- | --- | --- | --- |';

/** The section of one plan. */
export function writePlan({ title }: Plan, results: readonly ModuleResult[]): string {
  const rows = results.map(
    ({ module: { name, item, does, wanted }, verdict, faults }) =>
      `| \`${name}\` | ${item} | ${does} | ${wanted} | ${[`**${verdict}**`, ...faults].join('; ')} |`,
  );
  return [`## ${title}`, '', HEAD, ...rows].join('\n');
}

/** Returns the document with its sections written anew. */
export function fillIn(document: string, sections: readonly string[]): string {
  const [before = '', rest = ''] = document.split(BEGIN);
  const [, after = ''] = rest.split(END);
  return [`${before}${BEGIN}`, ...sections, `${END}${after}`].join('\n\n');
}

if (process.argv[1] === import.meta.filename) {
  const sections: string[] = [];
  for (const plan of PLANS) {
    const results: ModuleResult[] = [];
    for (const module of plan.modules) results.push(await module.run());
    sections.push(writePlan(plan, results));
  }
  writeFileSync(documentPath, fillIn(readFileSync(documentPath, 'utf8'), sections));
}
