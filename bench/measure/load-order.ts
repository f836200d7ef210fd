/** What the process of the load generator is told. */
export type LoadOrder =
  | { readonly order: 'know'; readonly name: string; readonly cookies: readonly string[] }
  | { readonly order: 'start'; readonly port: number; readonly name: string; readonly connections: number }
  | { readonly order: 'count' }
  | { readonly order: 'stop' };

/** Answers so far; what each order is answered with. */
export interface LoadAnswer {
  readonly answers: number;
  /** By the generator's monotonic clock, in milliseconds. */
  readonly at: number;
}
