import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import { FACTS, nameChannel, TRACES } from '../diagnostics.ts';
import type { DiagnosticFacts, DiagnosticTraces } from '../diagnostics-payloads.ts';

/** What `NODE_DEBUG` must name. */
const log = debuglog('connect-auth');

/**
 * Writes a line for each fact, and for each traced operation when it has ended, where `NODE_DEBUG=connect-auth` asks for
 * it. Once for the process, however often this is called.
 */
export function startDebugLog(): void {
  if (!log.enabled) return;
  for (const name of Object.keys(FACTS) as (keyof DiagnosticFacts)[]) listen(nameChannel(name));
  for (const name of Object.keys(TRACES) as (keyof DiagnosticTraces)[])
    listen(`tracing:${nameChannel(name)}:asyncEnd`);
}

function listen(channel: string): void {
  unsubscribe(channel, writeLine);
  subscribe(channel, writeLine);
}

/** What a line begins with, whichever channel it came by. */
const BEGINNING = /^(tracing:)?express-connect-auth\.|:asyncEnd$/g;

function writeLine(message: unknown, channel: string | symbol): void {
  const name = String(channel).replace(BEGINNING, '');
  const members = Object.entries(message as object).flatMap(([key, value]) => writeMember(key, value));
  log('%s', [name, ...members].join(' '));
}

function writeMember(key: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value === 'number') return [`${key}=${Math.round(value * 1000) / 1000}`];
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([inner, each]) => writeMember(`${key}.${inner}`, each));
  }
  return [`${key}=${/^[\w.:/-]+$/.test(String(value)) ? value : JSON.stringify(value)}`];
}
