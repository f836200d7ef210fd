import type { EmulatorClient } from './client-authentication.ts';
import { type CommonSettings, commonDefaults, type EmulatorOptions } from './emulator.ts';
import { defaultUser } from './emulator-user.ts';
import type { ClaimAttack } from './token-attacks.ts';

export interface TelenorClient extends EmulatorClient {
  /** Shares the browser's session at the provider with the other SSO clients. @default false */
  sso?: boolean;
  postLogoutRedirectUris?: string[];
  /** Where `sendLogoutToken` posts. */
  backChannelLogoutUri?: string;
}

/** `wrong-state` turns the answer into an error redirect whose state is another one. */
export type TelenorAttack =
  | 'wrong-state'
  | Extract<
      ClaimAttack,
      'foreign-aud' | 'foreign-issuer' | 'stale-auth-time' | 'lower-acr' | 'two-audiences'
    >;

export interface TelenorSettings extends CommonSettings {
  /** How both halves of Basic are read. @default 'raw' */
  basicDecoding: 'raw' | 'form';
  /** Scopes the person agrees to. @default all that are asked for */
  grantedScopes: string[] | undefined;
  /** `td_sls`. @default false */
  shortLivedSession: boolean;
  /** Level of a sign-in for which no `acr_values` were sent. @default '2' */
  acr: '1' | '2';
  /** What `prompt=none` answers although there is a session. @default none: it answers with a code */
  promptNoneError: 'login_required' | 'interaction_required' | 'consent_required' | undefined;
  /** Refuse an authorization request without `state`. @default true */
  requireState: boolean;
  /** @default 3600 */
  accessTokenSeconds: number;
  /** A refresh answer brings a new ID Token. @default false */
  refreshIdToken: boolean;
  /** ID Tokens of SSO clients name the session. @default false */
  includeSid: boolean;
  /** Logout ends all tokens of the browser's session. @default true */
  logoutEndsTokens: boolean;
  /** @default none */
  attack: TelenorAttack | undefined;
}

export type TelenorOptions = EmulatorOptions<TelenorSettings, TelenorClient> & {
  /** Size of the signing key. @default 2048 */
  keyBits?: 1024 | 2048;
};

export const telenorDefaults: TelenorSettings = {
  ...commonDefaults,
  user: { ...defaultUser, sub: '2015110409000001' },
  basicDecoding: 'raw',
  grantedScopes: undefined,
  shortLivedSession: false,
  acr: '2',
  promptNoneError: undefined,
  requireState: true,
  accessTokenSeconds: 3600,
  refreshIdToken: false,
  includeSid: false,
  logoutEndsTokens: true,
  attack: undefined,
};
