import { ProviderError } from '../errors.ts';
import type { AnswerEncryption, ProviderDefinition } from '../provider-definition.ts';
import type { TokenSet } from '../tokens.ts';
import { type Decryption, openEncrypted } from './encrypted-token.ts';

/** Opens the answers of a provider that are encrypted. Where the options do not say so, each is given as it is. */
export interface AnswerOpener {
  /** Puts the signed ID token in the place of the encrypted one, also for whoever shows it to the provider later. */
  openTokens(tokens: TokenSet): Promise<TokenSet>;
  openUserInfo(jwt: string): Promise<string>;
  openIntrospection(jwt: string): Promise<string>;
  /** The JWT that a login is answered by. */
  openResponse(jwt: string): Promise<string>;
  /** A logout token is encrypted as ID tokens are; one that is not is as good. `undefined`: it is not for a key of ours. Rejects where a key cannot be had. */
  openLogoutToken(jwt: string): Promise<string | undefined>;
}

/** Makes it for one provider. */
export function createAnswerOpener(
  definition: ProviderDefinition,
  { name, readSecret }: Pick<Decryption, 'name' | 'readSecret'>,
): AnswerOpener {
  const { idTokenEncryption, userinfoEncryption, introspectionEncryption, responseEncryption } = definition;
  const { decryptionKeys = [] } = definition;
  const decryption = { name, keys: decryptionKeys, readSecret };
  const open = async (jwt: string, what: string, option: string, encryption: AnswerEncryption | undefined) =>
    encryption ? openEncrypted(jwt, { what, option, encryption }, decryption) : jwt;
  const openIdToken = (jwt: string) => open(jwt, 'the ID token', 'idTokenEncryption', idTokenEncryption);

  return {
    openTokens: async (tokens) => {
      const { idToken } = tokens;
      return idToken === undefined ? tokens : { ...tokens, idToken: await openIdToken(idToken) };
    },
    openUserInfo: (jwt) => open(jwt, 'the userinfo answer', 'userinfoEncryption', userinfoEncryption),
    openIntrospection: (jwt) =>
      open(jwt, 'the introspection answer', 'introspectionEncryption', introspectionEncryption),
    openResponse: (jwt) => open(jwt, 'the answer to the login', 'responseEncryption', responseEncryption),
    openLogoutToken: async (jwt) => {
      if (jwt.split('.').length !== 5) return jwt;
      return (
        idTokenEncryption &&
        openIdToken(jwt).catch((error: unknown) => {
          if (error instanceof ProviderError && error.code === 'provider_invalid_response') return undefined;
          throw error;
        })
      );
    },
  };
}
