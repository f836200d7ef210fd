import { createChecker } from '../check/checker.ts';
import { createLoginHealth } from '../check/login-health.ts';
import { createSampleAnswer } from '../check/sample-answer.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createProbeRoute } from '../routes/probe-route.ts';
import type { Store, StoreHealth } from '../store/store.ts';
import { isInMemory } from './create-store.ts';

/** What is looked at. */
export interface CheckPartsOptions {
  /** What is the same for all base URLs and tenants. */
  readonly shared: ResolvedOptions;
  /** The options of each base URL, of a tenant where one is named. `undefined`: there are tenants, and none is named. */
  readonly findSites: (tenant: string | undefined) => Promise<readonly ResolvedOptions[] | undefined>;
  readonly hasTenants: boolean;
  readonly isChosenByHost: boolean;
  readonly store: Store;
  readonly processId: string;
}

/** Makes what an operator sees of all this: the check, the health, and the answers to their requests. */
export function createCheckParts(options: CheckPartsOptions) {
  const { shared, hasTenants, store, processId } = options;
  const { now, monotonic } = shared.clocks;
  const loginHealth = createLoginHealth({
    // Those of tenants are too many to look at.
    providers: hasTenants ? new Map() : shared.providers,
    ...{ fetch: shared.fetch, monotonic },
  });
  const health = async () => {
    const [stored, logins] = await Promise.all([store.health(), loginHealth.read()]);
    return { ok: stored.ok, store: stored as StoreHealth, logins };
  };
  const answerSample = createSampleAnswer({
    options: shared,
    processId,
    isInMemory: isInMemory(shared),
    now,
  });
  const answerProbe = createProbeRoute({
    path: shared.routes.health,
    isHealthy: async () => (await store.health()).ok,
    monotonic,
  });
  return {
    check: createChecker(options),
    health,
    /** Answers what is asked of the process rather than of a site. Says whether it did. */
    answerOperator: ((req, res) => answerSample(req, res) || answerProbe(req, res)) as typeof answerSample,
    stop: loginHealth.stop,
  };
}
