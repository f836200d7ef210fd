import { type Labels, MEASURES, type Measure, type MeasureName, type MeasureSink } from './measures.ts';

/** Counts what it is told, and writes it down. */
export interface Exposition extends MeasureSink {
  /** Everything counted so far, as Prometheus reads it. */
  write(): string;
}

/** Upper bounds of a histogram's buckets, in seconds: from a quick command of Redis to a provider's time-out. */
const BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Of one measure. What comes after these is counted under `other`: nobody fills the memory of whoever reads this. */
const MAX_SERIES = 500;

const PREFIX = 'connect_auth_';

interface Series {
  readonly labels: Labels;
  /** Of a counter and a gauge; of a histogram the sum. */
  value: number;
  /** How many of a histogram's durations fell into each bucket, the last having no bound. */
  readonly counts: number[];
}

/**
 * Makes it, with nothing counted.
 *
 * @see [Exposition formats](https://prometheus.io/docs/instrumenting/exposition_formats/)
 */
export function createExposition(): Exposition {
  const families = new Map<MeasureName, Map<string, Series>>();

  const seriesOf = (name: MeasureName, labels: Labels): Series => {
    const family = families.get(name) ?? new Map<string, Series>();
    families.set(name, family);
    const isNew = !family.has(JSON.stringify(labels));
    const counted = isNew && family.size >= MAX_SERIES ? asOther(labels) : labels;
    const key = JSON.stringify(counted);
    const series = family.get(key) ?? {
      labels: counted,
      value: 0,
      counts: new Array(BUCKETS.length + 1).fill(0),
    };
    family.set(key, series);
    return series;
  };

  return {
    add: (name, labels, count) => {
      seriesOf(name, labels).value += count;
    },
    record: (name, seconds, labels) => {
      const series = seriesOf(name, labels);
      const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
      series.counts[bucket === -1 ? BUCKETS.length : bucket]! += 1;
      series.value += seconds;
    },
    set: (name, value, labels) => {
      seriesOf(name, labels).value = value;
    },
    write: () =>
      Object.entries(MEASURES)
        .map(([name, measure]) =>
          writeFamily(name, measure, [...(families.get(name as MeasureName)?.values() ?? [])]),
        )
        .join(''),
  };
}

/** The name of a measure as Prometheus has it. */
export function nameForPrometheus(name: string, { kind }: Measure): string {
  return PREFIX + name + (kind === 'counter' ? '_total' : '');
}

function asOther(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
}

function writeFamily(name: string, measure: Measure, series: readonly Series[]): string {
  const full = nameForPrometheus(name, measure);
  const { kind, help } = measure;
  const samples = series.flatMap((each) =>
    kind === 'histogram' ? writeHistogram(full, each) : [writeSample(full, each.labels, each.value)],
  );
  return [`# HELP ${full} ${escapeHelp(help)}`, `# TYPE ${full} ${kind}`, ...samples, ''].join('\n');
}

function writeHistogram(name: string, { labels, value, counts }: Series): string[] {
  let total = 0;
  const buckets = counts.map((count, index) => {
    total += count;
    const le = String(BUCKETS[index] ?? '+Inf');
    return writeSample(`${name}_bucket`, { ...labels, le }, total);
  });
  return [...buckets, writeSample(`${name}_sum`, labels, value), writeSample(`${name}_count`, labels, total)];
}

function writeSample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeValue(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`;
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
