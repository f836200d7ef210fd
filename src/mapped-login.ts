import { TokenError } from './errors.ts';
import { checkDestination, fetchWithToken } from './fetch-with-token.ts';
import type { MappedLogin } from './options/options.ts';

/** What is known of a login that `mapUser` is asked about. */
export interface LoginToMap {
  readonly provider: string;
  readonly issuer: string;
  /** @default {} */
  readonly unverified?: MappedLogin['unverified'] | undefined;
  readonly accessToken: string | undefined;
}

/** Makes what `mapUser` is told of a login. The token stays inside. */
export type DescribeMappedLogin = (login: LoginToMap) => MappedLogin;

/** @param apiOrigins - where the token may be sent to. */
export function createMappedLogins(apiOrigins: ReadonlySet<string>): DescribeMappedLogin {
  return ({ provider, issuer, unverified = {}, accessToken }) => ({
    provider,
    issuer,
    unverified,
    fetch: async (address, init = {}) => {
      const url = checkDestination('fetch() of mapUser', address, apiOrigins);
      if (accessToken) return fetchWithToken(url, init, accessToken);
      throw new TokenError('This login brought no access token.', 'token_unavailable');
    },
  });
}
