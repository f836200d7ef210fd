import * as client from 'openid-client';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';

/**
 * Revokes the refresh token, then the access tokens unless the definition says otherwise; each is tried whatever became of
 * the other.
 *
 * @throws what openid-client throws, the first fault: the token must be taken to live still.
 * @see [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)
 */
export async function revokeTokens(
  configuration: client.Configuration,
  { refreshToken, accessToken, others = {} }: TokenSet,
  { quirks, revocation }: ProviderDefinition,
): Promise<void> {
  const faults: unknown[] = [];
  let refreshTokenWasTaken = false;
  const granted = [accessToken, ...Object.values(others).map((grant) => grant.accessToken)];
  const accessTokens = revocation === 'all' ? granted : [];
  const kinds = [
    ['refresh_token', refreshToken] as const,
    ...accessTokens.map((token) => ['access_token', token] as const),
  ];
  for (const [kind, token] of kinds) {
    if (token === undefined) continue;
    try {
      await client.tokenRevocation(
        configuration,
        token,
        quirks.revocationHint ? { token_type_hint: kind } : {},
      );
      refreshTokenWasTaken ||= kind === 'refresh_token';
    } catch (error) {
      if (!isDone(error, refreshTokenWasTaken)) faults.push(error);
    }
  }
  if (faults.length > 0) throw faults[0];
}

/**
 * A server that cannot revoke this kind has said so, and there is nothing to do (section 2.2.1). A token that is none any
 * more is what was wanted: where one token takes its whole grant along, the second is gone by then. Some call such a token
 * an invalid request; that is believed of an access token only after the same request was right for the refresh token.
 */
function isDone(error: unknown, refreshTokenWasTaken: boolean): boolean {
  if (!(error instanceof client.ResponseBodyError)) return false;
  return DONE.has(error.error) || (refreshTokenWasTaken && error.error === 'invalid_request');
}

const DONE: ReadonlySet<string> = new Set(['unsupported_token_type', 'invalid_token']);
