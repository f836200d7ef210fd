import { TokenError } from './errors.ts';
import type { LoginFacts } from './events.ts';
import { checkDestination, createApiCalls } from './fetch-with-token.ts';
import type { MappedLogin, ResolvedOptions } from './options/options.ts';
import type { TokenSet } from './tokens.ts';

/** What came with a login that `mapUser` is asked about. */
export interface BroughtByLogin extends Pick<TokenSet, 'accessToken' | 'dpopKey'> {
  /** @default {} */
  readonly unverified?: MappedLogin['unverified'] | undefined;
}

/** Makes what `mapUser` is told of a login. The token stays inside. */
export type DescribeMappedLogin = (facts: LoginFacts, brought: BroughtByLogin) => MappedLogin;

/** Makes it. The token may be sent to `apiOrigins`, by `fetch`. */
export function createMappedLogins({
  apiOrigins,
  fetch,
  clocks: { now },
}: Pick<ResolvedOptions, 'apiOrigins' | 'fetch' | 'clocks'>): DescribeMappedLogin {
  const callApi = createApiCalls({ fetch, now });
  return (facts, { unverified = {}, accessToken, dpopKey }) => ({
    ...facts,
    unverified,
    fetch: async (address, init = {}) => {
      const url = checkDestination('fetch() of mapUser', address, apiOrigins);
      if (accessToken) return callApi(url, { init, token: { accessToken, dpopKey } });
      throw new TokenError('This login brought no access token.', 'token_unavailable');
    },
  });
}
