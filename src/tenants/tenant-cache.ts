import type { Clock } from '../clock.ts';
import { ConnectAuthError } from '../errors.ts';
import { inTime } from './in-time.ts';

/** What is kept of tenants: of each at most for a while, of all at most so many. */
export interface TenantCache<Entry> {
  /**
   * The entry of a tenant: at once where it is fresh, else in one flight. `undefined`: there is no such tenant, which is
   * believed for ten seconds. What the loader throws is thrown, and a ConnectAuthError `tenant_unavailable` (503) after ten
   * seconds; an older entry is kept and used then, and the fault is told.
   *
   * @throws ConnectAuthError `tenant_unavailable` (503) for a name that is not kept, while 256 are looked for.
   */
  get(name: string): Entry | Promise<Entry | undefined>;
  /** All that there are. */
  entries(): readonly Entry[];
}

/** What it is made of. */
export interface TenantCacheOptions<Entry> {
  /** @param known - the entry so far, to be kept where nothing has changed. */
  readonly load: (name: string, known: Entry | undefined) => Promise<Entry | undefined>;
  /** Told of an entry that is kept no more. */
  readonly onDrop: (entry: Entry) => void;
  /** Told why an entry could not be renewed. */
  readonly onFault: (fault: unknown, name: string) => void;
  readonly max: number;
  readonly lifeMs: number;
  readonly monotonic: Clock;
}

/** An entry that could not be renewed is used for so long before the loader is asked again, in milliseconds. */
const RETRY_MS = 10_000;

/** A name that is no tenant's is not asked for again for so long, in milliseconds: anybody may send any. */
const UNKNOWN_MS = 10_000;
const MAX_UNKNOWN = 1_000;

/** So many are looked for at once: each may ask a database of the application's. */
const MAX_FLIGHTS = 256;

/** Makes it empty. The one that was not used for longest goes first. */
export function createTenantCache<Entry>(options: TenantCacheOptions<Entry>): TenantCache<Entry> {
  const { load, onDrop, onFault, max, lifeMs, monotonic } = options;
  const kept = new Map<string, { entry: Entry; until: number }>();
  const flights = new Map<string, Promise<Entry | undefined>>();
  /** In the order of their ends. */
  const unknown = new Map<string, number>();

  const put = (name: string, entry: Entry, forMs: number) => {
    kept.delete(name);
    kept.set(name, { entry, until: monotonic() + forMs });
    for (const [oldest, { entry: dropped }] of kept) {
      if (kept.size <= max) break;
      kept.delete(oldest);
      onDrop(dropped);
    }
  };

  const putUnknown = (name: string) => {
    unknown.delete(name);
    unknown.set(name, monotonic() + Math.min(UNKNOWN_MS, lifeMs));
    if (unknown.size > MAX_UNKNOWN) unknown.delete(unknown.keys().next().value!);
  };

  const renew = async (name: string): Promise<Entry | undefined> => {
    const known = kept.get(name)?.entry;
    try {
      const entry = await inTime(load(name, known), 'The provider of a tenant');
      if (known !== undefined && entry !== known) {
        kept.delete(name);
        onDrop(known);
      }
      if (entry !== undefined) put(name, entry, lifeMs);
      // One that was there may be put back at once.
      else if (known === undefined) putUnknown(name);
      return entry;
    } catch (error) {
      if (known === undefined) throw error;
      onFault(error, name);
      put(name, known, Math.min(RETRY_MS, lifeMs));
      return known;
    }
  };

  return {
    get: (name) => {
      const found = kept.get(name);
      if (found && monotonic() < found.until) {
        kept.delete(name);
        kept.set(name, found);
        return found.entry;
      }
      const known = flights.get(name);
      if (known) return known;
      if (monotonic() < (unknown.get(name) ?? -Infinity)) return Promise.resolve(undefined);
      if (!found && flights.size >= MAX_FLIGHTS) {
        throw new ConnectAuthError('Too many tenants are looked for at once.', {
          ...{ code: 'tenant_unavailable', status: 503 },
        });
      }
      const flight = renew(name).finally(() => flights.delete(name));
      flights.set(name, flight);
      return flight;
    },
    entries: () => [...kept.values()].map(({ entry }) => entry),
  };
}
