import type { Attributes, Meter } from '@opentelemetry/api';
import { feedMeasures, type Labels, MEASURES, type Measure, type MeasureName } from './measures.ts';

/** What OpenTelemetry calls our labels; another keeps its name, with `connect_auth.` before it. */
const ATTRIBUTES: Readonly<Record<string, string>> = { code: 'error.type' };

/** Sends the measures to a meter. Returns how to stop. */
export function createOtelMeasures(meter: Meter): () => void {
  const instruments = new Map(
    Object.entries(MEASURES).map(([name, measure]) => [
      name as MeasureName,
      createInstrument(meter, name, measure),
    ]),
  );
  const write = (name: MeasureName, value: number, labels: Labels) =>
    instruments.get(name)!(value, toAttributes(labels));
  return feedMeasures({
    add: (name, labels, count) => write(name, count, labels),
    record: write,
    set: write,
  });
}

/** The name of a measure as OpenTelemetry has it: `connect_auth.logins_started`; the unit is no part of it. */
export function nameForOtel(name: string): string {
  return `connect_auth.${name.replace(/_seconds$/, '')}`;
}

function createInstrument(meter: Meter, name: string, { kind, help }: Measure) {
  const otelName = nameForOtel(name);
  const description = help;
  if (kind === 'histogram') {
    const histogram = meter.createHistogram(otelName, { description, unit: 's' });
    return (value: number, attributes: Attributes) => histogram.record(value, attributes);
  }
  if (kind === 'gauge') {
    const gauge = meter.createGauge(otelName, { description });
    return (value: number, attributes: Attributes) => gauge.record(value, attributes);
  }
  const counter = meter.createCounter(otelName, { description });
  return (value: number, attributes: Attributes) => counter.add(value, attributes);
}

function toAttributes(labels: Labels): Attributes {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [ATTRIBUTES[name] ?? `connect_auth.${name}`, value]),
  );
}
