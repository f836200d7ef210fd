import type { Clock } from '../clock.ts';
import { type Diagnostics, describeError } from '../diagnostics.ts';
import { LoginRequiredError } from '../errors.ts';

/** Does a refresh that those who listen see begin and end. @param provider - its name in the options. */
export type TraceRefresh = <Value>(provider: string, work: () => Promise<Value>) => Promise<Value>;

/** Makes it. */
export function createRefreshTrace(diagnostics: Diagnostics, monotonic: Clock): TraceRefresh {
  return async (provider, work) => {
    const startedAt = monotonic();
    const tell = (outcome: 'renewed' | 'over' | 'failed', code?: string) =>
      diagnostics.tell('refresh.finished', () => {
        const durationMs = monotonic() - startedAt;
        return { provider, outcome, durationMs, code };
      });
    try {
      const value = await diagnostics.trace('refresh', () => ({ provider }), work);
      tell('renewed');
      return value;
    } catch (error) {
      tell(error instanceof LoginRequiredError ? 'over' : 'failed', describeError(error).code);
      throw error;
    }
  };
}
