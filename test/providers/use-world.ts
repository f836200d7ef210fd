import { afterEach } from '@jest/globals';
import type { ProviderDefinition } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { createTestClock, type TestClock } from '../support/clock.ts';
import { type LoginOutcome, tryLogin } from '../support/login-outcome.ts';
import { addTokenRoutes } from '../support/token-routes.ts';
import { useApps } from '../support/use-apps.ts';
import type { Habits } from './habits.ts';
import { OUR_EC_KEY } from './keys-of-ours.ts';
import { type ProviderWorld, startProviderWorld } from './provider-world.ts';

/** An application at a provider that behaves as the test says. */
export interface WorldBed {
  readonly world: ProviderWorld;
  readonly app: TestApp;
  readonly clock: TestClock;
}

/** Starts providers and applications, and ends them after the test. */
export function useWorlds() {
  const startApp = useApps();
  const worlds: ProviderWorld[] = [];
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });

  const start = async (habits: Habits, options: Partial<TestAppOptions> = {}): Promise<WorldBed> => {
    const clock = createTestClock();
    const world = await startProviderWorld(habits, { now: clock.now, clientKey: OUR_EC_KEY.publicKey });
    worlds.push(world);
    const app = await startApp({
      op: { registerApp: () => Promise.reject(new Error('not registered')), signIn: world.open },
      preset: habits.take,
      fetch: world.fetch,
      now: clock.now,
      handlers: addTokenRoutes,
      ...options,
    });
    return { world, app, clock };
  };

  return {
    start,
    /** What becomes of one login. */
    tryOnce: async (habits: Habits): Promise<LoginOutcome & { told: string }> => {
      const { app } = await start(habits);
      const outcome = await tryLogin(app);
      const [fault] = app.errors;
      return { ...outcome, told: String((fault?.error as Error | undefined)?.message ?? '') };
    },
  };
}

/** The row of a preset, with changes. */
export function rowOf(
  rows: readonly Habits[],
  title: string,
  changes: Partial<Habits> & { take?: () => ProviderDefinition } = {},
): Habits {
  const row = rows.find((each) => each.title === title);
  if (!row) throw new Error(`There is no row ${title}.`);
  return { ...row, ...changes };
}
