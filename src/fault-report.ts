import { ApplicationError } from './application-errors.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type ConnectAuthError, describeCause, type ProviderError } from './errors.ts';
import type { ErrorEvent, Hooks } from './events.ts';
import { createReference } from './reference.ts';

/** Tells of a fault, and returns its reference when all have heard. */
export type ReportFault = (event: Omit<ErrorEvent, 'reference'>) => Promise<string>;

/** Makes what tells `onError`, and those who listen, of each fault, under a reference of its own. */
export function createFaultReport(onError: Hooks['onError'], diagnostics: Diagnostics): ReportFault {
  return async (event) => {
    const reference = createReference();
    const { error, during } = event;
    diagnostics.tell('fault', () => {
      const { code, status, message } = error;
      const { provider, oauthError } = error as Partial<ProviderError>;
      return { reference, code, status, during, message, cause: findCause(error), provider, oauthError };
    });
    await onError({ ...event, reference });
    return reference;
  };
}

/** What the application threw is its own, and may hold anything: its names and codes are enough here. */
function findCause(error: ConnectAuthError): string | undefined {
  if (error.cause === undefined) return undefined;
  if (error instanceof ApplicationError) return describeCause(error.cause).message;
  return error.cause instanceof Error ? error.cause.message : undefined;
}
