/** One thing that was looked at. */
export interface Check {
  /** Stable, such as `redis.eviction`. */
  readonly name: string;
  /** `fault`: logins or sessions do not work, or are lost; `warning`: they may; `skipped`: it could not be tried. */
  readonly status: 'ok' | 'warning' | 'fault' | 'skipped';
  /** What was found, in a sentence. Holds no secret. */
  readonly says: string;
  /** What to do about it. */
  readonly remedy?: string | undefined;
  /** The option, or the member of the provider's document, to look at. */
  readonly field?: string | undefined;
  /** The name of the provider that it is about. */
  readonly provider?: string | undefined;
}

/** What a check says beside its name, its status and its sentence. */
export type CheckNotes = Pick<Check, 'remedy' | 'field' | 'provider'>;

/** Makes one that found nothing to mend. */
export function passed(name: string, says: string, notes: CheckNotes = {}): Check {
  return { name, status: 'ok', says, ...notes };
}

/** Makes one for what may do harm. */
export function warned(name: string, says: string, notes: CheckNotes = {}): Check {
  return { name, status: 'warning', says, ...notes };
}

/** Makes one for what does not work. */
export function failed(name: string, says: string, notes: CheckNotes = {}): Check {
  return { name, status: 'fault', says, ...notes };
}

/** Makes one for what was not tried, and says why. */
export function skipped(name: string, says: string, notes: CheckNotes = {}): Check {
  return { name, status: 'skipped', says, ...notes };
}

/**
 * Makes the fault of an error: our messages say what is wrong in their first sentence, and what to do in those that follow.
 *
 * @param notes - `remedy`: where the message has none.
 */
export function failedBy(name: string, error: unknown, notes: CheckNotes = {}): Check {
  const { says, remedy } = splitMessage(error instanceof Error ? error.message : String(error));
  return failed(name, says, { ...notes, remedy: remedy ?? notes.remedy });
}

/** Divides a message of ours after its first sentence. */
export function splitMessage(message: string): { says: string; remedy: string | undefined } {
  const [, says, remedy] = /^(.*?[.?!]) (?=[A-Z])(.*)$/s.exec(message) ?? [];
  return says === undefined ? { says: message, remedy: undefined } : { says, remedy };
}

/** Says a time that two clocks differ by. */
export function describeOffset(offsetMs: number): string {
  const seconds = Math.abs(offsetMs) / 1000;
  const text = seconds < 10 ? seconds.toFixed(1) : seconds.toFixed(0);
  return `${text} s ${offsetMs < 0 ? 'behind' : 'ahead of'} that of this machine`;
}
