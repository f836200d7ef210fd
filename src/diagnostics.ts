import { channel, tracingChannel } from 'node:diagnostics_channel';
import type { Clock } from './clock.ts';
import type { DiagnosticFacts, DiagnosticTraces, TracedError } from './diagnostics-payloads.ts';
import { ConnectAuthError } from './errors.ts';

/** The name of a channel: `express-connect-auth.login.started`. */
export function nameChannel(name: keyof DiagnosticFacts | keyof DiagnosticTraces): string {
  return `express-connect-auth.${name}`;
}

// By Node's own functions: between two majors of @types/node the type parameters of channels changed places, and the
// declarations of this package are read with either.
type FactChannel = ReturnType<typeof channel>;
type TraceChannel = ReturnType<typeof tracingChannel>;

const fact = (name: keyof DiagnosticFacts): FactChannel => channel(nameChannel(name));
const traced = (name: keyof DiagnosticTraces): TraceChannel => tracingChannel(nameChannel(name));

/** The channels of what has happened. */
export const FACTS: Readonly<Record<keyof DiagnosticFacts, FactChannel>> = Object.freeze({
  'login.started': fact('login.started'),
  'login.finished': fact('login.finished'),
  'login.refused': fact('login.refused'),
  'logout.finished': fact('logout.finished'),
  'refresh.finished': fact('refresh.finished'),
  'session.ended': fact('session.ended'),
  'store.state': fact('store.state'),
  'provider.state': fact('provider.state'),
  fault: fact('fault'),
});

/** The channels of what takes its time. */
export const TRACES: Readonly<Record<keyof DiagnosticTraces, TraceChannel>> = Object.freeze({
  login: traced('login'),
  callback: traced('callback'),
  logout: traced('logout'),
  refresh: traced('refresh'),
  'provider.request': traced('provider.request'),
  'store.operation': traced('store.operation'),
});

/**
 * A subscriber of a tracing channel's `start` may put a function here, on the message: the work is then done by it, in
 * whatever surroundings it makes. For those that are no `AsyncLocalStorage` which could be bound to the channel.
 */
export const RUN: unique symbol = Symbol.for('express-connect-auth.run');

/** A message on which somebody may have put {@link RUN}. */
export interface Runnable {
  [RUN]?: <Value>(work: () => Value) => Value;
}

/** What the end of a traced operation adds to its message, and how its failure is described. */
export interface TraceEnds<Message, Value> {
  readonly onValue?: (value: Value) => Partial<Message>;
  /** @default the code and the message of an error of ours; of any other no more than `unexpected` */
  readonly onError?: (thrown: unknown) => TracedError;
}

/** Whether anybody listens to one of the two: what serves both is not done for nobody. */
export function isHeard(trace: keyof DiagnosticTraces, fact: keyof DiagnosticFacts): boolean {
  return TRACES[trace].hasSubscribers || FACTS[fact].hasSubscribers;
}

type Untold<Payload> = Omit<Payload, 'tenant' | 'durationMs' | 'error'>;

/** Publishes what happens in one application. Costs a look at the channel where nobody listens. */
export interface Diagnostics {
  /** Tells a fact to those who listen. */
  tell<Name extends keyof DiagnosticFacts>(
    name: Name,
    describe: () => Omit<DiagnosticFacts[Name], 'tenant'>,
  ): void;
  /** Does work that those who listen see begin and end. What it gives or throws is its own. */
  trace<Name extends keyof DiagnosticTraces, Value>(
    name: Name,
    describe: () => Untold<DiagnosticTraces[Name]>,
    work: () => Promise<Value>,
    ends?: TraceEnds<DiagnosticTraces[Name], Value>,
  ): Promise<Value>;
}

/** Makes it. `monotonic` measures what takes its time. */
export function createDiagnostics({
  monotonic,
  tenant,
}: {
  monotonic: Clock;
  tenant?: string | undefined;
}): Diagnostics {
  /** An object of its own: a message is written on. */
  const withTenant = <Payload extends object>(payload: Payload) =>
    tenant === undefined ? { ...payload } : { ...payload, tenant };

  return {
    tell: (name, describe) => {
      if (FACTS[name].hasSubscribers) FACTS[name].publish(withTenant(describe()));
    },
    trace: (name, describe, work, ends = {}) => {
      if (!TRACES[name].hasSubscribers) return work();
      return runTraced({ name, message: withTenant(describe()), monotonic }, work, ends);
    },
  };
}

interface TracedWork {
  readonly name: keyof DiagnosticTraces;
  readonly message: object;
  readonly monotonic: Clock;
}

/** What the work gives may be secret: the channel is shown no more than the message. */
async function runTraced<Message, Value>(
  { name, message, monotonic }: TracedWork,
  work: () => Promise<Value>,
  { onValue, onError = describeError }: TraceEnds<Message, Value>,
): Promise<Value> {
  const startedAt = monotonic();
  const ended = (more: object = {}) => Object.assign(message, more, { durationMs: monotonic() - startedAt });
  let outcome: { value: Value } | { thrown: unknown } | undefined;
  const run = async () => {
    try {
      const value = await work();
      outcome = { value };
      ended(onValue?.(value));
    } catch (thrown) {
      outcome = { thrown };
      ended();
      throw onError(thrown);
    }
  };
  // Once, whatever a subscriber makes of it: what is done here cannot be done twice.
  let running: Promise<void> | undefined;
  const begin = () => {
    running ??= run();
    return running;
  };
  const runInside = () => {
    try {
      void Promise.resolve((message as Runnable)[RUN]?.(begin)).catch(() => undefined);
    } catch {
      // Its own fault, which is nobody's who waits for this.
    }
    return begin();
  };
  await TRACES[name].tracePromise(runInside, message).catch(() => undefined);
  if (outcome === undefined || 'thrown' in outcome) throw outcome?.thrown;
  return outcome.value;
}

/** What may be said of anything that was thrown. */
export function describeError(thrown: unknown): TracedError {
  if (!(thrown instanceof ConnectAuthError)) return { code: 'unexpected' };
  return { code: thrown.code, message: thrown.message };
}
