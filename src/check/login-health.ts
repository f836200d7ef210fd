import type { Clock } from '../clock.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { lookAtProvider } from '../provider/provider-look.ts';

/** Whether people can log in by a provider, as far as can be seen from here. */
export interface LoginHealth {
  readonly ok: boolean;
  /** Why not, in a sentence without secrets. */
  readonly reason?: string | undefined;
}

/** What is known of all providers, by their names. */
export interface LoginHealthSource {
  read(): Promise<Readonly<Record<string, LoginHealth>>>;
  /** Looks no more. */
  stop(): void;
}

/** What it is made of. */
export interface LoginHealthOptions extends Pick<ResolvedOptions, 'providers' | 'fetch'> {
  readonly monotonic: Clock;
}

/** A provider that answered is looked at again after so long; one that did not sooner. In milliseconds. */
const GOOD_LIFE_MS = 60_000;
const BAD_LIFE_MS = 10_000;
/** Whoever asks waits for a look no longer than that: a probe that is late counts as failed. */
const PATIENCE_MS = 500;

const NOT_YET: LoginHealth = { ok: false, reason: 'It has not answered yet.' };

/**
 * Looks at providers at most once a minute each, however often it is asked, and never for longer than half a second: what
 * the last look found is told meanwhile.
 */
export function createLoginHealth(options: LoginHealthOptions): LoginHealthSource {
  const stopping = new AbortController();
  const sources = [...options.providers].map(
    ([name, definition]) =>
      [name, createSource({ ...options, name, definition, signal: stopping.signal })] as const,
  );
  return {
    read: async () =>
      Object.fromEntries(
        await Promise.all(sources.map(async ([name, read]) => [name, await read()] as const)),
      ),
    stop: () => stopping.abort(),
  };
}

function createSource({
  name,
  definition,
  fetch,
  monotonic,
  signal,
}: LoginHealthOptions &
  Pick<Parameters<typeof lookAtProvider>[1], 'name' | 'signal'> & {
    readonly definition: Parameters<typeof lookAtProvider>[0];
  }): () => Promise<LoginHealth> {
  let known: LoginHealth = NOT_YET;
  let until = Number.NEGATIVE_INFINITY;
  let look: Promise<void> | undefined;

  const note = (health: LoginHealth) => {
    known = health;
    until = monotonic() + (health.ok ? GOOD_LIFE_MS : BAD_LIFE_MS);
    look = undefined;
  };

  return async () => {
    if (monotonic() >= until) {
      look ??= lookAtProvider(definition, { name, fetch, signal }).then(
        () => note({ ok: true }),
        (error: Error) => note({ ok: false, reason: error.message }),
      );
    }
    if (look) await within(PATIENCE_MS, look);
    return known;
  };
}

/** Waits for something that never fails, and no longer than that. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([work, tooLate]);
  clearTimeout(timer);
}
