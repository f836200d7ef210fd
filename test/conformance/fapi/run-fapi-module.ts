import type { OidcOptions } from 'express-connect-auth';
import { startApp } from '../../support/app.ts';
import { createTestClock } from '../../support/clock.ts';
import { addTokenRoutes } from '../../support/token-routes.ts';
import type { ModuleResult } from '../stage.ts';
import { type FapiModule, strictOptions } from './fapi-modules.ts';
import { startFapiProvider } from './fapi-provider.ts';

/** Runs one, from a provider of its own to the verdict. */
export async function runFapiModule(
  module: FapiModule,
  profile: NonNullable<OidcOptions['profile']>,
): Promise<ModuleResult> {
  const clock = createTestClock();
  const op = await startFapiProvider({ now: clock.now });
  op.script(module.script?.(op));
  const oidc = strictOptions(op, profile);
  const client = await startApp({ op, now: clock.now, oidc, handlers: addTokenRoutes });
  try {
    const found = await module.play({ op, client, browser: client.browser(), clock });
    const faults = [...found, ...op.violations];
    return { module, verdict: faults.length > 0 ? 'FAILED' : 'PASSED', faults };
  } finally {
    await client.close();
    await op.close();
  }
}
