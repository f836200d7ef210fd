import { randomUUID } from 'node:crypto';
import { claimsOfScopes, pickClaims, type ScopeClaims } from './emulator-user.ts';
import type { Grant } from './grants.ts';
import { type Claims, type RsaKey, signJwt } from './signing.ts';
import type { TelenorSettings } from './telenor-options.ts';
import { tamperClaims } from './token-attacks.ts';

const scopeClaims: ScopeClaims = {
  profile: ['name', 'locale'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
};

/** Scopes that every client may ask for; `address` is documented as unsupported. */
export const telenorScopes = ['openid', ...Object.keys(scopeClaims), 'id.user.read'];

export const telenorKeyId = '1';

export interface LogoutTokenOptions {
  clientId: string;
  sub?: string;
  sid?: string;
  /** Claims to add or replace; undefined removes one. */
  claims?: Claims;
  /** Header members to add or replace. */
  header?: Claims;
}

export const telenorUserinfo = ({ user, scopes, requestedClaims }: Grant): Claims => ({
  ...claimsOfScopes(user, scopes, scopeClaims),
  ...pickClaims(user, requestedClaims?.userinfo ?? []),
});

/** Signs the ID Tokens and logout tokens. */
export const createTelenorTokens = (given: {
  settings: TelenorSettings;
  issuer: string;
  key: RsaKey;
  seconds: () => number;
}) => {
  const { settings, issuer, seconds } = given;
  const signingKey = { alg: 'RS256', privateKey: given.key.privateKey, kid: telenorKeyId } as const;

  const createIdToken = (grant: Grant): string => {
    const { user, scopes, sessionId, nonce } = grant;
    const hasUserName = scopes.includes('email') && scopes.includes('phone');
    const claims: Claims = {
      ...claimsOfScopes(user, scopes, scopeClaims),
      ...pickClaims(user, grant.requestedClaims?.idToken ?? []),
      iss: issuer,
      aud: [grant.clientId],
      iat: seconds(),
      exp: seconds() + 3600,
      auth_time: grant.authTime,
      acr: grant.acr,
      amr: grant.amr,
      td_sls: settings.shortLivedSession,
      ...(hasUserName && { td_au: user.phoneNumber }),
      ...(nonce !== undefined && { nonce }),
      ...(settings.includeSid && sessionId !== undefined && { sid: sessionId }),
    };
    const foreignIssuer = issuer.replace(/\/oauth$/, '');
    return signJwt(tamperClaims(settings.attack, claims, { foreignIssuer }), signingKey);
  };

  const createLogoutToken = ({ clientId, sub, sid, claims, header }: LogoutTokenOptions): string =>
    signJwt(
      {
        iss: issuer,
        aud: [clientId],
        iat: seconds(),
        exp: seconds() + 120,
        jti: randomUUID(),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        sub,
        sid,
        ...claims,
      },
      signingKey,
      { typ: 'logout+jwt', ...header },
    );

  return { createIdToken, createLogoutToken };
};
