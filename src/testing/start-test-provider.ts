import { randomUUID } from 'node:crypto';
import { type Clock, systemClocks } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import { providers } from '../index.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import {
  type AuthorizationResult,
  createAuthorizationEndpoint,
  withParams,
} from './authorization-endpoint.ts';
import { createDiscoveryDocument } from './discovery-document.ts';
import { createGrants } from './grants.ts';
import type { TestTokens } from './log-in-as.ts';
import { createPersonEndpoints } from './person-endpoints.ts';
import { createProviderFaults, type TestFault, type TestFaultOptions } from './provider-faults.ts';
import { type ProviderRoute, startProviderServer } from './provider-server.ts';
import { refuseProduction } from './refuse-production.ts';
import { createTestPeople, DEFAULT_PEOPLE, type TestPerson } from './test-people.ts';
import { createTokenEndpoint } from './token-endpoint.ts';
import { createTokenSigner } from './token-signer.ts';

/** What `startTestProvider()` is given. */
export interface TestProviderOptions {
  /** @default 0, any free port */
  port?: number;
  /** Under which name of this machine. @default 'localhost' */
  host?: 'localhost' | '127.0.0.1';
  /** Who can log in. @default Ada Lovelace, Grace Hopper and Alan Turing: `ada`, `grace`, `alan` */
  people?: readonly TestPerson[];
  /** @default 'test-app' */
  clientId?: string;
  /** @default 'the secret of the test app' */
  clientSecret?: string;
  /** Where logins may come back to, to the letter, as at a provider that applications are registered with. @default anywhere */
  redirectUris?: readonly string[];
  /** Life of an access token. @default 3600 */
  accessTokenSeconds?: number;
  /** Whom access tokens are for, which are JWTs (RFC 9068). @default `clientId` */
  audience?: string;
  /** The current time in milliseconds, such as that of `createTestClock()`. @default the clock of this process */
  now?: Clock;
}

/** How somebody signs in without a browser. */
export interface SignInOptions {
  /** Who: the `sub`, or claims of somebody who is added then. @default the first of the people */
  as?: string | TestPerson;
  /** Presses Cancel instead. @default false */
  cancel?: boolean;
  /** @default the first of those that the application asked for, else '1' */
  acr?: string;
  /** @default ['pwd'] */
  amr?: readonly string[];
  /** When they last proved who they are. @default now */
  authTime?: Date;
}

/** What the browser brings back to the application. */
export interface SignedIn {
  /** The callback with its answer; without it where the answer comes by `form_post`. */
  readonly url: string;
  /** The same without scheme and host, as supertest wants it. */
  readonly path: string;
  /** What the browser posts there; `undefined`: it is a GET. */
  readonly form: Readonly<Record<string, string>> | undefined;
}

/** Whose sessions a logout token ends. */
export interface LogoutTarget {
  readonly sub?: string;
  /** The session at the provider. @default all of `sub` */
  readonly sid?: string;
}

/** A provider that runs in this process, for tests and for trying things out. */
export interface TestProvider {
  readonly issuer: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  /** For `connectAuth({ provider })`: `providers.oidc()` of the three above. */
  readonly definition: ProviderDefinition;
  /** Who can log in. */
  readonly people: readonly TestPerson[];
  /** Adds somebody, or replaces who has the same `sub`. */
  addPerson(person: TestPerson): void;
  /** Signs somebody in where `/login` has redirected to, and says what the browser brings back. Needs no browser. */
  signIn(authorizationUrl: string | URL, options?: SignInOptions): SignedIn;
  /** Real tokens of somebody, for `logInAs(…, { tokens })` or for a guard with `bearer`. */
  issueTokens(who: string | TestPerson, options?: { scope?: string }): Promise<TestTokens>;
  /** Switches a fault on. */
  switchOn(fault: TestFault, options?: TestFaultOptions): void;
  /** Switches a fault off; without a name all of them. */
  switchOff(fault?: TestFault): void;
  /** A signed logout token, to be posted to the application's back-channel logout as `logout_token`. */
  createLogoutToken(target: string | LogoutTarget): Promise<string>;
  /**
   * Tells an application that listens that a session has ended, and revokes what the person allowed.
   *
   * @param url - of its back-channel logout, such as `http://localhost:3000/oauth/backchannel-logout`.
   */
  sendLogout(url: string | URL, target: string | LogoutTarget): Promise<Response>;
  /** Stops listening. */
  close(): Promise<void>;
}

/**
 * Starts an OpenID provider in this process: it signs, demands PKCE, rotates refresh tokens, and shows a page to choose a
 * person on. What it knows ends with it.
 *
 * @throws ConfigurationError in production, and for people without a `sub`.
 */
