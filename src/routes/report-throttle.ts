import type { Clock } from '../clock.ts';
import { ConnectAuthError } from '../errors.ts';

const REPORT_EVERY_MS = 1_000;

/** Anybody can post to some routes: of each kind of fault one a second is told, or a flood of tokens would be one of logs. */
export function createReportThrottle(monotonic: Clock): (error: unknown) => boolean {
  const reportedAt = new Map<string, number>();
  return (error) => {
    const kind = error instanceof ConnectAuthError ? error.code : 'unexpected';
    const isDue = monotonic() - (reportedAt.get(kind) ?? Number.NEGATIVE_INFINITY) >= REPORT_EVERY_MS;
    if (isDue) reportedAt.set(kind, monotonic());
    return isDue;
  };
}
