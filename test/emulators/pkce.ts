import { createHash } from 'node:crypto';
import type { EmulatorClient } from './client-authentication.ts';
import type { Grant } from './grants.ts';
import type { Parameters } from './parameters.ts';
import { invalidGrant, invalidRequest } from './refusal.ts';

/**
 * Reads the challenge of an authorization request; undefined when PKCE is not used.
 * @throws Refusal `invalid_request` for any method but the one that the provider names.
 * @see RFC 7636 section 4.3
 */
export const readCodeChallenge = (parameters: Parameters, methodName: string): string | undefined => {
  const challenge = parameters.get('code_challenge');
  const method = parameters.get('code_challenge_method');
  if (challenge === undefined && method === undefined) return undefined;
  if (method !== methodName) throw invalidRequest(`code_challenge_method must be ${methodName}`);
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge ?? '')) {
    throw invalidRequest('code_challenge is not a base64url SHA-256');
  }
  return challenge;
};

/**
 * Checks the challenge; a client without a secret has to send one.
 * @throws Refusal `invalid_request`
 */
export const checkCodeChallenge = (
  parameters: Parameters,
  client: EmulatorClient,
  methodName: string,
): void => {
  const challenge = readCodeChallenge(parameters, methodName);
  if (client.clientSecret === undefined && challenge === undefined) {
    throw invalidRequest('code_challenge is missing');
  }
};

/**
 * Checks the verifier of a code that was asked for with a challenge, and refuses one that was not.
 * @throws Refusal `invalid_grant`
 * @see RFC 7636 section 4.6
 */
export const checkCodeVerifier = (grant: Grant, parameters: Parameters): void => {
  const verifier = parameters.get('code_verifier');
  if ((verifier && hashVerifier(verifier)) !== grant.codeChallenge) {
    throw invalidGrant('code_verifier does not match the challenge');
  }
};

/** base64url(SHA-256(verifier)) */
export const hashVerifier = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url');
