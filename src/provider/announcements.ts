import type { ServerMetadata } from 'openid-client';
import type { ProviderError, ProviderFault } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { chooseMethod, readList } from './client-authentication.ts';
import type { Discovered } from './discovery.ts';
import { faultError, show } from './provider-fault.ts';
import { splitWords } from './split-words.ts';

/**
 * Compares what a provider announces with what is configured. Announcements are wrong often, so none of this keeps
 * anybody out: it is told to the operator, who may find the cause of a login that fails in it.
 */
export function findConflicts(
  { metadata, asked }: Discovered,
  definition: ProviderDefinition,
): readonly ProviderFault[] {
  const { responseMode, quirks, authorizationParams, identity } = definition;
  const method = chooseMethod(definition, metadata.token_endpoint_auth_methods_supported);
  const configured: readonly Configured[] = [
    ['id_token_signing_alg_values_supported', identity.algorithm, 'idTokenSigningAlgorithm'],
    ['token_endpoint_auth_methods_supported', method, 'clientAuthentication'],
    ['response_modes_supported', responseMode, 'responseMode'],
    ['code_challenge_methods_supported', quirks.pkce, 'quirks.pkce'],
    ['dpop_signing_alg_values_supported', definition.dpop ? 'ES256' : 'none', 'dpop'],
    ...splitWords(authorizationParams.prompt ?? '').map(
      (prompt): Configured => ['prompt_values_supported', prompt, 'authorizationParams.prompt'],
    ),
  ];
  return configured
    .filter(([, value]) => value !== 'none')
    .flatMap(([member, value, option]) => {
      const announced = readList((metadata as Readonly<Record<string, unknown>>)[member]);
      // A list that is absent says nothing.
      if (!announced || announced.includes(value)) return [];
      return [{ asked, member, expected: `${value}, as is configured`, got: show(announced), option }];
    });
}

type Configured = readonly [member: string, value: string, option: string];

/** Makes the errors of conflicts. Each is told once, and again when it comes back after it was gone. */
export function createConflictTeller(
  definition: ProviderDefinition,
  { name, tell }: { name: string; tell: (conflict: ProviderError) => void },
): (discovered: Discovered) => void {
  let told: ReadonlySet<string> = new Set();
  return (discovered) => {
    const conflicts = findConflicts(discovered, definition).map((fault) =>
      faultError(name, fault, {
        code: 'provider_conflict',
        remedy: `Nothing has failed by it. If a login does, the option to look at is ${fault.option}.`,
      }),
    );
    for (const conflict of conflicts) if (!told.has(conflict.message)) tell(conflict);
    told = new Set(conflicts.map(({ message }) => message));
  };
}

/**
 * Says what a provider demands of an authorization request that is not to be had here.
 *
 * @see [RFC 9126, section 5](https://www.rfc-editor.org/rfc/rfc9126#section-5)
 */
export function findUnmetDemand(metadata: Readonly<ServerMetadata>, name: string): ProviderError | undefined {
  if (metadata.require_pushed_authorization_requests !== true) return undefined;
  return faultError(
    name,
    {
      asked: 'the discovery document',
      member: 'require_pushed_authorization_requests',
      expected: 'false or nothing',
      got: 'true',
    },
    {
      code: 'provider_unsupported',
      remedy:
        'Pushed authorization requests (PAR, RFC 9126) are not made here: ask the provider not to demand them of this client.',
    },
  );
}
