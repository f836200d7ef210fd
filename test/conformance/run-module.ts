import type { OidcOptions } from 'express-connect-auth';
import { startApp } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { startScriptedProvider } from '../support/scripted-provider.ts';
import { addTokenRoutes } from '../support/token-routes.ts';
import { INITIATE_LOGIN } from './initiated-modules.ts';
import { createJudge } from './judge.ts';
import type { Client, ClientSettings, ConformanceModule, ModuleResult } from './stage.ts';

/** The client under test, as the conformance profile of its options has it: userinfo is asked at each login (C-08). */
export function startClient({ op, clock, oidc }: ClientSettings): Promise<Client> {
  return startApp({
    ...{ op, now: clock.now, oidc, handlers: addTokenRoutes },
    routes: { initiateLogin: INITIATE_LOGIN },
  });
}

/**
 * Runs one module from a provider of its own to the verdict.
 *
 * @param start - makes the client that is judged.
 */
export async function runModule(
  module: ConformanceModule,
  responseMode: NonNullable<OidcOptions['responseMode']>,
  start: (settings: ClientSettings) => Promise<Client> = startClient,
): Promise<ModuleResult> {
  const clock = createTestClock();
  const op = await startScriptedProvider({ now: clock.now });
  const judge = createJudge(op);
  judge.deviate(module.script?.(op) ?? {});
  const oidc = { responseMode, userinfoAtLogin: true, ...module.oidc?.(op) };
  const client = await start({ op, clock, oidc });
  try {
    const found = await module.play({ judge, client, browser: client.browser(), clock });
    const faults = [...found, ...judge.findFaults()];
    return { module, verdict: faults.length > 0 ? 'FAILED' : (module.verdict ?? 'PASSED'), faults };
  } finally {
    await client.close();
    // It rejects where the client did wrong, which the verdict has told.
    await op.close().catch(() => undefined);
  }
}
