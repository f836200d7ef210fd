import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { ProviderDefinition } from '../provider-definition.ts';
import { isJwt } from './is-jwt.ts';
import { invalidResponse } from './provider-faults.ts';
import { MAX_SENT_TOKEN_LENGTH, type SentTokenVerification, verifySentToken } from './sent-token.ts';

/** What a logout token says, after every check. `sub` or `sid` is there. */
export interface LogoutClaims {
  readonly sub: string | undefined;
  readonly sid: string | undefined;
  readonly jti: string;
  /** Seconds since the epoch, by the provider's clock. */
  readonly issuedAt: number;
}

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Verifies a logout token. Everything that costs nothing comes first: the endpoint is open to all, and a flood of
 * rubbish must cause neither cryptography nor fetches.
 *
 * @throws ProviderError `provider_invalid_response` for a token to refuse, `provider_unavailable` without keys.
 * @see [OpenID Connect Back-Channel Logout, section 2.6](https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation)
 */
export async function verifyLogoutToken(
  token: string,
  verification: SentTokenVerification,
): Promise<LogoutClaims> {
  const { definition, name, now } = verification;
  const what = 'the logout token';
  const problem = findProblem(token, definition, now() / 1000);
  if (problem) throw invalidResponse(name, what, problem);
  const payload = await verifySentToken(token, { what, audience: definition.clientId }, verification);
  return {
    sub: payload.sub,
    sid: payload.sid as string | undefined,
    jti: payload.jti!,
    issuedAt: payload.iat!,
  };
}

/** Reads whom a token is from and for of which nothing has been checked, to find whose keys to check it with. */
export function peekAddress(token: string): { issuer?: unknown; audiences: readonly unknown[] } {
  try {
    const { iss, aud } = decodeJwt(token);
    return { issuer: iss, audiences: [aud ?? []].flat() };
  } catch {
    return { audiences: [] };
  }
}

function findProblem(token: string, definition: ProviderDefinition, nowSeconds: number): string | undefined {
  if (token.length > MAX_SENT_TOKEN_LENGTH || !isJwt(token)) return 'it has not the form of one';
  try {
    const header = decodeProtectedHeader(token);
    if (header.alg === 'none' || header.alg !== definition.identity.algorithm)
      return 'alg is not the configured one';
    if (!isLogoutType(header.typ, definition.strictLogoutTokenType))
      return 'typ is that of another kind of token';
    return findClaimProblem(decodeJwt(token), definition, nowSeconds);
  } catch {
    return 'it has not the form of one';
  }
}

/** Many providers send no `typ`, or plain `JWT`; certification itself does. */
function isLogoutType(typ: unknown, strict: boolean): boolean {
  const name = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;
  return name === 'logout+jwt' || (!strict && (name === undefined || name === 'jwt'));
}

function findClaimProblem(
  payload: JWTPayload,
  {
    issuer,
    clientId,
    trustedAudiences,
    trustsAudience,
    clockToleranceSeconds,
    logoutTokenMaxAgeSeconds,
  }: ProviderDefinition,
  nowSeconds: number,
): string | undefined {
  const { iss, aud, iat, exp, jti, sub, sid, nonce, events } = payload;
  const audiences = [aud ?? []].flat();
  if (iss !== issuer) return 'iss is not the configured issuer';
  if (!audiences.includes(clientId)) return 'aud does not name this client';
  const isTrusted = (name: unknown) =>
    typeof name === 'string' && (trustedAudiences.includes(name) || trustsAudience?.(name) === true);
  if (!audiences.every((name) => name === clientId || isTrusted(name))) return 'aud names others as well';
  if (typeof iat !== 'number' || !Number.isFinite(iat)) return 'iat is missing';
  if (iat > nowSeconds + clockToleranceSeconds) return 'iat lies in the future';
  if (iat < nowSeconds - clockToleranceSeconds - logoutTokenMaxAgeSeconds) return 'it is too old';
  if (exp !== undefined && !(typeof exp === 'number' && exp > nowSeconds - clockToleranceSeconds))
    return 'it has expired';
  if (typeof jti !== 'string' || jti === '') return 'jti is missing';
  if (nonce !== undefined) return 'it has a nonce, as ID tokens have';
  if (!isText(sub) || !isText(sid) || (sub === undefined && sid === undefined))
    return 'it names neither sub nor sid';
  return isLogoutEvent(events) ? undefined : 'events is not that of a logout';
}

function isText(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value !== '' && value.length <= 4096);
}

function isLogoutEvent(events: unknown): boolean {
  if (typeof events !== 'object' || events === null || Array.isArray(events)) return false;
  const event = (events as Record<string, unknown>)[LOGOUT_EVENT];
  return typeof event === 'object' && event !== null && !Array.isArray(event);
}
