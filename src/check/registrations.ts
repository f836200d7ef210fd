import type { ResolvedOptions } from '../options/options.ts';
import type { Registration } from './check-report.ts';

/** Every address that is to be registered at the providers, as providers compare them: to the letter. */
export function listRegistrations(sites: readonly ResolvedOptions[]): readonly Registration[] {
  const [first] = sites;
  if (!first || first.routes.callback === false) return [];
  return [...first.providers].map(([provider, definition]) => {
    const { issuer, clientId, clientKey, encryptionKeys, capabilities, popupRedirectUri } = definition;
    const { callback, signedOut, afterLogout, backchannelLogout, frontchannelLogout, jwks } = first.routes;
    const { initiateLogin, globalTokenRevocation } = first.routes;
    const at = (path: string | false) => (path === false ? [] : sites.map(({ baseUrl }) => baseUrl + path));
    const own = at(first.severalProviders ? `${callback}/${provider}` : callback);
    return {
      ...{ provider, issuer, clientId },
      redirectUris: popupRedirectUri === undefined ? own : [...own, popupRedirectUri],
      postLogoutRedirectUris:
        capabilities.logout === 'browser' ? [...new Set([...at(afterLogout), ...at(signedOut)])] : [],
      // A provider knows one address for each client.
      backchannelLogoutUri: at(backchannelLogout)[0],
      frontchannelLogoutUri: at(frontchannelLogout)[0],
      jwksUri: clientKey || encryptionKeys?.length ? at(jwks)[0] : undefined,
      initiateLoginUri: at(initiateLogin)[0],
      globalTokenRevocationUri: at(globalTokenRevocation)[0],
    };
  });
}
