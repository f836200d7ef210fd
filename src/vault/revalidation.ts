import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError, TokenError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { Provider } from '../provider/provider.ts';
import type { StoredLogin } from '../store/record-format.ts';
import type { Store } from '../store/store.ts';
import { createThrottle } from '../throttle.ts';
import type { TokenOwner } from './token-life.ts';
import type { TokenSource, TokenSourceOptions } from './token-source.ts';

/** A login that its provider may be asked about. */
export interface ValidatedLogin extends TokenOwner {
  readonly loginId: string;
  /** By the clock of the process that saw it: what has only just been proven is not asked about. */
  readonly loggedInAt: number;
}

/** What the provider says: it does not stand by the login any more; or the stored login, when it told of new claims. */
export type Verdict = 'ended' | { readonly login: StoredLogin | undefined };

/** Asks providers whether they still stand by a login. */
export interface Revalidation {
  /**
   * Asks when it is time to, at most once per interval over all processes, and in one flight. `undefined`: it is not.
   * Whatever is no clear "no" leaves the session as it is.
   */
  check(login: ValidatedLogin): Promise<Verdict> | undefined;
}

/** What it is made of. */
export interface RevalidationOptions extends Pick<TokenSourceOptions, 'endRefused'> {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly tokenSource: TokenSource;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly intervalMs: number;
  readonly now: Clock;
  readonly monotonic: Clock;
  /** Told of faults that leave a session as it is. */
  readonly reportError: (error: unknown) => Promise<void>;
}

const NO_NEWS: Verdict = { login: undefined };

/** Makes it: by a refresh, or by the userinfo endpoint where a login has no refresh token. */
export function createRevalidation(options: RevalidationOptions): Revalidation {
  const { store, keys, tokenSource, providers, endRefused, intervalMs, now, monotonic } = options;
  // Whose turn it is, the store says; it is asked once a minute, so that nothing is held here for long.
  const throttle = createThrottle(Math.min(60_000, intervalMs), monotonic);
  const flights = new Map<string, Promise<Verdict>>();

  /** A lock that is never given back: as long as it lives, somebody asks or has asked. */
  const isOurTurn = async ({ loginId }: ValidatedLogin): Promise<boolean> => {
    const owner = randomBytes(16).toString('base64url');
    return (await store.acquireLock(keys.name('revalidation', loginId), owner, intervalMs)) === 'taken';
  };

  const ask = async (login: ValidatedLogin): Promise<Verdict> => {
    const provider = providers.get(login.provider);
    const { tokens, sealed } = await tokenSource.look(login);
    if (!provider) return NO_NEWS;
    const { accessToken, dpopKey } = tokens;
    if (tokens.refreshToken && provider.definition.capabilities.refresh) {
      const renewed = await tokenSource.get(login, { minValiditySeconds: 0, rejected: accessToken });
      return { login: renewed.login };
    }
    // One that has ended by itself says nothing of the login.
    if (!accessToken || tokens.expiresAt <= now()) return NO_NEWS;
    try {
      await provider.fetchUserInfo({ accessToken, dpopKey }, login.sub);
      return NO_NEWS;
    } catch (error) {
      const isNo = error instanceof ProviderError && error.oauthError === 'invalid_token';
      if (!isNo) throw error;
      return (await endRefused(login, sealed, error)) === 'ended' ? 'ended' : NO_NEWS;
    }
  };

  const askInTurn = async (login: ValidatedLogin): Promise<Verdict> => {
    try {
      return (await isOurTurn(login)) ? await ask(login) : NO_NEWS;
    } catch (error) {
      if (error instanceof LoginRequiredError) return 'ended';
      // A provider without userinfo, and tokens that cannot be opened, are told of where they are wanted.
      const isSilent = error instanceof TokenError;
      if (!isSilent) await options.reportError(error);
      return NO_NEWS;
    }
  };

  return {
    check: (login) => {
      const { loginId, loggedInAt } = login;
      const known = flights.get(loginId);
      if (known) return known;
      if (now() - loggedInAt < intervalMs || !throttle.isDue(loginId)) return undefined;
      const flight = askInTurn(login).finally(() => flights.delete(loginId));
      flights.set(loginId, flight);
      return flight;
    },
  };
}
