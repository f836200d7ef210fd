import type { Check } from './check.ts';

/** What one provider must know of this application, to the letter. */
export interface Registration {
  /** Its name in the options. */
  readonly provider: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUris: readonly string[];
  /** Empty where the provider has no logout. */
  readonly postLogoutRedirectUris: readonly string[];
  /** Absent where the route is switched off; this and all that follow, also where they mean nothing to the provider. */
  readonly backchannelLogoutUri?: string | undefined;
  readonly frontchannelLogoutUri?: string | undefined;
  /** Where the public keys are that it signs by, or that answers are encrypted for; absent where it has none, or the route is switched off. */
  readonly jwksUri?: string | undefined;
  /** Where the provider can begin a login; it names the client where there are several of one issuer. Absent where the route is switched off. */
  readonly initiateLoginUri?: string | undefined;
  /** Where the provider can end all sessions of a person; absent where the route is switched off. */
  readonly globalTokenRevocationUri?: string | undefined;
}

/** What two applications are compared by. */
export interface ApplicationCard {
  readonly application: string;
  readonly baseUrls: readonly string[];
  readonly cookieName: string;
  readonly cookiePath: string;
  /** What tells one Redis from another; `undefined`: memory, or it could not be asked. */
  readonly redis?: string | undefined;
  readonly redisPrefix: string;
  /** Issuer and client id of each provider. */
  readonly clients: readonly string[];
  /** Four characters that follow from the secret in front, and from which nobody finds it. */
  readonly secretMark: string;
}

/** What `auth.check()` found. */
export interface CheckReport {
  /** Whether no check has the status `fault`. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** What to register at each provider. */
  readonly register: readonly Registration[];
  readonly application: ApplicationCard;
}
