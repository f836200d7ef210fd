import type { Request } from 'express';
import type { LoginRefused } from './application-errors.ts';
import type { UserClaims } from './claims.ts';
import type { LoginFacts } from './events.ts';
import type { MappedLogin } from './options/options.ts';
import type { SigningAlgorithm } from './provider-definition.ts';
import type { LoginParameters } from './request-types.ts';

/** What a route asks of whoever calls it. Of several rules all must be kept. */
export interface AuthRules extends Pick<LoginParameters, 'maxAgeSeconds' | 'acrValues'> {
  /** Roles, one of which will do; to ask for two put two guards in a row. Where they are read says `rolesFrom`. @default none */
  roles?: string | readonly string[];
  /** Where this guard reads roles, as the option of `connectAuth()` says for all. @default `rolesFrom` of `connectAuth()` */
  rolesFrom?: RolesFrom;
  /** Scopes that must all have been granted: `'orders.read orders.write'`, or an array. @default none */
  scopes?: string | readonly string[];
  /**
   * What the provider must have asserted, by the names or paths of claims: a value, which the claim is or holds, an
   * array of which one will do, or a function that says whether it is right. @default none
   */
  claims?: ClaimRules;
  /** Methods of the login that must all have been used, such as `otp` (RFC 8176). To ask the provider for more take `acrValues`. @default none */
  amr?: string | readonly string[];
  /** Says whether this request may pass, for whoever keeps all other rules. Whatever it throws is a fault of yours (5xx). @default none */
  allow?: (req: Request) => boolean | Promise<boolean>;
  /**
   * The answer to nobody. `login`: pages are sent to the login, anything else gets 401; `unauthorized`: everything gets
   * 401; `pass`: the handler runs, and `req.user` is `undefined`. @default 'login'
   */
  anonymous?: 'login' | 'unauthorized' | 'pass';
  /** Takes an access token in the place of a session: `Authorization: Bearer …`. @default none */
  bearer?: BearerRules;
}

/** Wanted values by the names or paths of claims. */
export type ClaimRules = Readonly<Record<string, ClaimValue | readonly ClaimValue[] | ClaimCheck>>;

/** What a claim may be. */
export type ClaimValue = string | number | boolean;

/** Judges a claim; `undefined` when there is none. Only `true` lets anybody pass. */
export type ClaimCheck = (value: unknown, claims: UserClaims) => boolean;

/**
 * Where roles are: the name of a claim, or the path to it with dots between, `realm_access.roles`; an array of names,
 * where these have dots in them; or a function.
 */
export type RolesFrom = string | readonly string[] | RolesReader;

/** Reads the roles of somebody. Whatever is no array of strings is none. */
export type RolesReader = (login: RolesSource) => readonly string[] | undefined;

/** Whose roles are read, and what is known of them. */
export interface RolesSource extends LoginFacts {
  /** What the provider asserted: at the login, or in the bearer token. */
  readonly claims: UserClaims;
  /** What `req.user` is. */
  readonly user: Express.User;
}

/**
 * Which access tokens a route takes.
 *
 * @see [RFC 9068](https://www.rfc-editor.org/rfc/rfc9068), [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)
 */
export interface BearerRules {
  /** Whom the token must be for: the name of this API at the provider, or several of which one will do. Never a client id. */
  audience: string | readonly string[];
  /** Takes tokens of this provider alone, of those of `connectAuth()`. @default any of the providers */
  issuer?: string;
  /** Algorithms that a token may be signed with, all by published keys. @default that of the provider's ID tokens */
  algorithms?: SigningAlgorithm | readonly SigningAlgorithm[];
  /**
   * Which tokens the provider is asked about (RFC 7662), with each request: `opaque`, those that are no JWT; `always`,
   * all of them, so that revoked ones are refused as well. @default 'never'
   */
  introspection?: 'never' | 'opaque' | 'always';
  /** Makes `req.user` of a token, with each request. @default `mapUser` of `connectAuth()` */
  mapUser?: (claims: UserClaims, login: MappedLogin) => BearerUser | Promise<BearerUser>;
  /**
   * Takes tokens whose header does not say `at+jwt`, as those of many providers do not. What else the provider signs for
   * this audience then passes as an access token; ID tokens are told by their audience alone. @default false
   */
  dangerouslyAcceptAnyType?: boolean;
  /** Takes tokens of whose audience the answer of an introspection says nothing: they may be for any API. @default false */
  dangerouslyAcceptMissingAudience?: boolean;
}

/** What `mapUser` may make of a token. */
export type BearerUser = Express.User | LoginRefused;
