import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createExposition, nameForPrometheus } from '../../src/observe/exposition.ts';
import { MEASURES, type MeasureName } from '../../src/observe/measures.ts';
import { createMetrics } from '../../src/observe/metrics.ts';
import { readMetrics } from '../support/metrics-text.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'monitoring');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

/** The names of all samples that the route gives, with the labels of each, when one of everything has happened. */
function listSamples(): Map<string, readonly string[]> {
  const exposition = createExposition();
  for (const [name, { kind, labels }] of Object.entries(MEASURES)) {
    const values = Object.fromEntries(labels.map((label) => [label, 'x']));
    if (kind === 'counter') exposition.add(name as MeasureName, values, 1);
    else if (kind === 'gauge') exposition.set(name as MeasureName, 1, values);
    else exposition.record(name as MeasureName, 1, values);
  }
  return new Map(readMetrics(exposition.write()).map(({ name, labels }) => [name, Object.keys(labels)]));
}

const samples = listSamples();

/** What Prometheus and Grafana add to each sample. */
const TARGET_LABELS = ['job', 'instance'];

/** Each metric that a text names, with the labels that it is picked by. */
function listUses(text: string): { name: string; labels: string[] }[] {
  return [...text.matchAll(/\b(connect_auth_\w+)(?:\{([^}]*)\})?/g)].map(([, name, pickers = '']) => ({
    name: name!,
    labels: [...pickers.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label]) => label!),
  }));
}

/** By what each expression puts together. */
function listGroups(text: string): { labels: string[]; names: string[] }[] {
  return [...text.matchAll(/by \(([\w, ]+)\) \((?:rate|increase)?\(?(connect_auth_\w+)/g)].map(
    ([, labels, name]) => ({ labels: labels!.split(/, */), names: [name!] }),
  );
}

describe.each([
  'dashboard.json',
  'alerts.yml',
  'alerts-test.yml',
  'runbook.md',
])('docs/monitoring/%s', (file) => {
  const text = read(file).replaceAll('\\"', '"');

  it('names only metrics that the route gives, and labels that they have', () => {
    const uses = listUses(text);
    expect(uses.length).toBeGreaterThan(4);
    for (const { name, labels } of uses) {
      expect([...samples.keys()]).toContain(name);
      const known = [...samples.get(name)!, ...TARGET_LABELS];
      expect({ name, unknown: labels.filter((label) => !known.includes(label)) }).toEqual({
        name,
        unknown: [],
      });
    }
    for (const { labels, names } of listGroups(text))
      for (const name of names) {
        const known = [...(samples.get(name) ?? []), ...TARGET_LABELS];
        expect({ name, unknown: labels.filter((label) => !known.includes(label)) }).toEqual({
          name,
          unknown: [],
        });
      }
  });
});

describe('the alerts', () => {
  const alerts = [...read('alerts.yml').matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name!);

  it('have each a section of the runbook, by their name, and a test', () => {
    expect(alerts.length).toBeGreaterThan(8);
    const sections = [...read('runbook.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts);
    const links = [...read('alerts.yml').matchAll(/runbook: docs\/monitoring\/runbook\.md#(\w+)$/gm)];
    expect(links.map(([, anchor]) => anchor)).toEqual(alerts.map((name) => name.toLowerCase()));
    const tested = read('alerts-test.yml');
    expect(alerts.filter((name) => !tested.includes(`alertname: ${name}\n        exp_alerts:`))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('shows every metric', () => {
    const { panels } = JSON.parse(read('dashboard.json')) as {
      panels: { id: number; targets: { expr: string }[] }[];
    };
    const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join('\n');
    const names = Object.entries(MEASURES).map(([name, measure]) => nameForPrometheus(name, measure));
    expect(names.filter((name) => !shown.includes(name))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe('a fresh process', () => {
  it('has what alerts look for when nothing has happened yet', () => {
    const metrics = createMetrics();
    const names = new Set(readMetrics(metrics.text()).map(({ name }) => name));
    metrics.stop();
    for (const name of ['connect_auth_stores_down', 'connect_auth_stores_slow', 'connect_auth_logouts_total'])
      expect(names).toContain(name);
  });
});
