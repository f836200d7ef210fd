import { ProviderError, type ProviderErrorCode, type ProviderFault } from '../errors.ts';

/** What a fault is told with beside its parts. */
export interface FaultNotes {
  /** @default 'provider_invalid_response' */
  readonly code?: ProviderErrorCode;
  /** A sentence on what to do, where the name of the option is not enough. */
  readonly remedy?: string | undefined;
  readonly oauthError?: string | undefined;
  readonly oauthErrorDescription?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** Makes the error of a fault, message and all. */
export function faultError(
  provider: string,
  fault: ProviderFault,
  { code = 'provider_invalid_response', remedy, ...notes }: FaultNotes = {},
): ProviderError {
  return new ProviderError(writeFault(provider, fault, remedy), { code, provider, fault, ...notes });
}

/** Writes a fault as a message does. */
export function writeFault(provider: string, fault: ProviderFault, remedy: string | undefined): string {
  const { asked, member, expected, got, option } = fault;
  const place = [asked, member].filter(Boolean).join(', ');
  const difference = [expected && `expected ${expected}`, got && `got ${got}`].filter(Boolean).join(', ');
  const way = remedy ?? (option === undefined ? undefined : `The option for it is ${option}.`);
  return `Provider "${provider}": ${place}: ${difference}.${way === undefined ? '' : ` ${way}`}`;
}

/** A fault that waits for whoever knows of which provider it is. */
export interface FoundFault extends Error {
  readonly [FOUND]: { readonly fault: ProviderFault; readonly notes: FaultNotes };
}

const FOUND: unique symbol = Symbol('a fault of a provider');

/**
 * Makes what is thrown where nobody knows of which provider it is, or in the middle of a library's work, which wraps what
 * is thrown. `toProviderError()` finds it again.
 */
export function foundFault(fault: ProviderFault, notes: FaultNotes = {}): FoundFault {
  const error = new Error('A fault of a provider.', { cause: notes.cause });
  return Object.assign(error, { [FOUND]: { fault, notes } });
}

/** Reads it again; `undefined`: this is something else. */
export function readFoundFault(error: unknown): FoundFault[typeof FOUND] | undefined {
  return (error as Partial<FoundFault> | undefined)?.[FOUND];
}

const MAX_SHOWN_LENGTH = 200;

/** Writes a value that came into a message: in one line, short, and of what is no text its kind. Not for secrets. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return showText(value);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (Array.isArray(value))
    return value.every(isText) ? `[${value.slice(0, 10).map(show).join(', ')}]` : 'a list';
  return kindOf(value);
}

/** Writes what kind of value came, where the value itself may be secret. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`;
}

/** A request as messages name it: without its query, which may hold what is secret. */
export function nameRequest(method: string | undefined, address: string): string {
  const { origin, pathname } = new URL(address);
  return `${method ?? 'GET'} ${origin}${pathname}`;
}

/** An address without what may be secret in it. */
export function showAddress(value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value)) return show(value);
  const { protocol, host, pathname } = new URL(value);
  return showText(host === '' ? `${protocol}…` : `${protocol}//${host}${pathname}`);
}

function showText(text: string): string {
  const short = text.length > MAX_SHOWN_LENGTH ? `${text.slice(0, MAX_SHOWN_LENGTH)}...` : text;
  return JSON.stringify(short).replace(/[^ -~]/g, '?');
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
