import type { Request, Response } from 'express';
import { ConfigurationError } from '../errors.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { Provider } from '../provider/provider.ts';
import { readUserClaims } from '../provider/read-user-claims.ts';
import type { Callback } from '../routes/callback.ts';
import type { TokenSet } from '../tokens.ts';
import { attachRequest } from '../user/attach-request.ts';
import type { RequestServices } from '../user/request-state.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import type { SessionParts } from './session-parts.ts';

/** Under which `connectAuth()` carries its door for tests, whichever copy of this package made it. */
export const TEST_DOOR = Symbol.for('express-connect-auth.test-door');

/** A login that no provider has proven: what a test says of it. */
export interface GivenLogin {
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** Seconds since the epoch. @default now */
  readonly authTime: number | undefined;
  readonly sid: string | undefined;
  /** Its name in the options. @default the first */
  readonly provider: string | undefined;
  readonly tokens: Partial<Omit<TokenSet, 'expiresAt'>>;
  /** Seconds from now on. */
  readonly expiresInSeconds: number;
}

/** Makes sessions for tests, of one base URL and one tenant. Each needs a request, and a response that gets the cookies. */
export interface TestLogins {
  /** Logs a browser in as the callback of a login would: the same session, by the same hooks. */
  logIn(req: Request, res: Response, login: GivenLogin): Promise<void>;
  /** Ends the session of a browser as `auth.sessions` would, or takes it past its end, where nobody has noticed yet. */
  end(req: Request, res: Response, how: 'revoked' | 'expired'): Promise<void>;
}

/** The door of a whole `connectAuth()`. */
export interface TestDoor extends TestLogins {
  readonly baseUrls: readonly string[];
  /** The same for a tenant. */
  ofTenant(name: string): TestLogins;
}

/** What they are made of. */
export interface TestLoginsOptions {
  readonly options: ResolvedOptions;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly vault: TokenVault;
  readonly sessionParts: SessionParts;
  readonly services: RequestServices;
  readonly establish: Callback['establish'];
}

/** Makes them of the parts that logins are made of. Never made in production. */
export function createTestLogins(parts: TestLoginsOptions): TestLogins {
  const { providers, vault, services, establish } = parts;
  const { sessions, records, ending } = parts.sessionParts;
  const { now, monotonic } = parts.options.clocks;

  const enter = async (req: Request, res: Response) => {
    const browser = await sessions.read(req);
    const next = (error?: unknown) => {
      if (error !== undefined) throw error;
    };
    attachRequest({ services, req, res, next, browser, mountPath: '' });
    if (!sessions.touch(browser)) await sessions.keepUp(browser, req);
    if (browser.fault) throw browser.fault;
    return browser;
  };

  return {
    logIn: async (req, res, login) => {
      const provider = findProvider(providers, login.provider);
      const browser = await enter(req, res);
      const { definition, name } = provider;
      const issuedAt = Math.floor(now() / 1000);
      const tokens: TokenSet = {
        accessToken: 'test-access-token',
        refreshToken: undefined,
        idToken: undefined,
        scope: definition.scope,
        ...{ receivedAt: now(), expiryAssumed: false, renewed: false },
        ...login.tokens,
        expiresAt: now() + 1000 * login.expiresInSeconds,
      };
      const { sub } = login.claims;
      const { acr, amr, sid, authTime = definition.capabilities.authTime ? issuedAt : undefined } = login;
      await establish(req, res, browser, {
        id: sessions.newId(),
        proven: {
          ...{ sub, sid, acr, amr, authTime, issuedAt, tokens },
          claims: readUserClaims(name, login.claims),
          missingScopes: [],
          authorizationDetails: undefined,
          browserSession: false,
          sessionExpiry: undefined,
          accessTokenEnd: undefined,
          idTokenPayload: undefined,
        },
        unverified: {},
        taken: { login: { startedAt: now() }, isCancelled: async () => false },
        takenAt: monotonic(),
        provider,
        returnTo: '/',
      });
    },

    end: async (req, res, how) => {
      const browser = await enter(req, res);
      const { id, identity, data } = browser;
      if (id === undefined || !identity) throw new ConfigurationError('This session has ended already.');
      const key = sessions.keyOf(id);
      if (how === 'revoked') {
        await ending.end({ key }, how);
        return;
      }
      // Under another id: what is left of a session keeps its own from being used again.
      const nextId = sessions.newId();
      const tokens = await vault.reseal(id, nextId);
      await ending.discard(key);
      const session = {
        identity,
        tokens: tokens?.to ?? Buffer.alloc(0),
        data: data ?? '{}',
        endsAt: now() - PAST_MS,
      };
      await records.create(sessions.keyOf(nextId), session);
      parts.sessionParts.cookie.write(res, nextId);
    },
  };
}

/** So long ago has a session ended that is to be over: long enough for a store whose clock is behind. */
const PAST_MS = 60_000;

function findProvider(providers: ReadonlyMap<string, Provider>, name: string | undefined): Provider {
  const provider = name === undefined ? [...providers.values()][0] : providers.get(name);
  if (provider) return provider;
  const known = [...providers.keys()].join(', ');
  throw new ConfigurationError(
    `logInAs(): there is no provider ${JSON.stringify(name)}. Providers are: ${known}.`,
  );
}
