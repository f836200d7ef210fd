import { createAvailability } from '../availability.ts';
import type { Clock } from '../clock.ts';
import { type Diagnostics, describeError, isHeard } from '../diagnostics.ts';
import type { TracedError } from '../diagnostics-payloads.ts';
import type { BoundedFetch } from './bounded-fetch.ts';
import { readFoundFault, writeFault } from './provider-fault.ts';

/** Whose requests they are, and how they are told of. */
export interface ObservedFetchOptions {
  /** The provider's name in the options. */
  readonly name: string;
  /** The bound of a request: an answer after a quarter of it is slow. */
  readonly timeoutMs: number;
  readonly monotonic: Clock;
  readonly diagnostics: Diagnostics;
  /** Names what a URL is to the provider, such as `token`. */
  readonly nameEndpoint: (url: string) => string;
}

/** Lets those who listen see a provider's requests, and how it is. Where nobody does, a request is the request itself. */
export function observeFetch(fetch: BoundedFetch, options: ObservedFetchOptions): BoundedFetch {
  const { name, timeoutMs, monotonic, diagnostics, nameEndpoint } = options;
  const availability = createAvailability(monotonic, (state, message) =>
    diagnostics.tell('provider.state', () => ({ provider: name, state, message })),
  );
  const describeFault = (thrown: unknown): TracedError => {
    const found = readFoundFault(thrown);
    if (!found) return describeError(thrown);
    const { fault, notes } = found;
    return {
      code: notes.code ?? 'provider_invalid_response',
      message: writeFault(name, fault, notes.remedy),
    };
  };

  const observe: BoundedFetch = async (url, init) => {
    const startedAt = monotonic();
    const describe = () => {
      const { origin, pathname } = new URL(url);
      const { method = 'GET' } = init;
      return { provider: name, endpoint: nameEndpoint(url), method, url: origin + pathname };
    };
    try {
      const response = await diagnostics.trace('provider.request', describe, () => fetch(url, init), {
        onValue: ({ status }) => ({ status }),
        onError: describeFault,
      });
      const { status } = response;
      const isSlow = monotonic() - startedAt > timeoutMs / 4;
      if (status >= 500) availability.note('down', `It answered ${status}.`);
      else availability.note(isSlow ? 'slow' : 'up');
      return response;
    } catch (thrown) {
      const { code, message } = describeFault(thrown);
      availability.note(code === 'provider_unavailable' ? 'down' : 'up', message);
      throw thrown;
    }
  };

  return (url, init) =>
    isHeard('provider.request', 'provider.state') ? observe(url, init) : fetch(url, init);
}
