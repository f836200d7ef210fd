import { decodeJwt } from 'jose';
import { ProviderError } from '../errors.ts';
import type { TokenSet } from '../tokens.ts';
import type { Proof } from './identity-proof.ts';

/** What a refresh left out stays as it was; a scope never grows beyond what was granted. */
export function mergeTokens(old: TokenSet, fresh: TokenSet): TokenSet {
  return {
    ...fresh,
    refreshToken: fresh.refreshToken ?? old.refreshToken,
    idToken: fresh.idToken ?? old.idToken,
    scope: narrowScope(old.scope, fresh.scope),
  };
}

function narrowScope(granted: string | undefined, answered: string | undefined): string | undefined {
  if (answered === undefined || granted === undefined) return answered ?? granted;
  const before = granted.split(' ');
  return answered
    .split(' ')
    .filter((scope) => before.includes(scope))
    .join(' ');
}

/**
 * A refreshed ID token must continue the login it began with.
 *
 * @throws ProviderError `provider_identity_changed`.
 * @see [OpenID Connect Core, section 12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)
 */
export function checkSameLogin(
  proof: Proof,
  { sub, previous, name }: { sub: string; previous: string | undefined; name: string },
): void {
  const changed = proof.sub === sub ? findChange(proof, previous) : 'sub';
  if (!changed) return;
  throw new ProviderError(
    `Provider "${name}": the refresh answered with another ${changed}. The login is over.`,
    {
      code: 'provider_identity_changed',
      provider: name,
    },
  );
}

function findChange({ idTokenPayload: now }: Proof, previous: string | undefined): string | undefined {
  if (!now || !previous) return undefined;
  const before = decodeJwt(previous);
  if (now.iss !== before.iss) return 'iss';
  if (now.azp !== before.azp) return 'azp';
  for (const name of ['auth_time', 'nonce'] as const) {
    if (now[name] !== undefined && before[name] !== undefined && now[name] !== before[name]) return name;
  }
  return undefined;
}
