import type * as client from 'openid-client';
import { ProviderError } from '../errors.ts';
import type { ProviderDefinition, UserApi } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import type { IdentityVerifier, IdentityVerifierOptions, VerifiedIdentity } from './identity-verifier.ts';
import { readUserApi } from './user-api.ts';

/**
 * Identity at a provider without OpenID: nothing is signed, so that the API is asked with the token just received. It
 * does not say when and how the person logged in; what it says under those names is no proof.
 */
export function createUserApiIdentity(
  definition: ProviderDefinition,
  api: UserApi,
  { name, now }: Pick<IdentityVerifierOptions, 'name' | 'now'>,
): IdentityVerifier {
  const verify = async (
    { accessToken, scope = definition.scope }: TokenSet,
    configuration: client.Configuration,
  ): Promise<VerifiedIdentity> => {
    const claims = await readUserApi(configuration, api, { name, accessToken, scope });
    return {
      sub: claims.sub,
      claims,
      sid: undefined,
      acr: undefined,
      amr: [],
      authTime: undefined,
      issuedAt: Math.floor(now() / 1000),
      browserSession: false,
      sessionExpiry: undefined,
      accessTokenEnd: undefined,
      idTokenPayload: undefined,
    };
  };

  const refuseKeys = () => {
    throw new ProviderError(`Provider "${name}" signs no tokens: it has no OpenID.`, {
      code: 'provider_unsupported',
      provider: name,
    });
  };

  return {
    verifyLogin: (tokens, _checks, configuration) => verify(tokens, configuration),
    verifyRefresh: verify,
    keyVerifierOf: refuseKeys,
    publishedKeysOf: refuseKeys,
  };
}
