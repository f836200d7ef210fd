import { randomBytes } from 'node:crypto';
import type { EmulatorUser } from './emulator-user.ts';
import { checkScopes, splitScope } from './parameters.ts';
import { invalidGrant, invalidToken } from './refusal.ts';

/** What a person agreed to in one authorization; all tokens that stem from it form one family. */
export interface Grant {
  clientId: string;
  redirectUri: string;
  user: EmulatorUser;
  scopes: string[];
  /** Seconds. */
  authTime: number;
  nonce?: string;
  /** base64url(SHA-256(verifier)) */
  codeChallenge?: string;
  acr?: string;
  amr?: string[];
  /** The browser session at the provider, where there is one. */
  sessionId?: string;
  /** Claims asked for by name. */
  requestedClaims?: { userinfo: string[]; idToken: string[] };
}

interface Family {
  grant: Grant;
  revoked: boolean;
}

interface IssuedCode {
  family: Family;
  expiresAt: number;
  used: boolean;
}

interface IssuedToken {
  family: Family;
  kind: 'access' | 'refresh';
  /** Milliseconds; Infinity for a token without an end. */
  expiresAt: number;
  state: 'live' | 'spent' | 'revoked';
}

/** Every secret value that was given out, so that a test can look for leaks. */
export interface IssuedValues {
  codes: string[];
  accessTokens: string[];
  refreshTokens: string[];
  idTokens: string[];
}

export type Grants = ReturnType<typeof createGrants>;

export const randomValue = (): string => randomBytes(32).toString('base64url');

/** Codes and tokens: each code once, each refresh token once, a second use revokes the family. */
export const createGrants = ({ now }: { now: () => number }) => {
  const codes = new Map<string, IssuedCode>();
  const tokens = new Map<string, IssuedToken>();
  const familyOfGrant = new Map<Grant, Family>();
  const issued: IssuedValues = { codes: [], accessTokens: [], refreshTokens: [], idTokens: [] };

  const addCode = (grant: Grant, lifeSeconds: number, code = randomValue()): string => {
    const family = { grant, revoked: false };
    familyOfGrant.set(grant, family);
    codes.set(code, { family, expiresAt: now() + lifeSeconds * 1000, used: false });
    issued.codes.push(code);
    return code;
  };

  /**
   * Uses a code up. A stranger's attempt leaves it alone; any attempt of its owner spends it.
   * @throws Refusal `invalid_grant`
   */
  const redeemCode = (code: string, clientId: string, redirectUri: string | undefined): Grant => {
    const entry = codes.get(code);
    if (entry === undefined) throw invalidGrant('the code is unknown');
    const { family } = entry;
    if (family.grant.clientId !== clientId) throw invalidGrant('the code belongs to another client');
    if (entry.used) {
      family.revoked = true;
      throw invalidGrant('the code was used before');
    }
    entry.used = true;
    if (now() >= entry.expiresAt) throw invalidGrant('the code is expired');
    if (redirectUri !== undefined && redirectUri !== family.grant.redirectUri) {
      throw invalidGrant('redirect_uri differs from the authorization request');
    }
    return family.grant;
  };

  const addToken = (grant: Grant, kind: IssuedToken['kind'], token: string, expiresAt: number): string => {
    const family = familyOfGrant.get(grant)!;
    tokens.set(token, { family, kind, expiresAt, state: 'live' });
    issued[kind === 'access' ? 'accessTokens' : 'refreshTokens'].push(token);
    return token;
  };

  const addAccessToken = (grant: Grant, lifeMs: number, token = randomValue()): string =>
    addToken(grant, 'access', token, now() + lifeMs);

  const addRefreshToken = (grant: Grant): string =>
    addToken(grant, 'refresh', randomValue(), Number.POSITIVE_INFINITY);

  const addIdToken = (token: string): string => {
    issued.idTokens.push(token);
    return token;
  };

  /**
   * Uses a refresh token up; a second use revokes all that came from the same authorization.
   * @throws Refusal `invalid_grant`, or `invalid_scope` for a scope that was not granted, which spends nothing
   */
  const spendRefreshToken = (token: string, clientId: string, scope?: string): Grant => {
    const entry = tokens.get(token);
    if (entry?.kind !== 'refresh' || entry.family.grant.clientId !== clientId) {
      throw invalidGrant('the refresh token is unknown');
    }
    if (entry.state === 'spent') {
      entry.family.revoked = true;
      throw invalidGrant('the refresh token was used before');
    }
    if (entry.state === 'revoked' || entry.family.revoked) throw invalidGrant('the refresh token is revoked');
    checkScopes(splitScope(scope), entry.family.grant.scopes);
    entry.state = 'spent';
    return entry.family.grant;
  };

  /** The grant and end (ms) of a living access token. */
  const findAccessToken = (token: string): { grant: Grant; expiresAt: number } | undefined => {
    const entry = tokens.get(token);
    if (
      entry?.kind !== 'access' ||
      entry.state !== 'live' ||
      entry.family.revoked ||
      now() >= entry.expiresAt
    ) {
      return undefined;
    }
    return { grant: entry.family.grant, expiresAt: entry.expiresAt };
  };

  /** @throws Refusal `invalid_token` unless the access token lives. */
  const requireAccessToken = (token: string): Grant => {
    const found = findAccessToken(token);
    if (found === undefined) throw invalidToken('the access token is unknown, expired or revoked');
    return found.grant;
  };

  /** Ends one token of a client; a token that is unknown or another client's stays as it is. */
  const revokeToken = (token: string, clientId: string): void => {
    const entry = tokens.get(token);
    if (entry?.family.grant.clientId === clientId) entry.state = 'revoked';
  };

  /** Ends every token of the grants that match. */
  const revokeGrants = (matches: (grant: Grant) => boolean): void => {
    for (const family of familyOfGrant.values()) {
      if (matches(family.grant)) family.revoked = true;
    }
  };

  /** The client that a code or refresh token was given to, whatever its state. */
  const findOwner = (codeOrToken: string): string | undefined =>
    (codes.get(codeOrToken) ?? tokens.get(codeOrToken))?.family.grant.clientId;

  return {
    issued,
    addCode,
    redeemCode,
    addAccessToken,
    addRefreshToken,
    addIdToken,
    spendRefreshToken,
    findAccessToken,
    requireAccessToken,
    revokeToken,
    revokeGrants,
    findOwner,
  };
};
