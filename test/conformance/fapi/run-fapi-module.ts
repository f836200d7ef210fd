import type { OidcOptions } from 'express-connect-auth';
import { startApp } from '../../support/app.ts';
import { createTestClock, type TestClock } from '../../support/clock.ts';
import { addTokenRoutes } from '../../support/token-routes.ts';
import type { Client, ModuleResult } from '../stage.ts';
import { type FapiModule, strictOptions } from './fapi-modules.ts';
import { type FapiProvider, startFapiProvider } from './fapi-provider.ts';

/** How a module asks for its client to be set up. */
export interface FapiClientSettings {
  readonly op: FapiProvider;
  readonly clock: TestClock;
  readonly profile: NonNullable<OidcOptions['profile']>;
}

/** The client under test. */
export function startStrictClient({ op, clock, profile }: FapiClientSettings): Promise<Client> {
  return startApp({ op, now: clock.now, oidc: strictOptions(op, profile), handlers: addTokenRoutes });
}

/**
 * Runs one, from a provider of its own to the verdict.
 *
 * @param start - makes the client that is judged.
 */
export async function runFapiModule(
  module: FapiModule,
  profile: FapiClientSettings['profile'],
  start: (settings: FapiClientSettings) => Promise<Client> = startStrictClient,
): Promise<ModuleResult> {
  const clock = createTestClock();
  const op = await startFapiProvider({ now: clock.now });
  op.script(module.script?.(op));
  const client = await start({ op, clock, profile });
  try {
    const found = await module.play({ op, client, browser: client.browser(), clock });
    const faults = [...found, ...op.violations];
    return { module, verdict: faults.length > 0 ? 'FAILED' : 'PASSED', faults };
  } finally {
    await client.close();
    await op.close();
  }
}
