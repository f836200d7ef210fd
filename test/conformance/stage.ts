import type { OidcOptions } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import type { TestClock } from '../support/clock.ts';
import type { Script, ScriptedProvider } from '../support/scripted-provider.ts';
import type { Judge } from './judge.ts';

/** What a judge sees of a client: the application under test, or another that is to fail. */
export type Client = Pick<TestApp, 'origin' | 'browser' | 'logIn' | 'close'>;

/** How a module asks for its client to be set up. */
export interface ClientSettings {
  readonly op: ScriptedProvider;
  readonly clock: TestClock;
  readonly oidc: Partial<OidcOptions>;
}

/** One module at work. */
export interface Stage {
  readonly judge: Judge;
  readonly client: Client;
  readonly browser: BrowserClient;
  readonly clock: TestClock;
}

/** What a module of the conformance suite is about. */
export interface ModuleFacts {
  /** Its name there. */
  readonly name: string;
  /** Its item in docs/requirements.md. */
  readonly item: string;
  /** What the provider does that is to be noticed. */
  readonly does: string;
  /** What the client is to do. */
  readonly wanted: string;
}

/** A module of the plans for OpenID Connect. */
export interface ConformanceModule extends ModuleFacts {
  /** What the client is registered with. */
  readonly oidc?: (op: ScriptedProvider) => Partial<OidcOptions>;
  /** How the provider departs from honesty. */
  readonly script?: (op: ScriptedProvider) => Script;
  /** Leads the client through it. What it returns is held against the client. */
  play(stage: Stage): Promise<readonly string[]>;
  /** The suite does not fail a client that goes on, and so does not pass one that refuses. @default 'PASSED' */
  readonly verdict?: 'PASSED' | 'SKIPPED';
}

/** What came of a module. */
export interface ModuleResult {
  readonly module: ModuleFacts;
  readonly verdict: 'PASSED' | 'SKIPPED' | 'FAILED';
  /** Why it failed. */
  readonly faults: readonly string[];
}

/** Who the client takes the browser for; `undefined`: nobody. */
export async function findUser(browser: BrowserClient): Promise<string | undefined> {
  const { user } = (await (await browser.get('/')).json()) as { user: { sub: string } | null };
  return user?.sub;
}

/** The complaints among these that are so. */
export function complain(complaints: Readonly<Record<string, boolean>>): string[] {
  return Object.entries(complaints).flatMap(([complaint, isSo]) => (isSo ? [complaint] : []));
}