export async function startTestProvider(options: TestProviderOptions = {}): Promise<TestProvider> {
  refuseProduction('startTestProvider()');
  const { host = 'localhost', port: wanted = 0, now = systemClocks.now, redirectUris } = options;
  const { clientId = 'test-app', clientSecret = 'the secret of the test app' } = options;
  const { accessTokenSeconds = 3600, audience = clientId } = options;
  const people = createTestPeople(options.people ?? DEFAULT_PEOPLE);
  const faults = createProviderFaults();
  const grants = createGrants(now);
  const signer = await createTokenSigner();

  const build = (issuer: string) => {
    // Cookies ignore ports: those of the application, and of another provider, are in the same jar.
    const cookieName = `test-provider-${new URL(issuer).port}`;
    const common = { issuer, clientId, clientSecret, people, grants, faults, signer, now, cookieName };
    const sessions = new Map();
    return {
      authorization: createAuthorizationEndpoint({ ...common, redirectUris, sessions }),
      token: createTokenEndpoint({ ...common, accessTokenSeconds, audience }),
      person: createPersonEndpoints({ ...common, sessions }),
    };
  };
  let parts!: ReturnType<typeof build>;
  const server = await startProviderServer({
    ...{ host, port: wanted, faults },
    createRoutes: (issuer) => {
      parts = build(issuer);
      const { authorization, token, person } = parts;
      return {
        '/.well-known/openid-configuration': constant('discovery', createDiscoveryDocument(issuer)),
        '/jwks': constant('jwks', signer.jwks),
        '/authorize': authorization.route,
        '/token': token.route,
        '/userinfo': person.userinfo,
        '/revoke': person.revocation,
        '/logout': person.logout,
      };
    },
  });
  const issuer = `http://${host}:${server.port}`;

  const findPerson = (who: string | TestPerson): TestPerson => {
    if (typeof who !== 'string') people.add(who);
    const sub = typeof who === 'string' ? who : who.sub;
    const person = people.find(sub);
    if (person) return person;
    const known = people.list().map((each) => each.sub);
    throw new ConfigurationError(`Nobody is called ${JSON.stringify(sub)}. People are: ${known.join(', ')}.`);
  };

  const createLogoutToken: TestProvider['createLogoutToken'] = (target) => {
    const { sub, sid } = typeof target === 'string' ? { sub: target, sid: undefined } : target;
    const iat = Math.floor(now() / 1000);
    const meant = { ...(sub === undefined ? {} : { sub }), ...(sid === undefined ? {} : { sid }) };
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const claims = { iss: issuer, aud: clientId, iat, exp: iat + 120, jti: randomUUID(), events };
    return signer.sign({ ...claims, ...meant }, 'logout+jwt');
  };

  return {
    ...{ issuer, port: server.port, clientId, clientSecret },
    definition: providers.oidc({ issuer, clientId, clientSecret }),
    get people() {
      return people.list();
    },
    addPerson: people.add,
    switchOn: faults.switchOn,
    switchOff: faults.switchOff,
    signIn: (url, { as = people.list()[0]?.sub ?? '', cancel = false, authTime, ...proof } = {}) => {
      const seconds = authTime && Math.floor(authTime.getTime() / 1000);
      const person = cancel ? undefined : findPerson(as);
      return describeResult(
        parts.authorization.signIn(new URL(url), { person, proof: { ...proof, authTime: seconds } }),
      );
    },
    issueTokens: async (who, { scope = 'openid profile email' } = {}) => {
      const { sub } = findPerson(who);
      const about = {
        sub,
        scope,
        sid: randomUUID(),
        authTime: Math.floor(now() / 1000),
        acr: '1',
        amr: ['pwd'],
      };
      const answer = await parts.token.issue({
        ...about,
        nonce: undefined,
        redirectUri: '',
        codeChallenge: undefined,
      });
      return {
        accessToken: answer.access_token,
        refreshToken: answer.refresh_token,
        idToken: answer.id_token,
        expiresIn: answer.expires_in,
        scope,
      };
    },
    createLogoutToken,
    sendLogout: async (url, target) => {
      const meant = typeof target === 'string' ? { sub: target } : target;
      grants.end(({ sub, sid }) => (meant.sub ?? sub) === sub && (meant.sid ?? sid) === sid);
      const body = new URLSearchParams({ logout_token: await createLogoutToken(target) });
      return fetch(url, { method: 'POST', body });
    },
    close: server.close,
  };
}

function constant(endpoint: ProviderRoute['endpoint'], body: object): ProviderRoute {
  return { endpoint, answer: () => ({ body }) };
}

function describeResult({ redirectUri, params, responseMode }: AuthorizationResult): SignedIn {
  const isForm = responseMode === 'form_post';
  const url = isForm ? redirectUri : withParams(redirectUri, params);
  const { pathname, search } = new URL(url);
  return { url, path: pathname + search, form: isForm ? Object.fromEntries(params) : undefined };
}
