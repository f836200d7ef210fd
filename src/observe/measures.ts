import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { nameChannel } from '../diagnostics.ts';
import type { DiagnosticFacts, DiagnosticTraces } from '../diagnostics-payloads.ts';

/** What a measure is told with. */
export type Labels = Readonly<Record<string, string>>;

/** One measure: what it counts, and by what. */
export interface Measure {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  readonly help: string;
  /** The labels of every sample; what they may say is bounded. */
  readonly labels: readonly string[];
}

/** All measures, by name. Nothing in a label names a person, a session or a tenant. */
export const MEASURES = {
  logins_started: counter('Browsers that were sent to a provider.', 'provider', 'display'),
  logins_finished: counter('Logins that became a session.', 'provider'),
  logins_refused: counter('Logins that came to no session, by the code of the error.', 'provider', 'code'),
  logouts: counter('Logouts, by kind and outcome.', 'kind', 'outcome'),
  sessions_ended: counter('Sessions that ended, by reason. Told once over all processes.', 'reason'),
  refreshes: counter('Refresh tokens that were sent to a provider, by outcome.', 'provider', 'outcome'),
  refresh_duration_seconds: histogram('How long a refresh took.', 'provider'),
  faults: counter('Faults that onError was told of, by the code of the error.', 'code', 'during'),
  provider_request_duration_seconds: histogram(
    'How long requests to a provider took, by what was asked and how it went.',
    'provider',
    'endpoint',
    'outcome',
  ),
  store_operation_duration_seconds: histogram(
    'How long operations of the session store took, by operation and how it went.',
    'operation',
    'outcome',
  ),
  providers_down: gauge('Providers that do not answer.', 'provider'),
  providers_slow: gauge('Providers that answer slowly.', 'provider'),
  stores_down: gauge('Session stores that fail.'),
  stores_slow: gauge('Session stores that answer slowly.'),
} as const satisfies Readonly<Record<string, Measure>>;

/** The name of a measure. */
export type MeasureName = keyof typeof MEASURES;

/** Where measures go. */
export interface MeasureSink {
  /** So many more of a counter. */
  add(name: MeasureName, labels: Labels, count: number): void;
  /** One more duration of a histogram, in seconds. */
  record(name: MeasureName, seconds: number, labels: Labels): void;
  /** What a gauge stands at. */
  set(name: MeasureName, value: number, labels: Labels): void;
}

/** Feeds a sink from the channels, from now on. Returns how to stop. */
export function feedMeasures(sink: MeasureSink): () => void {
  const stores = createTroubleCount('stores', sink);
  const providers = createTroubleCount('providers', sink);
  stores.begin({});
  // What is there from the beginning shows its first one as an increase.
  for (const kind of LOGOUT_KINDS)
    for (const outcome of ['done', 'failed']) sink.add('logouts', { kind, outcome }, 0);
  const listeners = [
    onFact('login.started', ({ provider, display }) => sink.add('logins_started', { provider, display }, 1)),
    onFact('login.finished', ({ provider }) => sink.add('logins_finished', { provider }, 1)),
    onFact('login.refused', ({ provider = 'unknown', code }) =>
      sink.add('logins_refused', { provider, code }, 1),
    ),
    onFact('logout.finished', ({ kind, code }) =>
      sink.add('logouts', { kind, outcome: code === undefined ? 'done' : 'failed' }, 1),
    ),
    onFact('session.ended', ({ reason }) => sink.add('sessions_ended', { reason }, 1)),
    onFact('refresh.finished', ({ provider, outcome, durationMs }) => {
      sink.add('refreshes', { provider, outcome }, 1);
      sink.record('refresh_duration_seconds', durationMs / 1000, { provider });
    }),
    onFact('fault', ({ code, during }) => sink.add('faults', { code, during }, 1)),
    onFact('store.state', ({ state, address = '', port = '' }) =>
      stores.note(`${address}:${port}`, state, {}),
    ),
    onFact('provider.state', ({ state, provider, tenant = '' }) =>
      providers.note(JSON.stringify([tenant, provider]), state, { provider }),
    ),
    onEnd('provider.request', ({ provider, endpoint, status, error, durationMs = 0 }) => {
      const outcome = status === undefined ? (error?.code ?? 'unexpected') : `${Math.floor(status / 100)}xx`;
      sink.record('provider_request_duration_seconds', durationMs / 1000, { provider, endpoint, outcome });
    }),
    onEnd('store.operation', ({ operation, error, durationMs = 0 }) => {
      const outcome = error ? error.code : 'done';
      sink.record('store_operation_duration_seconds', durationMs / 1000, { operation, outcome });
    }),
  ];
  for (const { channel, listener } of listeners) subscribe(channel, listener);
  return () => {
    for (const { channel, listener } of listeners) unsubscribe(channel, listener);
  };
}

const LOGOUT_KINDS = ['logout', 'destroyed', 'back_channel', 'front_channel', 'revoked'] as const;

interface Listener {
  readonly channel: string;
  readonly listener: (message: unknown) => void;
}

function onFact<Name extends keyof DiagnosticFacts>(
  name: Name,
  note: (fact: DiagnosticFacts[Name]) => void,
): Listener {
  return { channel: nameChannel(name), listener: (message) => note(message as DiagnosticFacts[Name]) };
}

function onEnd<Name extends keyof DiagnosticTraces>(
  name: Name,
  note: (message: DiagnosticTraces[Name]) => void,
): Listener {
  return {
    channel: `tracing:${nameChannel(name)}:asyncEnd`,
    listener: (message) => note(message as DiagnosticTraces[Name]),
  };
}

/** Counts what is in trouble now. Holds only what is. */
function createTroubleCount(what: 'stores' | 'providers', sink: MeasureSink) {
  const troubled = { down: new Map<string, string>(), slow: new Map<string, string>() };
  const show = (labels: Labels) => {
    const group = JSON.stringify(labels);
    for (const state of ['down', 'slow'] as const) {
      const count = [...troubled[state].values()].filter((each) => each === group).length;
      sink.set(`${what}_${state}`, count, labels);
    }
  };
  return {
    begin: show,
    note: (key: string, state: 'up' | 'slow' | 'down', labels: Labels) => {
      troubled.down.delete(key);
      troubled.slow.delete(key);
      if (state !== 'up') troubled[state].set(key, JSON.stringify(labels));
      show(labels);
    },
  };
}

function counter(help: string, ...labels: string[]): Measure {
  return { kind: 'counter', help, labels };
}

function histogram(help: string, ...labels: string[]): Measure {
  return { kind: 'histogram', help, labels };
}

function gauge(help: string, ...labels: string[]): Measure {
  return { kind: 'gauge', help, labels };
}
