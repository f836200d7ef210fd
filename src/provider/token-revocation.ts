import * as client from 'openid-client';
import type { ConnectAuthError } from '../errors.ts';
import type { TokenSet } from '../tokens.ts';
import { toProviderError } from './provider-faults.ts';

/**
 * Revokes the refresh token, then the access token; each is tried whatever became of the other.
 *
 * @throws ProviderError the first fault: the token must be taken to live still.
 * @see [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)
 */
export async function revokeTokens(
  configuration: client.Configuration,
  { refreshToken, accessToken }: TokenSet,
  { hint, name }: { hint: boolean; name: string },
): Promise<void> {
  const faults: ConnectAuthError[] = [];
  const kinds = [
    ['refresh_token', refreshToken],
    ['access_token', accessToken],
  ] as const;
  for (const [kind, token] of kinds) {
    if (token === undefined) continue;
    try {
      await client.tokenRevocation(configuration, token, hint ? { token_type_hint: kind } : {});
    } catch (error) {
      // A server that cannot revoke this kind has said so, and there is nothing to do (section 2.2.1).
      if (!(error instanceof client.ResponseBodyError && error.error === 'unsupported_token_type')) {
        faults.push(toProviderError(error, name, 'the revocation'));
      }
    }
  }
  if (faults[0]) throw faults[0];
}
