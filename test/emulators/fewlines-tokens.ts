import { type KeyObject, randomUUID } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { claimsOfScopes, type ScopeClaims } from './emulator-user.ts';
import type { FewlinesClient, FewlinesSettings } from './fewlines-options.ts';
import { type Grant, randomValue } from './grants.ts';
import { type Claims, createRsaKey, publicJwk, type RsaKey, type SigningKey, signJwt } from './signing.ts';
import { forgeKey, tamperClaims } from './token-attacks.ts';

/** The public key of an Application whose access tokens are encrypted to it. */
export interface FewlinesEncryption {
  key: KeyObject;
  /** @default 'RSA-OAEP-256' */
  alg?: string;
  /** @default 'A256GCM' */
  enc?: string;
}

const fewlinesKeyId = 'fewlines-key';

export const fewlinesScopeClaims: ScopeClaims = {
  openid: [],
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'picture', 'locale'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
};

/** Makes the codes, access tokens and ID Tokens, all of which are JWTs. */
export const createFewlinesTokens = (given: {
  settings: FewlinesSettings;
  origin: string;
  seconds: () => number;
}) => {
  const { settings, origin, seconds } = given;
  const codeSecret = randomValue();
  let rsaKey: Promise<RsaKey> | undefined;
  let issuedCount = 0;

  // Made on first use: most tests never see it, and it costs a tenth of a second.
  const getRsaKey = (): Promise<RsaKey> => {
    rsaKey ??= createRsaKey();
    return rsaKey;
  };

  // An Application without a secret could not verify an HMAC.
  const honestKey = async ({ clientSecret }: FewlinesClient): Promise<SigningKey> =>
    settings.jwt === 'HS256' && clientSecret !== undefined
      ? { alg: 'HS256', secret: clientSecret }
      : { alg: 'RS256', privateKey: (await getRsaKey()).privateKey, kid: fewlinesKeyId };

  const sign = async (client: FewlinesClient, claims: Claims, attack: string | undefined) => {
    const key = await forgeKey(attack, await honestKey(client), async () => (await getRsaKey()).publicPem);
    return signJwt(tamperClaims(attack, claims, { foreignIssuer: 'https://issuer.example' }), key);
  };

  const issuedAt = (): Claims => {
    issuedCount += 1;
    const isPresent = settings.iat === 'always' || (settings.iat === 'sometimes' && issuedCount % 2 === 0);
    return isPresent ? { iat: seconds() } : {};
  };

  const attackOn = (token: FewlinesSettings['attackOn']): string | undefined =>
    settings.attackOn === token ? settings.attack : undefined;

  /** More than 255 characters, as are all tokens of this provider. */
  const createCode = (client: FewlinesClient): string => {
    const exp = seconds() + settings.codeSeconds;
    const jti = [randomValue(), randomValue(), randomValue()].join('');
    return signJwt({ iss: origin, aud: [client.clientId], exp, jti }, { alg: 'HS256', secret: codeSecret });
  };

  const createAccessToken = async (grant: Grant, client: FewlinesClient): Promise<string> => {
    const claims = {
      aud: [client.audience],
      exp: seconds() + settings.accessTokenSeconds,
      ...issuedAt(),
      iss: settings.tokenIssuer,
      // Not documented; without it two tokens of one second would be the same string.
      jti: randomUUID(),
      scope: grant.scopes.join(' '),
      sub: grant.user.sub,
    };
    const attack = attackOn('access_token');
    if (settings.jwt === 'HS256' || settings.jwt === 'RS256') return sign(client, claims, attack);
    // A bare JWE has no signature to forge, so an attacked one carries a forged JWT instead.
    const isBare = settings.jwt === 'JWE-bare' && attack === undefined;
    return encrypt(isBare ? JSON.stringify(claims) : await sign(client, claims, attack), client, isBare);
  };

  const createIdToken = (grant: Grant, client: FewlinesClient): Promise<string> => {
    const claims = {
      aud: [settings.idTokenAudience === 'client' ? client.clientId : client.audience],
      exp: seconds() + settings.accessTokenSeconds,
      iat: seconds(),
      iss: settings.tokenIssuer,
      ...claimsOfScopes(grant.user, grant.scopes, fewlinesScopeClaims),
    };
    return sign(client, claims, attackOn('id_token'));
  };

  const readJwks = async () => ({ keys: [publicJwk(await getRsaKey(), fewlinesKeyId)] });

  return { createCode, createAccessToken, createIdToken, readJwks };
};

const encrypt = (
  text: string,
  { clientId, encryption }: FewlinesClient,
  isBare: boolean,
): Promise<string> => {
  if (encryption === undefined) throw new Error(`client ${clientId} has no encryption key`);
  const { key, alg = 'RSA-OAEP-256', enc = 'A256GCM' } = encryption;
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg, enc, ...(isBare ? {} : { cty: 'JWT' }) })
    .encrypt(key);
};
