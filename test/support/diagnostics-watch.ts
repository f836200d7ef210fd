import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach } from '@jest/globals';
import { FACTS, nameChannel, TRACES } from '../../src/diagnostics.ts';
import type { DiagnosticFacts, DiagnosticTraces } from '../../src/diagnostics-payloads.ts';

const MOMENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Every channel that the package publishes on. */
export const CHANNELS: readonly string[] = [
  ...(Object.keys(FACTS) as (keyof DiagnosticFacts)[]).map(nameChannel),
  ...(Object.keys(TRACES) as (keyof DiagnosticTraces)[]).flatMap((name) =>
    MOMENTS.map((moment) => `tracing:${nameChannel(name)}:${moment}`),
  ),
];

/** Listens on all of them, as an application would. Returns how to stop. */
export function listenToAll(see: (channel: string, message: unknown) => void): () => void {
  const listener = (message: unknown, channel: string | symbol) => see(String(channel), message);
  for (const channel of CHANNELS) subscribe(channel, listener);
  return () => {
    for (const channel of CHANNELS) unsubscribe(channel, listener);
  };
}

/** What was published in this test. */
export interface DiagnosticsWatch {
  /** The facts, in their order: the name, and what it said. */
  readonly facts: readonly (readonly [name: string, fact: Readonly<Record<string, unknown>>])[];
  /** The traced operations that have ended, in the order of their ends. */
  readonly traces: readonly (readonly [name: string, message: Readonly<Record<string, unknown>>])[];
  /** Of one name. */
  factsOf<Name extends keyof DiagnosticFacts>(name: Name): readonly DiagnosticFacts[Name][];
  tracesOf<Name extends keyof DiagnosticTraces>(name: Name): readonly DiagnosticTraces[Name][];
}

/** Watches all channels during each test of a file. */
export function useDiagnosticsWatch(): DiagnosticsWatch {
  let facts: [string, Record<string, unknown>][] = [];
  let traces: [string, Record<string, unknown>][] = [];
  let stop: () => void;
  beforeEach(() => {
    [facts, traces] = [[], []];
    stop = listenToAll((channel, message) => {
      const name = channel.replace(/^(tracing:)?express-connect-auth\./, '').replace(/:\w+$/, '');
      const copy = { ...(message as Record<string, unknown>) };
      if (channel.endsWith(':asyncEnd')) traces.push([name, copy]);
      else if (!channel.startsWith('tracing:')) facts.push([name, copy]);
    });
  });
  afterEach(() => stop());
  const pick = <Message>(all: [string, unknown][], name: string) =>
    all.filter(([each]) => each === name).map(([, message]) => message as Message);
  return {
    get facts() {
      return facts;
    },
    get traces() {
      return traces;
    },
    factsOf: (name) => pick(facts, name),
    tracesOf: (name) => pick(traces, name),
  };
}
