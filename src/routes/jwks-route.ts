import type { Clock } from '../clock.ts';
import type { Provider } from '../provider/provider.ts';
import type { Answers } from './answers.ts';
import type { RouteHandler } from './route-table.ts';

/** What it is made of. */
export interface JwksRouteOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly answers: Answers;
  readonly monotonic: Clock;
}

interface PublicKeys {
  readonly keys: Awaited<ReturnType<Provider['publishedKeys']>>;
  /** Why those of some providers are not among them. */
  readonly faults: readonly unknown[];
}

/** What was found holds for so long, in milliseconds: anybody may ask, and a key may come from a function of the application. */
const LIFE_MS = 1000;
/** How long others may keep it, in seconds: a new key is published so long before it signs. */
const MAX_AGE_SECONDS = 300;

/**
 * Makes the route where providers find the public keys of this client: those of all providers here, each once. Where the keys
 * of one cannot be had, the others find theirs all the same.
 *
 * @see [RFC 7517, section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)
 */
export function createJwksRoute({ providers, answers, monotonic }: JwksRouteOptions): RouteHandler {
  let flight: Promise<PublicKeys> | undefined;
  let until = Number.NEGATIVE_INFINITY;
  const find = async (): Promise<PublicKeys> => {
    const given = await Promise.allSettled([...providers.values()].map((each) => each.publishedKeys()));
    const faults = given.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown);
    const found = given.filter((each) => each.status === 'fulfilled').flatMap(({ value }) => value);
    if (found.length === 0 && faults.length > 0) throw faults[0];
    const byText = found.map((key) => [JSON.stringify(key), key] as const);
    return { keys: [...new Map(byText).values()], faults };
  };

  return async (req, res) => {
    if (!flight || monotonic() >= until) {
      until = Number.POSITIVE_INFINITY;
      flight = find().finally(() => {
        until = monotonic() + LIFE_MS;
      });
    }
    const { keys, faults } = await flight;
    for (const fault of faults) await answers.reportError(req, res, fault, 'session');
    // What is not whole is kept by nobody.
    res.set('Cache-Control', faults.length > 0 ? 'no-store' : `public, max-age=${MAX_AGE_SECONDS}`);
    res.json({ keys });
  };
}
