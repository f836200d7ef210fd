import type { RequestHandler } from 'express';
import { createExposition } from './exposition.ts';
import { feedMeasures } from './measures.ts';

/** What has been counted since it was made, of every `connectAuth()` of this process. */
export interface Metrics {
  /** Answers with {@link text}. Mount it where Prometheus comes, and nobody else: `app.get('/metrics', metrics.route)`. */
  readonly route: RequestHandler;
  /** Everything counted so far, in the text format of Prometheus. */
  text(): string;
  /** Stops counting. */
  stop(): void;
}

/**
 * Counts logins, logouts, refreshes, faults, and what store and providers take, for Prometheus. It tells numbers only:
 * no person, no session, no tenant.
 *
 * @see docs/observability.md for the names.
 */
export function createMetrics(): Metrics {
  const exposition = createExposition();
  const stop = feedMeasures(exposition);
  return {
    stop,
    text: exposition.write,
    route: (_req, res) => {
      res.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8');
      res.setHeader('Cache-Control', 'no-store');
      res.end(exposition.write());
    },
  };
}
