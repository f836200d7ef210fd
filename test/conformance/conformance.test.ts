import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, fillIn, writePlan } from '../../scripts/conformance.ts';
import { INITIATED_MODULES } from './initiated-modules.ts';
import { BASIC_MODULES } from './login-modules.ts';
import { startNaiveClient } from './naive-client.ts';
import { PLANS, type Plan, REFUSALS } from './plans.ts';
import { runModule } from './run-module.ts';
import type { ModuleResult } from './stage.ts';

const played = new Map<Plan, ModuleResult[]>(PLANS.map((plan) => [plan, []]));

describe.each(PLANS)('the plan $title', (plan) => {
  it.each(plan.modules)('$name ($item)', async (module) => {
    const result = await module.run();
    expect(result.faults).toEqual([]);
    played.get(plan)!.push(result);
  });
});

describe('the judge', () => {
  it.each(REFUSALS)('fails a client that checks nothing: $name', async (module) => {
    const { verdict } = await runModule(module, 'query', startNaiveClient);
    expect(verdict).toBe('FAILED');
  });

  it('fails a client that begins no login for another site (C-54)', async () => {
    const { verdict, faults } = await runModule(INITIATED_MODULES[0]!, 'query', startNaiveClient);
    expect([verdict, ...faults]).toEqual(['FAILED', 'no login was begun: 404']);
  });

  it('has nothing else against that client where the provider is honest', async () => {
    const [honest] = BASIC_MODULES;
    const { faults } = await runModule(honest!, 'query', startNaiveClient);
    expect(faults).toEqual(['the keys were not fetched before userinfo']);
  });
});

it('docs/conformance.md is as this run saw it: npx tsx scripts/conformance.ts writes it', () => {
  const document = readFileSync(documentPath, 'utf8');
  const sections = [...played].map(([plan, results]) => writePlan(plan, results));
  expect(fillIn(document, sections)).toBe(document);
});
