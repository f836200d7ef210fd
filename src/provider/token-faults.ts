import { decodeProtectedHeader, errors, type JWTVerifyOptions } from 'jose';
import type { ProviderFault } from '../errors.ts';
import { faultError, kindOf, show } from './provider-fault.ts';
import type { KeyVerifier } from './signing-keys.ts';

/**
 * The same verifier, but what it refuses is named: the claim, what it must be, what it is, and the option that says so.
 * What it says of keys stays as it is, since others decide by that whether a token may be good after all.
 *
 * @param what - the token, as in "the ID token".
 * @param algorithmOption - the option that says what it is signed by. @default 'idTokenSigningAlgorithm'
 */
export function namingFaults(
  verify: KeyVerifier,
  {
    name,
    what,
    algorithmOption = 'idTokenSigningAlgorithm',
  }: { name: string; what: string; algorithmOption?: string },
): KeyVerifier {
  return async (jwt, how) => {
    try {
      return await verify(jwt, how);
    } catch (error) {
      const fault =
        error instanceof errors.JOSEAlgNotAllowed
          ? describeAlgorithm(jwt, how.options, algorithmOption)
          : findFault(error, jwt, how.options);
      throw fault ? faultError(name, { asked: what, ...fault }, { cause: error }) : error;
    }
  };
}

type Fault = Omit<ProviderFault, 'asked'>;

function describeAlgorithm(jwt: string, { algorithms }: JWTVerifyOptions, option: string): Fault {
  return { member: 'alg', expected: algorithms?.join(' or '), got: show(readAlgorithm(jwt)), option };
}

function findFault(error: unknown, jwt: string, expected: JWTVerifyOptions): Fault | undefined {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return describeClaim(error, expected);
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid)
    return { expected: 'a signed JWT', got: describeForm(jwt) };
  return undefined;
}

function readAlgorithm(jwt: string): unknown {
  try {
    return decodeProtectedHeader(jwt).alg;
  } catch {
    return undefined;
  }
}

function describeForm(jwt: string): string {
  const parts = jwt.split('.').length;
  if (parts === 5) return 'an encrypted token';
  return parts === 3 ? 'three parts that are none' : 'a text that is no JWT';
}

function describeClaim(
  { claim, payload }: errors.JWTClaimValidationFailed | errors.JWTExpired,
  { issuer, audience, currentDate }: JWTVerifyOptions,
): Fault {
  const value = payload[claim];
  if (claim === 'iss') return { member: claim, expected: listed(issuer), got: show(value), option: 'issuer' };
  if (claim === 'aud')
    return { member: claim, expected: listed(audience), got: show(value), option: 'clientId' };
  // Numbers of seconds say nothing to people.
  if (claim === 'exp' || claim === 'nbf') {
    const now = (currentDate ?? new Date(0)).toISOString();
    const expected = claim === 'exp' ? `an end after ${now}` : `a beginning before ${now}`;
    return { member: claim, expected, got: describeTime(value), option: 'clockToleranceSeconds' };
  }
  return {
    member: claim,
    expected: claim === 'iat' ? 'a number' : 'a value that passes',
    got: kindOf(value),
  };
}

function listed(values: string | readonly string[] | undefined): string {
  return [values ?? []].flat().map(show).join(' or ');
}

function describeTime(value: unknown): string {
  const date = typeof value === 'number' ? new Date(value * 1000) : undefined;
  return date && Number.isFinite(date.getTime()) ? date.toISOString() : kindOf(value);
}
