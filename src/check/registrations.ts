import type { ResolvedOptions } from '../options/options.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { Registration } from './check-report.ts';

/**
 * Every address that is to be registered at the providers, as providers compare them: to the letter. Each provider has those
 * that mean something to it: one that speaks OAuth alone knows nothing of logouts and logins by tokens and `iss`.
 */
export function listRegistrations(sites: readonly ResolvedOptions[]): readonly Registration[] {
  const [first] = sites;
  if (!first || first.routes.callback === false) return [];
  return [...first.providers].map(([provider, definition]) => {
    const { issuer, clientId, capabilities, popupRedirectUri } = definition;
    const { callback, signedOut, afterLogout, backchannelLogout, frontchannelLogout, jwks } = first.routes;
    const { initiateLogin, globalTokenRevocation } = first.routes;
    const at = (path: string | false) => (path === false ? [] : sites.map(({ baseUrl }) => baseUrl + path));
    // A provider knows one address of each for each client.
    const one = (path: string | false, isMeant: boolean) => (isMeant ? at(path)[0] : undefined);
    const isOpenId = definition.identity.from !== 'user_api';
    const own = at(first.severalProviders ? `${callback}/${provider}` : callback);
    const begins = one(initiateLogin, isOpenId);
    return {
      ...{ provider, issuer, clientId },
      redirectUris: popupRedirectUri === undefined ? own : [...own, popupRedirectUri],
      postLogoutRedirectUris:
        capabilities.logout === 'browser' ? [...new Set([...at(afterLogout), ...at(signedOut)])] : [],
      backchannelLogoutUri: one(backchannelLogout, isOpenId),
      frontchannelLogoutUri: one(frontchannelLogout, isOpenId),
      jwksUri: one(jwks, publishesKeys(definition)),
      initiateLoginUri:
        begins !== undefined && sharesIssuer(first, issuer)
          ? `${begins}?${new URLSearchParams({ provider })}`
          : begins,
      globalTokenRevocationUri: one(globalTokenRevocation, isOpenId),
    };
  });
}

/** Keys that it signs by, or that answers are encrypted for. */
function publishesKeys({ clientKey, encryptionKeys = [] }: ProviderDefinition): boolean {
  return clientKey !== undefined || encryptionKeys.length > 0;
}

/** Whether `iss` alone does not say which client is meant. */
function sharesIssuer({ providers }: ResolvedOptions, issuer: string): boolean {
  return [...providers.values()].filter((other) => other.issuer === issuer).length > 1;
}
