import type { ResolvedCloseOptions } from '../options/close-options.ts';
import type { Store } from '../store/store.ts';
import { closeServer } from './close-server.ts';

/** What belongs to one application, or to all of one process, when it ends. */
export interface Closable {
  /** Calls back whoever holds an answer or a socket open. */
  release(): void;
  /** Comes when nothing is under way any more that would cost somebody their session, or an event. */
  settle(): Promise<unknown>;
  /** Ends what waits. */
  stop(): void;
}

/**
 * Ends it in the order in which nothing is lost: streams are told, the server answers what is under way, refreshes that were
 * sent are stored and ends that are unknown found out; then nobody waits any more, and the store goes.
 */
export async function shutDown(
  { release, settle, stop, store }: Closable & { store: Store },
  { server, timeoutMs }: ResolvedCloseOptions,
): Promise<void> {
  const patience = AbortSignal.timeout(timeoutMs);
  release();
  if (server) await closeServer(server, patience);
  await settleInTime(settle(), patience);
  stop();
  await store.close();
}

async function settleInTime(work: Promise<unknown>, patience: AbortSignal): Promise<void> {
  if (patience.aborted) return;
  let giveUp!: () => void;
  const over = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  patience.addEventListener('abort', giveUp);
  await Promise.race([work, over]);
  patience.removeEventListener('abort', giveUp);
}
