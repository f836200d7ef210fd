import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Attributes, context, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { nameChannel, RUN, type Runnable, TRACES } from '../diagnostics.ts';
import type { DiagnosticFacts, DiagnosticTraces, TracedEnd } from '../diagnostics-payloads.ts';
import { describeFailure, describeSpan, describeSpanEnd } from './otel-spans.ts';

/** Makes a span of each traced operation, and an event of each fact on the span it happened in. Returns how to stop. */
export function traceOperations(tracer: Tracer): () => void {
  const names = Object.keys(TRACES) as (keyof DiagnosticTraces)[];
  const listeners = [...names.flatMap((name) => listenTo(name, tracer)), ...EVENTS];
  for (const { channel, listener } of listeners) subscribe(channel, listener);
  return () => {
    for (const { channel, listener } of listeners) unsubscribe(channel, listener);
  };
}

interface Listener {
  readonly channel: string;
  readonly listener: (message: unknown) => void;
}

function listenTo(name: keyof DiagnosticTraces, tracer: Tracer): Listener[] {
  const spans = new WeakMap<object, Span>();
  const begin = (message: object) => {
    const { title, kind, attributes } = describeSpan(name, message);
    const span = tracer.startSpan(title, { kind, attributes: clean(attributes) });
    spans.set(message, span);
    const inside = trace.setSpan(context.active(), span);
    (message as Runnable)[RUN] = (work) => context.with(inside, work);
  };
  const end = (message: object & TracedEnd) => {
    const span = spans.get(message);
    if (!span) return;
    span.setAttributes(clean(describeSpanEnd(message)));
    const failure = describeFailure(message);
    if (failure) {
      span.setAttribute('error.type', failure.code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    }
    span.end();
  };
  return [
    { channel: `tracing:${nameChannel(name)}:start`, listener: (message) => begin(message as object) },
    { channel: `tracing:${nameChannel(name)}:asyncEnd`, listener: (message) => end(message as object) },
  ];
}

/** What happens inside a span is written on it; a fault of the set-up or of an outage makes it one that failed. */
const EVENTS: readonly Listener[] = [
  onFact('login.started', 'connect_auth.login.started', ({ display }) => ({
    'connect_auth.display': display,
  })),
  onFact('login.finished', 'connect_auth.login.finished', () => ({})),
  onFact('login.refused', 'connect_auth.login.refused', ({ code, oauthError, reference }) => ({
    'error.type': code,
    'connect_auth.oauth_error': oauthError,
    'connect_auth.reference': reference,
  })),
  onFact('session.ended', 'connect_auth.session.ended', ({ reason }) => ({ 'connect_auth.reason': reason })),
  onFact('fault', 'connect_auth.fault', ({ code, reference, message, status }, span) => {
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message });
    return { 'error.type': code, 'connect_auth.reference': reference };
  }),
];

function onFact<Name extends keyof DiagnosticFacts>(
  name: Name,
  event: string,
  describe: (fact: DiagnosticFacts[Name], span: Span) => Attributes,
): Listener {
  return {
    channel: nameChannel(name),
    listener: (message) => {
      const span = trace.getActiveSpan();
      span?.addEvent(event, clean(describe(message as DiagnosticFacts[Name], span)));
    },
  };
}

function clean(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
