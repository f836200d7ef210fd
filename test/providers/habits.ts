import type { ProviderDefinition } from 'express-connect-auth';
import type { Claims } from '../support/scripted-keys.ts';

/** Where a provider is asked, by the member of its discovery document. */
export interface Endpoints {
  authorization_endpoint: string;
  token_endpoint: string;
  jwks_uri?: string;
  userinfo_endpoint?: string;
  end_session_endpoint?: string;
  revocation_endpoint?: string;
}

/** What a provider is documented to do. What is left out is as the standards have it. */
export interface Habits {
  /** Its name in `providers`. */
  preset: string;
  title: string;
  /** How an application takes the preset. */
  take: () => ProviderDefinition;
  /** The `iss` of its ID tokens. */
  issuer: string;
  endpoints: Endpoints;
  /** Whether there is a document below the issuer, and what it says beside the endpoints. @default {} */
  discovery?: Claims | false;
  clientAuthentication: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'apple';
  /** @default 'RS256' */
  algorithm?: 'RS256' | 'ES256' | 'HS256';
  /** `refused`: a code_verifier beside a secret is an invalid_client. @default 'S256' */
  pkce?: 'S256' | 'unknown' | 'refused';
  /** Any other parameter of the authorization request is an error. @default any may come */
  onlyParams?: readonly string[];
  /** Parameters that the authorization request must have, with these values. */
  neededParams?: Readonly<Record<string, string>>;
  /** Whether the ID token has the nonce. @default true */
  nonce?: boolean;
  /** Sent by a form when these scopes are asked for. */
  formPostScopes?: readonly string[];
  /** Beside `code` and `state` in the callback. */
  callbackExtras?: Readonly<Record<string, string>>;
  /** Claims of the ID token beside those of the protocol. `undefined` takes one away. @default there is no ID token */
  idToken?: Claims;
  /** Members of each published key beside its own. */
  keyExtras?: Claims;
  /** The claims of the access token, where it is a JWT. */
  accessToken?: Claims;
  userinfo?: Claims;
  /** @default 'json' */
  userinfoAs?: 'json' | 'jwt';
  /** Changes a token answer. */
  tokenAnswer?: (answer: Claims) => Claims;
  /** Whether a refresh token comes, given the authorization request. @default never */
  refreshToken?: (request: URLSearchParams) => boolean;
  /** How the token endpoint words a refusal. @default status 400 and `{ error }`; 401 for `invalid_client` */
  refusal?: (error: string) => { status: number; body: Claims };
  /** How its logout is asked. @default by `post_logout_redirect_uri` */
  logout?: { returnParam?: string; needs?: readonly string[]; refuses?: readonly string[] };
  /** JSON texts by address, for those who send the access token. */
  apis?: Readonly<Record<string, string>>;
  /** What an application sees of it. */
  expected: {
    /** Of `req.user`. */
    user: Claims;
    refresh: boolean;
    logout: boolean;
    /** How many tokens are revoked at a logout. */
    revoked: number;
  };
  /** A setting that is often wrong, and what the operator is told. */
  wrong: { what: string; take: () => ProviderDefinition; says: RegExp };
}

/** The credentials of every application here. */
export const CLIENT = {
  clientId: 'our-app_1',
  clientSecret: 'a secret-of_our.app~ with 32 characters & more',
} as const;

/** The same with another secret. */
export const WRONG_CLIENT = {
  ...CLIENT,
  clientSecret: 'the secret of some other application, as long as that',
};

/** What the person of every test is called. */
export const ADA = { name: 'Ada Lovelace', email: 'ada@example.com' } as const;
