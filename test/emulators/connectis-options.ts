import type { EmulatorClient } from './client-authentication.ts';
import { type CommonSettings, commonDefaults, type EmulatorOptions } from './emulator.ts';
import type { ClaimAttack, KeyAttack } from './token-attacks.ts';

/**
 * The attacks on the token hit the code flow too; `fragment` only the implicit one. `public-key-as-secret`
 * takes the certificate.
 */
export type ConnectisAttack =
  | 'wrong-state'
  | 'fragment'
  | KeyAttack
  | Extract<ClaimAttack, 'wrong-nonce' | 'foreign-issuer' | 'foreign-aud' | 'expired'>;

export interface ConnectisSettings extends CommonSettings {
  /** Where the token endpoint takes its parameters from. @default 'query' */
  tokenParams: 'query' | 'body' | 'either';
  /** Unit of `expires_in`. @default 'ms' */
  expiresInUnit: 'ms' | 's';
  /** When access tokens really expire. @default 3600000 */
  accessTokenMs: number;
  /** `iss`. @default the origin and `/broker/openidconnect` */
  issuer: string | undefined;
  /** Name the key in the header of the ID Token. @default false */
  includeKid: boolean;
  /** Claims of the ID Token besides the protocol's own. @default ['sub', 'name', 'email'] */
  idTokenClaims: string[];
  /** Take the grant type as the prose of the documentation writes it, with a space. @default false */
  acceptSpacedRefreshGrant: boolean;
  /** What a cancelled login answers. @default 'access_denied' */
  cancelError: 'access_denied' | 'AuthnFailed';
  /** @default none */
  attack: ConnectisAttack | undefined;
}

export type ConnectisOptions = EmulatorOptions<ConnectisSettings, EmulatorClient>;

export const connectisDefaults: ConnectisSettings = {
  ...commonDefaults,
  tokenParams: 'query',
  expiresInUnit: 'ms',
  accessTokenMs: 3_600_000,
  issuer: undefined,
  includeKid: false,
  idTokenClaims: ['sub', 'name', 'email'],
  acceptSpacedRefreshGrant: false,
  cancelError: 'access_denied',
  attack: undefined,
};
