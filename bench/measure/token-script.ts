import { type Claims, hashForClaim } from '../../test/support/scripted-keys.ts';
import type { Script } from '../../test/support/scripted-provider.ts';
import { createText, TOKEN_LENGTH, user } from '../servers/sample-login.ts';

/** Gives everybody the same claims but `sub`, and tokens of 3.2 KB together: two JWTs and an opaque text. */
export function createTokenScript(): Script {
  const { sub: _, ...claims } = user;
  // The ID token is made first and has the hash of the access token; both are made in one go.
  let accessToken = '';
  return {
    claims: (honest: Claims) => {
      accessToken = createAccessToken();
      return { ...honest, ...claims, at_hash: hashForClaim(accessToken) };
    },
    token: (answer: Claims) => {
      const rest = TOKEN_LENGTH - accessToken.length - String(answer.id_token).length;
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
