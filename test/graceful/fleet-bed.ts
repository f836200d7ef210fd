import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { type FleetAppOptions, type FleetProcess, startProcess } from '../chaos/fleet.ts';
import { bundleFleetApp, type FleetBundle } from '../chaos/fleet-bundle.ts';
import { type FleetProvider, startFleetProvider } from '../chaos/fleet-provider.ts';
import { createPeople, type People } from '../chaos/person.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

export const BASE_URL = 'http://localhost:3000';
export const SECRET = 'a secret of the tests, long enough to be one';

/** Processes of one application on one Redis, from bundles that a test file makes. */
export interface FleetBed {
  readonly redis: RedisServer;
  readonly provider: FleetProvider;
  readonly people: People;
  readonly bundle: FleetBundle;
  start(name: string, options?: Partial<FleetAppOptions> & { bundle?: FleetBundle }): Promise<FleetProcess>;
}

/** Sets one up for a test file. Its processes end with their test. */
export function setUpFleet(): FleetBed {
  let [redis, provider, people, bundle] = [] as unknown as [RedisServer, FleetProvider, People, FleetBundle];
  const running = new Set<FleetProcess>();
  beforeAll(async () => {
    [redis, provider, bundle] = await Promise.all([
      startRedisServer(),
      startFleetProvider({ accessTokenLife: 2 }),
      bundleFleetApp(),
    ]);
    people = createPeople({ baseUrl: BASE_URL });
  });
  afterEach(async () => {
    for (const each of running) if (each.end === undefined) each.signal('SIGKILL');
    running.clear();
  });
  afterAll(async () => {
    people.close();
    await Promise.all([redis.stop(), provider.close(), bundle.remove()]);
  });
  return {
    get redis() {
      return redis;
    },
    get provider() {
      return provider;
    },
    get people() {
      return people;
    },
    get bundle() {
      return bundle;
    },
    start: async (name, { bundle: { program } = bundle, ...options } = {}) => {
      const { issuer, clientId } = provider;
      const common = { baseUrl: BASE_URL, secrets: [SECRET], redis: redis.url, issuer, clientId };
      const started = await startProcess(program, { ...common, ...options, name });
      running.add(started);
      return started;
    },
  };
}
