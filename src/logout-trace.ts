import { type Diagnostics, describeError } from './diagnostics.ts';

/** Does a logout that those who listen see begin and end. @param count - how many sessions it ended, by what it gave. */
export type TraceLogout = <Value>(
  kind: string,
  work: () => Promise<Value>,
  count?: (value: Value) => number,
) => Promise<Value>;

/** Makes it. */
export function createLogoutTrace(diagnostics: Diagnostics): TraceLogout {
  return async <Value>(kind: string, work: () => Promise<Value>, count?: (value: Value) => number) => {
    const describe = () => ({ kind });
    const ends = count ? { onValue: (value: Value) => ({ sessions: count(value) }) } : {};
    try {
      const value = await diagnostics.trace('logout', describe, work, ends);
      diagnostics.tell('logout.finished', () => ({ kind, sessions: count?.(value) }));
      return value;
    } catch (error) {
      diagnostics.tell('logout.finished', () => ({ kind, code: describeError(error).code }));
      throw error;
    }
  };
}
