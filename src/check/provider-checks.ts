import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import { findUnmetDemand } from '../provider/announcements.ts';
import type { Announced, ProviderExaminer } from '../provider/provider-examiner.ts';
import { splitWords } from '../provider/split-words.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  type Check,
  describeOffset,
  failed,
  failedBy,
  passed,
  skipped,
  splitMessage,
  warned,
} from './check.ts';
import { checkCredentials, checkRedirectUri } from './client-checks.ts';
import { checkKeys } from './key-checks.ts';

/** One provider, and what is to be tried of it. */
export interface ProviderSubject {
  readonly name: string;
  readonly definition: ProviderDefinition;
  readonly examiner: ProviderExaminer;
  readonly now: Clock;
  /** `undefined`: this process begins no logins. */
  readonly redirectUri: string | undefined;
  /** Whether one made-up code may be sent, so that the client has to prove itself. */
  readonly tryCredentials: boolean;
}

/** Clocks that differ by more than that are worth a look, in milliseconds. */
const CLOCK_WARNING_MS = 5_000;

/** Looks at a provider as far as it can be looked at without a person. */
export async function checkProvider(subject: ProviderSubject): Promise<readonly Check[]> {
  const { name: provider, definition, examiner } = subject;
  let announced: Announced;
  try {
    announced = await examiner.discover();
  } catch (error) {
    return [describeDiscovery(error, provider)];
  }
  const { metadata, conflicts } = announced;
  const fromOptions = definition.metadata !== undefined;
  const found = fromOptions
    ? 'Its addresses are fixed, and not discovered.'
    : `It says of itself what it must.`;
  const checks = await Promise.all([
    checkKeys(subject, metadata),
    checkCredentials(subject),
    checkRedirectUri(subject, metadata),
  ]);
  return [
    passed('provider.discovery', `${definition.issuer}: ${found}`, { provider }),
    ...(fromOptions ? [] : checkAnnouncements(conflicts, provider)),
    ...checkDemands(metadata, subject),
    ...checkScopes(definition, metadata, provider),
    ...checkLogout(definition, metadata, provider),
    ...checks.flat(),
    ...checkClock(subject),
  ];
}

function describeDiscovery(error: unknown, provider: string): Check {
  const remedy =
    'Correct the address, or look at the network from here to there: name service, proxy, certificates.';
  return failedBy('provider.discovery', error, { provider, remedy, field: fieldOf(error) ?? 'issuer' });
}

function fieldOf(error: unknown): string | undefined {
  return error instanceof ProviderError ? error.fault?.option : undefined;
}

function checkAnnouncements(conflicts: Announced['conflicts'], provider: string): readonly Check[] {
  if (conflicts.length === 0)
    return [passed('provider.announcements', 'What it announces fits what is configured.', { provider })];
  return conflicts.map((conflict) => {
    const { says, remedy } = splitMessage(conflict.message);
    return warned('provider.announcements', says, { provider, remedy, field: fieldOf(conflict) });
  });
}

function checkDemands(
  metadata: Announced['metadata'],
  { name: provider, definition }: ProviderSubject,
): readonly Check[] {
  const demand = findUnmetDemand(metadata, definition, provider);
  if (!demand) return [];
  const { says, remedy } = splitMessage(demand.message);
  return [failed('provider.demands', says, { provider, remedy, field: demand.fault?.member })];
}

/** Announced lists of scopes leave some out, so that nobody is told of them but whoever looks for a fault. */
function checkScopes(
  { scope }: ProviderDefinition,
  { scopes_supported: announced }: Announced['metadata'],
  provider: string,
): readonly Check[] {
  if (!Array.isArray(announced)) return [];
  const unknown = splitWords(scope).filter((word) => !announced.includes(word));
  if (unknown.length === 0)
    return [passed('provider.scopes', `It announces all of "${scope}".`, { provider })];
  const list = unknown.map((word) => `"${word}"`).join(', ');
  return [
    warned('provider.scopes', `scopes_supported has no ${list}.`, {
      provider,
      field: 'scope',
      remedy:
        'Look for a slip of the pen, and at the provider whether this client may ask for it: an unknown scope is refused at the login, or passed over without a word.',
    }),
  ];
}

function checkLogout(
  { capabilities: { logout } }: ProviderDefinition,
  metadata: Announced['metadata'],
  provider: string,
): readonly Check[] {
  if (logout !== 'browser') return [];
  const tells = metadata.backchannel_logout_supported === true ? ' It tells of logouts by back-channel.' : '';
  if (metadata.end_session_endpoint !== undefined)
    return [passed('provider.logout', `A logout ends the session there too.${tells}`, { provider })];
  return [
    warned('provider.logout', `It announces no end_session_endpoint.${tells}`, {
      provider,
      field: 'end_session_endpoint',
      remedy:
        'A logout ends the session here alone, and the next login may ask nobody for a password. Nothing is to be done where the provider has no logout.',
    }),
  ];
}

function checkClock({ name: provider, definition, examiner }: ProviderSubject): readonly Check[] {
  const offsetMs = examiner.clockOffsetMs();
  if (offsetMs === undefined) return [skipped('provider.clock', 'Its answers have no date.', { provider })];
  const says = `Its clock is ${describeOffset(offsetMs)}.`;
  if (Math.abs(offsetMs) < CLOCK_WARNING_MS) return [passed('provider.clock', says, { provider })];
  const notes = {
    provider,
    field: 'the clock of this machine',
    remedy: 'Keep the clock of this machine by NTP.',
  };
  if (Math.abs(offsetMs) <= 1000 * definition.clockToleranceSeconds)
    return [warned('provider.clock', says, notes)];
  return [
    failed('provider.clock', `${says} Its ID tokens look as if they were over, or not valid yet.`, {
      ...notes,
      remedy: `${notes.remedy} clockToleranceSeconds bears ${definition.clockToleranceSeconds} s.`,
    }),
  ];
}
