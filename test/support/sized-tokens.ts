import { randomBytes } from 'node:crypto';
import { type Claims, hashForClaim } from './scripted-keys.ts';
import type { Script } from './scripted-provider.ts';

/**
 * Makes a scripted provider give everybody tokens of so many characters together, as providers do: two JWTs and an opaque
 * text, which compress as those do.
 *
 * @param options - `claims` are added to those of the ID token.
 */
export function createSizedTokens({ length, claims }: { length: number; claims?: Claims }): Script {
  // The ID token is made first and has the hash of the access token; both are made in one go.
  let accessToken = '';
  return {
    claims: (honest) => {
      accessToken = createAccessToken();
      return { ...honest, ...claims, at_hash: hashForClaim(accessToken) };
    },
    token: (answer) => {
      const rest = length - accessToken.length - String(answer.id_token).length;
      return { ...answer, access_token: accessToken, refresh_token: createText(rest), expires_in: 86_400 };
    },
  };
}

/** Like a JWT; nobody verifies it. */
function createAccessToken(): string {
  const claims = {
    iss: 'https://provider.example/realms/customers',
    aud: ['https://api.example', 'https://provider.example/userinfo'],
    jti: createText(36),
    sid: createText(36),
    scope: 'openid profile email offline_access orders:read orders:write invoices:read',
    realm_access: { roles: ['customer', 'newsletter', 'offline_access', 'uma_authorization'] },
    groups: Array.from({ length: 8 }, () => createText(22)),
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ alg: 'RS256', typ: 'at+jwt', kid: 'the key that signs' })}.${encode(claims)}.${createText(342)}`;
}

function createText(length: number): string {
  return randomBytes(length).toString('base64url').slice(0, length);
}
