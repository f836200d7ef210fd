import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** Signs what the provider says, by a key that it publishes. */
export interface TokenSigner {
  /** What `jwks_uri` answers. */
  readonly jwks: { readonly keys: readonly object[] };
  /**
   * Signs a token by RS256.
   *
   * @param type - the header's `typ`.
   * @param byAnother - by another key under the same name, so that the signature is wrong.
   */
  sign(claims: JWTPayload, type: string, byAnother?: boolean): Promise<string>;
}

/** Makes one with keys of its own. */
export async function createTokenSigner(): Promise<TokenSigner> {
  const kid = randomUUID();
  const own = await generateKeyPair('RS256');
  // A key takes a tenth of a second, and most tests never need the second.
  let other: ReturnType<typeof generateKeyPair> | undefined;
  const findKey = async (byAnother: boolean) => {
    if (!byAnother) return own.privateKey;
    other ??= generateKeyPair('RS256');
    return (await other).privateKey;
  };
  return {
    jwks: { keys: [{ ...(await exportJWK(own.publicKey)), kid, alg: 'RS256', use: 'sig' }] },
    sign: async (claims, typ, byAnother = false) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, typ }).sign(await findKey(byAnother)),
  };
}
