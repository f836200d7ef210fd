import type { JWTPayload } from 'jose';
import { kindOf } from './provider-fault.ts';
import { invalidResponse } from './provider-faults.ts';

/**
 * Reads when a session must be over, as the provider says it in the ID token, in seconds since the epoch by its clock.
 * `undefined`: it leaves that to the application.
 *
 * @param name - the provider's name in the options.
 * @throws ProviderError `provider_invalid_response` for what is no time: a limit that cannot be read is not passed over.
 * @see [IPSIE SL1 OpenID Connect Profile](https://openid.github.io/ipsie-openid-sl1/draft-openid-ipsie-sl1-profile.html)
 */
export function readSessionExpiry(name: string, { session_expiry: end }: JWTPayload): number | undefined {
  if (end === undefined) return undefined;
  if (typeof end === 'number' && Number.isFinite(end) && end > 0) return end;
  const fault = { member: 'session_expiry', expected: 'a number above 0', got: kindOf(end) };
  throw invalidResponse(name, 'the proof of identity', fault);
}

/**
 * Refuses a login whose session would be over before it begins.
 *
 * @param nowSeconds - by this machine's clock: a tolerance would let a session live that the provider holds to be over.
 * @throws ProviderError `provider_invalid_response`
 */
export function checkSessionExpiry(name: string, end: number | undefined, nowSeconds: number): void {
  if (end === undefined || end > nowSeconds) return;
  throw invalidResponse(name, 'the proof of identity', {
    member: 'session_expiry',
    expected: 'a time in the future',
    got: `one ${Math.ceil(nowSeconds - end)} seconds ago`,
  });
}
