import type { Clock } from '../clock.ts';
import type { Provider } from '../provider/provider.ts';
import type { RouteHandler } from './route-table.ts';

/** What it is made of. */
export interface JwksRouteOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly monotonic: Clock;
}

type PublicKeys = Awaited<ReturnType<Provider['publishedKeys']>>;

/** What was found holds for so long, in milliseconds: anybody may ask, and a key may come from a function of the application. */
const LIFE_MS = 1000;
/** How long others may keep it, in seconds: a new key is published so long before it signs. */
const MAX_AGE_SECONDS = 300;

/**
 * Makes the route where providers find the public keys of this client: those of all providers here, each once.
 *
 * @see [RFC 7517, section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)
 */
export function createJwksRoute({ providers, monotonic }: JwksRouteOptions): RouteHandler {
  let flight: Promise<PublicKeys> | undefined;
  let until = Number.NEGATIVE_INFINITY;
  const find = async (): Promise<PublicKeys> => {
    const lists = await Promise.all([...providers.values()].map((provider) => provider.publishedKeys()));
    const byText = lists.flat().map((key) => [JSON.stringify(key), key] as const);
    return [...new Map(byText).values()];
  };

  return async (_req, res) => {
    if (!flight || monotonic() >= until) {
      until = Number.POSITIVE_INFINITY;
      flight = find().finally(() => {
        until = monotonic() + LIFE_MS;
      });
    }
    const keys = await flight;
    res.set('Cache-Control', `public, max-age=${MAX_AGE_SECONDS}`).json({ keys });
  };
}
