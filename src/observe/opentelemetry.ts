import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api';
import { createOtelMeasures } from './otel-measures.ts';
import { traceOperations } from './otel-traces.ts';

/** Where traces and metrics go. */
export interface OpenTelemetryOptions {
  /** @default the global one of @opentelemetry/api */
  readonly tracerProvider?: TracerProvider;
  /** @default the global one of @opentelemetry/api */
  readonly meterProvider?: MeterProvider;
}

const SCOPE = 'express-connect-auth';

/**
 * Sends traces and metrics of every `connectAuth()` of this process to OpenTelemetry, from now on. Call it once, after the
 * SDK has been started. Needs `@opentelemetry/api`, which the SDK brings.
 *
 * There is a span for each login, callback, logout, refresh, request to a provider and operation of the store. They stand
 * below the span of the request they belong to, and what the application's own functions do stands below them.
 *
 * @returns how to stop.
 */
export function startOpenTelemetry(options: OpenTelemetryOptions = {}): () => void {
  const { tracerProvider = trace, meterProvider = metrics } = options;
  const stopTraces = traceOperations(tracerProvider.getTracer(SCOPE));
  const stopMeasures = createOtelMeasures(meterProvider.getMeter(SCOPE));
  return () => {
    stopTraces();
    stopMeasures();
  };
}
