import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import type { OpenIdProvider } from '../support/open-id-provider.ts';

/** What a fault happens to: an application, and all it stands on. */
export interface FaultWorld {
  readonly app: TestApp;
  readonly op: OpenIdProvider;
  /** `storeTimeoutMs` of the application. */
  readonly storeTimeoutMs: number;
  close(): Promise<void>;
}

/** Something that goes wrong, and is right again after a while. */
export interface Fault<World extends FaultWorld = FaultWorld> {
  /** What is wrong, as it stands in docs/faults.md. */
  readonly title: string;
  readonly sees: Sights;
  /** No answer takes longer, in times of `storeTimeoutMs`. */
  readonly bound: number;
  /** What the operator is told: of `auth.health()`, or of `onError` where that says that all is well. */
  readonly reads?: RegExp;
  /** In place of the sentence itself, where there are several of one meaning. */
  readonly readsInShort?: string;
  /** What must be there before anybody logs in. */
  prepare?(world: World): Promise<unknown>;
  begin(world: World): Promise<unknown>;
  /** Makes it right, where it does not become so by itself. */
  end(world: World): Promise<unknown>;
  /** Whom it must happen to. */
  fits?(world: World, browser: BrowserClient): Promise<boolean>;
}

/** A status, or those of which it is one. */
export type Sight = number | readonly number[];

/** What people see meanwhile. */
export interface Sights {
  /** A page with a guard, and with it the API, for one who is logged in. */
  readonly guarded: Sight;
  /** A page that needs no session, for the same person. */
  readonly open: Sight;
  /** `GET /login`. */
  readonly begin: Sight;
  /** The callback of a login that was begun before. */
  readonly callback: Sight;
  /** `POST /logout`. */
  readonly logout: Sight;
}

export const SIGHT_NAMES = ['guarded', 'open', 'begin', 'callback', 'logout'] as const;

/** Those of a Redis that cannot be asked. */
export const STORE_AWAY: Sights = { guarded: 503, open: 200, begin: 302, callback: 503, logout: 503 };
/** Those of a Redis that can be read and not written. */
export const READ_ONLY: Sights = { ...STORE_AWAY, guarded: 200 };
/** Nobody notices. */
export const UNNOTICED: Sights = { guarded: 200, open: 200, begin: 302, callback: 303, logout: 303 };

/** What was seen of a fault. */
export interface Outcome {
  readonly statuses: Readonly<Record<keyof Sights, number>>;
  /** The slowest answer, in milliseconds. */
  readonly slowestMs: number;
  /** What did not hold that always must, as sentences. */
  readonly problems: readonly string[];
  /** What the operator was told; empty: nothing. */
  readonly told: string;
}
