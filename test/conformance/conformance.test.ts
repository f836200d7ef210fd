import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, fillIn, writePlan } from '../../scripts/conformance.ts';
import { startNaiveClient } from './naive-client.ts';
import { PLANS, type Plan } from './plans.ts';
import { runModule } from './run-module.ts';
import type { ModuleResult } from './stage.ts';

const played = new Map<Plan, ModuleResult[]>(PLANS.map((plan) => [plan, []]));

describe.each(PLANS)('the plan $title', (plan) => {
  it.each(plan.modules)('$name ($item)', async (module) => {
    const result = await runModule(module, plan.responseMode);
    expect(result.faults).toEqual([]);
    played.get(plan)!.push(result);
  });
});

describe('the judge', () => {
  const all = PLANS.flatMap(({ responseMode, modules }) =>
    modules.map((module) => ({ responseMode, module, name: module.name })),
  );
  const refusals = all.filter(
    ({ responseMode, module }) =>
      responseMode === 'query' && /^(refuse|use nothing|answer 400|start no)/.test(module.wanted),
  );

  it.each(refusals)('fails a client that checks nothing: $name', async ({ module, responseMode }) => {
    const { verdict } = await runModule(module, responseMode, startNaiveClient);
    expect(verdict).toBe('FAILED');
  });

  it('has nothing against that client where the provider is honest', async () => {
    const honest = all.find(({ name }) => name === 'oidcc-client-test')!;
    expect(await runModule(honest.module, 'query', startNaiveClient)).toMatchObject({
      verdict: 'FAILED',
      faults: ['the keys were not fetched before userinfo'],
    });
  });
});

it('docs/conformance.md is as this run saw it: npx tsx scripts/conformance.ts writes it', () => {
  const document = readFileSync(documentPath, 'utf8');
  const sections = [...played].map(([plan, results]) => writePlan(plan, results));
  expect(fillIn(document, sections)).toBe(document);
});
