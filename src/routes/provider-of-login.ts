import type { Provider } from '../provider/provider.ts';
import { type Identity, nameClientOf } from '../session/identity.ts';

/** Names the provider that a login was for, as the options call it now; `undefined`: it is not among them any more. */
export type NameProviderOf = (
  login: Pick<Identity, 'provider' | 'issuer' | 'clientId'>,
) => string | undefined;

/** Makes it. What a session leaves behind, its tokens above all, goes to nobody but that provider. */
export function createProviderNames(providers: ReadonlyMap<string, Provider>): NameProviderOf {
  const clients = new Map(
    [...providers].map(([name, { issuer, definition }]) => [name, { issuer, clientId: definition.clientId }]),
  );
  return (login) => nameClientOf(login, clients);
}
