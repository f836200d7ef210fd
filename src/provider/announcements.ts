import type { ServerMetadata } from 'openid-client';
import type { ProviderError, ProviderFault } from '../errors.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import { readList } from './client-authentication.ts';
import { listConfiguredSwitches, listConfiguredValues } from './configured-values.ts';
import type { Discovered } from './discovery.ts';
import { faultError, show } from './provider-fault.ts';
import { isPushed, isSigned } from './request-url.ts';

/**
 * Compares what a provider announces with what is configured. Announcements are wrong often, so none of this keeps
 * anybody out: it is told to the operator, who may find the cause of a login that fails in it.
 */
export function findConflicts(
  { metadata, asked }: Discovered,
  definition: ProviderDefinition,
): readonly ProviderFault[] {
  const announcedAs = metadata as Readonly<Record<string, unknown>>;
  const differ = (member: string, value: string, { got, option }: { got: unknown; option: string }) => [
    { asked, member, expected: `${value}, as is configured`, got: show(got), option },
  ];
  return [
    ...listConfiguredValues(definition, metadata).flatMap(([member, value, option]) => {
      const announced = readList(announcedAs[member]);
      // A list that is absent says nothing.
      if (!announced || announced.includes(value)) return [];
      return differ(member, value, { got: announced, option });
    }),
    ...listConfiguredSwitches(definition, metadata).flatMap(([member, option]) =>
      announcedAs[member] === false ? differ(member, 'true', { got: false, option }) : [],
    ),
  ];
}

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
 * Says what a login here, or its provider, demands of an authorization request that is not to be had.
 *
 * @see [RFC 9126, section 5](https://www.rfc-editor.org/rfc/rfc9126#section-5)
 * @see [RFC 9101, section 10.5](https://www.rfc-editor.org/rfc/rfc9101#section-10.5)
 */
export function findUnmetDemand(
  metadata: Readonly<ServerMetadata>,
  definition: ProviderDefinition,
  name: string,
): ProviderError | undefined {
  const found = [
    findMissingPush(metadata, definition),
    findMissingKey(metadata, definition),
    findProfileConflict(metadata, definition),
  ].find((each) => each !== undefined);
  return (
    found &&
    faultError(
      name,
      { asked: 'the discovery document', ...found.fault },
      { code: 'provider_unsupported', remedy: found.remedy },
    )
  );
}

interface UnmetDemand {
  readonly fault: Omit<ProviderFault, 'asked'>;
  readonly remedy: string;
}

function findMissingPush(
  metadata: Readonly<ServerMetadata>,
  definition: ProviderDefinition,
): UnmetDemand | undefined {
  if (!isPushed(definition, metadata) || metadata.pushed_authorization_request_endpoint !== undefined)
    return undefined;
  const asker =
    metadata.require_pushed_authorization_requests === true
      ? 'require_pushed_authorization_requests'
      : 'the option pushedAuthorizationRequests';
  return {
    fault: {
      member: 'pushed_authorization_request_endpoint',
      expected: `an address, which ${asker} calls for`,
      got: 'nothing',
    },
    remedy:
      'No login begins without that address: pushed authorization requests (PAR, RFC 9126) are never sent another way.',
  };
}

function findMissingKey(
  metadata: Readonly<ServerMetadata>,
  definition: ProviderDefinition,
): UnmetDemand | undefined {
  if (!isSigned(definition, metadata) || definition.clientKey) return undefined;
  return {
    fault: {
      member: 'require_signed_request_object',
      expected: 'false or nothing, as there is no key to sign by',
      got: 'true',
      option: 'clientKey',
    },
    remedy: 'It takes signed requests only (JAR, RFC 9101). The option that signs them is clientKey.',
  };
}

/** Under a profile nothing is taken for a slip of the pen. */
function findProfileConflict(
  metadata: Readonly<ServerMetadata>,
  definition: ProviderDefinition,
): UnmetDemand | undefined {
  if (!definition.profile) return undefined;
  const [fault] = findConflicts({ metadata, asked: 'the discovery document' }, definition);
  return (
    fault && {
      fault,
      remedy: `No login begins under the profile "${definition.profile}" while the two differ. The option for it is ${fault.option}.`,
    }
  );
}
