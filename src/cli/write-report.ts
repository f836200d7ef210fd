import type { Check } from '../check/check.ts';
import type { Registration } from '../check/check-report.ts';
import type { DoctorEntry, DoctorReport } from './doctor.ts';

const SIGNS: Readonly<Record<Check['status'], string>> = {
  ok: 'ok     ',
  warning: 'WARNING',
  fault: 'FAULT  ',
  skipped: '-      ',
};

/** Writes what was found for a person to read: what is wrong first, and the addresses to register as they are. */
export function writeReport({ applications, apart, ok }: DoctorReport): string {
  const parts = [
    ...applications.map(writeEntry),
    ...(apart.length > 0 ? [['Several applications', ...apart.map(writeCheck)].join('\n')] : []),
    writeSum([...applications.flatMap(({ checks }) => checks), ...apart], ok),
  ];
  return `${parts.join('\n\n')}\n`;
}

function writeEntry({ label, checks, register = [] }: DoctorEntry): string {
  const sorted = [...checks].sort((one, other) => ORDER.indexOf(one.status) - ORDER.indexOf(other.status));
  return [label, ...sorted.map(writeCheck), ...register.map(writeRegistration)].join('\n');
}

const ORDER: readonly Check['status'][] = ['fault', 'warning', 'ok', 'skipped'];

function writeCheck({ name, status, says, remedy, field, provider }: Check): string {
  const where = provider === undefined || provider === 'default' ? name : `${name} (${provider})`;
  const lines = [`  ${SIGNS[status]} ${where}: ${says}`];
  if (remedy !== undefined && status !== 'ok')
    lines.push(`          ${field === undefined ? '' : `[${field}] `}${remedy}`);
  return lines.join('\n');
}

function writeRegistration(registration: Registration): string {
  const { provider, issuer, clientId, redirectUris, postLogoutRedirectUris } = registration;
  const { backchannelLogoutUri, frontchannelLogoutUri, jwksUri } = registration;
  const { initiateLoginUri, globalTokenRevocationUri } = registration;
  const rows: [string, readonly (string | undefined)[]][] = [
    ['redirect URI', redirectUris],
    ['after a logout', postLogoutRedirectUris],
    ['back-channel logout', [backchannelLogoutUri]],
    ['front-channel logout', [frontchannelLogoutUri]],
    ['keys (jwks_uri)', [jwksUri]],
    ['begins a login', [initiateLoginUri]],
    ['ends all sessions', [globalTokenRevocationUri]],
  ];
  const lines = rows.flatMap(([what, uris]) =>
    uris.flatMap((uri) => (uri === undefined ? [] : [`    ${what.padEnd(21)} ${uri}`])),
  );
  const who = provider === 'default' ? '' : `${provider}, `;
  return [`\n  Register at ${who}${issuer}, for the client ${clientId}:`, ...lines].join('\n');
}

function writeSum(checks: readonly Check[], ok: boolean): string {
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  const [faults, warnings] = [count('fault'), count('warning')];
  if (ok && warnings === 0) return 'Nothing is wrong.';
  return `${faults} ${faults === 1 ? 'fault' : 'faults'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}.`;
}
