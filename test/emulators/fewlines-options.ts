import type { EmulatorClient } from './client-authentication.ts';
import { type CommonSettings, commonDefaults, type EmulatorOptions } from './emulator.ts';
import type { FewlinesEncryption } from './fewlines-tokens.ts';
import type { ClaimAttack, KeyAttack } from './token-attacks.ts';

/** An Application. Without a secret it is a native one and must use PKCE. */
export interface FewlinesClient extends EmulatorClient {
  /** Audience name in its tokens, which is not the client id. */
  audience: string;
  /** Allows the provider's own popup callback as redirect URI. @default false */
  popup?: boolean;
  /** Needed for the JWE modes. */
  encryption?: FewlinesEncryption;
}

export type FewlinesAttack = KeyAttack | Extract<ClaimAttack, 'expired' | 'foreign-aud' | 'missing-sub'>;

export interface FewlinesSettings extends CommonSettings {
  /** `minimal` has the two documented members, `full` those seen in practice. @default 'minimal' */
  tokenAnswer: 'minimal' | 'full';
  /** `JWE` holds a signed token (RS256), `JWE-bare` the claims. @default 'HS256' */
  jwt: 'HS256' | 'RS256' | 'JWE' | 'JWE-bare';
  /** @default 'body' */
  auth: 'body' | 'basic' | 'both';
  /** `sometimes` leaves it out of every other access token, beginning with the first. @default 'sometimes' */
  iat: 'always' | 'never' | 'sometimes';
  /** `iss` of the tokens: an internal host, not the provider's. */
  tokenIssuer: string;
  /** @default 'application' */
  idTokenAudience: 'application' | 'client';
  /** @default 3600 */
  accessTokenSeconds: number;
  /** @default none */
  attack: FewlinesAttack | undefined;
  /** Which of the tokens is attacked. @default 'access_token' */
  attackOn: 'access_token' | 'id_token';
}

export type FewlinesOptions = EmulatorOptions<FewlinesSettings, FewlinesClient>;

export const fewlinesDefaults: FewlinesSettings = {
  ...commonDefaults,
  tokenAnswer: 'minimal',
  jwt: 'HS256',
  auth: 'body',
  iat: 'sometimes',
  tokenIssuer: 'http://connect-api.internal.svc.cluster.local',
  idTokenAudience: 'application',
  accessTokenSeconds: 3600,
  attack: undefined,
  attackOn: 'access_token',
};
