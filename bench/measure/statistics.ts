/** What a row of numbers is like: its median, and the quarters below and above which the outer numbers lie. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @param values - at least one. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

/** The number below which this part of them lies, between two of them where it has to be. */
export function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
