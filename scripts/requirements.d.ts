export type ShownBy = Map<string, readonly string[]>;
export const documentPath: string;
export function findShownBy(): ShownBy;
export function fillIn(document: string, shownBy: ShownBy): string;
export function findFaults(document: string, shownBy: ShownBy): string[];
