import type { Diagnostics } from '../diagnostics.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { createProvider, type Provider } from '../provider/provider.ts';
import type { KnownClient } from '../session/identity.ts';

/** The providers of the options at work, by their names. @param reportFault - told what changes nothing for the request at hand. */
export function createProviders(
  { providers, fetch, clocks: { now, monotonic } }: ResolvedOptions,
  reportFault: (fault: unknown) => void,
  diagnostics: Diagnostics,
): ReadonlyMap<string, Provider> {
  const entries = [...providers].map(
    ([name, definition]) =>
      [name, createProvider(definition, { name, now, monotonic, reportFault, fetch, diagnostics })] as const,
  );
  return new Map(entries);
}

/** Which logins count here: those of these clients. */
export function listClients(providers: ReadonlyMap<string, Provider>): ReadonlyMap<string, KnownClient> {
  const entries = [...providers.values()].map(
    ({ name, issuer, definition }) => [name, { issuer, clientId: definition.clientId }] as const,
  );
  return new Map(entries);
}

/** Where the form of a page may lead. The issuer as well: a process that has served no login yet knows no other. */
export function findFormTargets(providers: ReadonlyMap<string, Provider>): readonly string[] {
  return [...providers.values()].flatMap(({ issuer, knownOrigins }) => [
    new URL(issuer).origin,
    ...knownOrigins(),
  ]);
}
