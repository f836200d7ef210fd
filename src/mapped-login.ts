import { TokenError } from './errors.ts';
import type { LoginFacts } from './events.ts';
import { checkDestination, fetchWithToken } from './fetch-with-token.ts';
import type { MappedLogin, ResolvedOptions } from './options/options.ts';

/** What came with a login that `mapUser` is asked about. */
export interface BroughtByLogin {
  /** @default {} */
  readonly unverified?: MappedLogin['unverified'] | undefined;
  readonly accessToken: string | undefined;
}

/** Makes what `mapUser` is told of a login. The token stays inside. */
export type DescribeMappedLogin = (facts: LoginFacts, brought: BroughtByLogin) => MappedLogin;

/** Makes it. The token may be sent to `apiOrigins`, by `fetch`. */
export function createMappedLogins({
  apiOrigins,
  fetch,
}: Pick<ResolvedOptions, 'apiOrigins' | 'fetch'>): DescribeMappedLogin {
  return (facts, { unverified = {}, accessToken }) => ({
    ...facts,
    unverified,
    fetch: async (address, init = {}) => {
      const url = checkDestination('fetch() of mapUser', address, apiOrigins);
      if (accessToken) return fetchWithToken(fetch, url, { init, token: accessToken });
      throw new TokenError('This login brought no access token.', 'token_unavailable');
    },
  });
}
