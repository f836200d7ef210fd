import type { IncomingMessage, ServerResponse } from 'node:http';
import { noStore } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';

/** What it is made of. */
export interface ProbeRouteOptions {
  /** `routes.health`. */
  readonly path: string | false;
  readonly isHealthy: () => Promise<boolean>;
  readonly monotonic: Clock;
}

/** What was found holds for so long, in milliseconds: anybody may ask. */
const LIFE_MS = 1000;

/**
 * Answers probes, at any host and without a session: 200 where sessions work, 503 where they do not, and never anything of
 * why. A provider that is away changes nothing: the people who are logged in go on.
 *
 * @returns whether the request was one, and is answered.
 */
export function createProbeRoute({ path, isHealthy, monotonic }: ProbeRouteOptions) {
  let flight: Promise<boolean> | undefined;
  let until = Number.NEGATIVE_INFINITY;
  const find = () => {
    if (flight && monotonic() < until) return flight;
    until = Number.POSITIVE_INFINITY;
    flight = isHealthy().finally(() => {
      until = monotonic() + LIFE_MS;
    });
    return flight;
  };

  return (req: IncomingMessage & { path?: string }, res: ServerResponse): boolean => {
    if (path === false || req.path !== path || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
    const answer = (ok: boolean) => {
      noStore(res);
      res.statusCode = ok ? 200 : 503;
      res.setHeader('Content-Type', 'application/json; charset=utf-8');
      res.end(req.method === 'HEAD' ? undefined : JSON.stringify({ ok }));
    };
    find().then(answer, () => answer(false));
    return true;
  };
}
