/** A format of what outlives its process: the numbers that are read, and the one that is written. One digit each. */
export interface Format {
  readonly read: readonly number[];
  readonly written: number;
}

/**
 * What a process finds that another version of this library has written, or sealed: the record of a login, a sealed value,
 * and a login under way in its cookie. A number stands at the front of each. Another number than those is neither read nor
 * damaged: it is left alone, for those who understand it.
 *
 * A new member of what is there needs no new number: older versions keep it, and pass it over. A new number is read for
 * one release before a release writes it: then the processes of two releases that follow each other know all sessions of
 * both, in whatever order they are deployed.
 */
export const FORMATS = {
  record: { read: [1], written: 1 },
  seal: { read: [1], written: 1 },
  loginCookie: { read: [1], written: 1 },
} as const satisfies Record<string, Format>;

/** Whether what begins with this number is read. */
export function isRead({ read }: Format, number: number | undefined): boolean {
  return number !== undefined && read.includes(number);
}
