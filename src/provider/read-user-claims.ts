import { pickUserClaims, type UserClaims } from '../claims.ts';
import { invalidResponse } from './provider-faults.ts';

/**
 * Picks what describes the person out of what a provider answered. Each request reads it all again, and a claim that
 * is cut short says something else: so nothing is left out, and a login with too much of it is refused.
 *
 * @throws ProviderError `provider_invalid_response`, naming the limit and the largest claim.
 */
export function readUserClaims(name: string, payload: object & { sub?: unknown }): UserClaims {
  try {
    return pickUserClaims(payload);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalidResponse(
      name,
      'what it says of the person',
      `${error.message}; ${describeLargest(payload)}`,
    );
  }
}

function describeLargest(payload: object): string {
  const sizes = Object.entries(payload).map(([claim, value]) => ({ claim, size: sizeOf(value) }));
  const { claim, size } = sizes.reduce((largest, next) => (next.size > largest.size ? next : largest));
  // Names of claims come from the provider: a strange one is not repeated.
  const named = /^[\w.:/-]{1,64}$/.test(claim) ? `"${claim}"` : 'one of a strange name';
  return `the largest is ${named} with ${size} characters`;
}

function sizeOf(value: unknown): number {
  return JSON.stringify(value)?.length ?? 0;
}
