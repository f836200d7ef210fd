import { LoginRequiredError, ProviderError, StoreError } from '../errors.ts';
import type { VerifiedIdentity } from '../provider/identity-verifier.ts';
import type { Provider } from '../provider/provider.ts';
import { insist } from '../store/insist.ts';
import type { StoredLogin } from '../store/record-format.ts';
import type { HeldLock } from '../store/session-lock.ts';
import { QUIET_MS, type Store, type TokenSwap } from '../store/store.ts';
import type { TokenSet } from '../tokens.ts';
import { nameNeed, selectTokens, type TokenNeed, type TokenOwner } from './token-life.ts';
import type { TokenVault } from './token-vault.ts';

/** Tokens for use now, and the stored login when a refresh brought new claims. */
export interface UsableTokens {
  readonly tokens: TokenSet;
  readonly login?: StoredLogin | undefined;
}

/** What a refresh says of the login: claims where it proved who it is for, and its scopes. */
export type RenewedLogin = Partial<Pick<VerifiedIdentity, 'claims'>> &
  Pick<TokenSet, 'scope' | 'accessToken' | 'dpopKey'>;

/** Tells those who wait for a refresh, which itself goes on. */
export type GiveUp = (fault: StoreError) => void;

/** One refresh, or one exchange, under the lock. */
export interface RefreshWork {
  readonly old: TokenSet;
  readonly need: TokenNeed;
  readonly held: HeldLock;
  readonly giveUp: GiveUp;
}

/** Gets new tokens from the provider, and stores them, for who has the session's lock. */
export interface TokenRenewal {
  /** Sends the refresh token, and ends the session where the provider says no. */
  refresh(owner: TokenOwner, sealed: Buffer, work: RefreshWork): Promise<UsableTokens>;
  /** Sends the login's own access token. Whatever becomes of it, the session stays. */
  exchange(owner: TokenOwner, sealed: Buffer, work: RefreshWork): Promise<UsableTokens>;
}

/** What it is made of. */
export interface TokenRenewalOptions {
  readonly store: Store;
  readonly vault: TokenVault;
  /** How long a request waits for a store that does not take the new tokens, in milliseconds. */
  readonly storePatienceMs: number;
  /** Whether a session lives, under this id or a newer one. */
  readonly hasLiveSession: (sessionId: string) => Promise<boolean>;
  /** Writes what a refresh proved, and the scopes that are granted now, into the text of an identity. */
  readonly updateIdentity: (identity: string, renewed: RenewedLogin) => Promise<string>;
  /**
   * Ends the session that the provider does not renew, if its tokens are still these. `conflict`: another process has
   * won meanwhile.
   */
  readonly endRefused: (
    owner: TokenOwner,
    tokens: Buffer,
    refusal: ProviderError,
  ) => Promise<'ended' | 'conflict'>;
  /** Nothing is tried again when this has come. */
  readonly closing?: AbortSignal | undefined;
}

/** What it shares with who reads tokens. */
export interface TokenReading {
  keyOf(owner: TokenOwner): string;
  /** @throws TokenError when there is none any more. */
  providerOf(owner: TokenOwner): Provider;
  /** What others wrote, when it is not ours to write any more. */
  readCurrent(owner: TokenOwner, need: TokenNeed): Promise<UsableTokens>;
}

/** How long the answer of a refresh waits, sealed, for a store that is away; as long as nobody else refreshes. */
const KEEP_ANSWER_MS = QUIET_MS;
/** Answers that wait at once. */
const MAX_WAITING_ANSWERS = 1000;

/** Makes it. */
export function createTokenRenewal(
  options: TokenRenewalOptions,
  { keyOf, providerOf, readCurrent }: TokenReading,
): TokenRenewal {
  const { store, vault, storePatienceMs } = options;
  let waitingAnswers = 0;

  const end = async (
    owner: TokenOwner,
    { sealed, refusal, need }: { sealed: Buffer; refusal: ProviderError; need: TokenNeed },
  ): Promise<UsableTokens> => {
    // Another process has won meanwhile: what was refused is old, and the session lives.
    if ((await options.endRefused(owner, sealed, refusal)) === 'conflict') return readCurrent(owner, need);
    throw new LoginRequiredError('The provider does not renew this login.');
  };

  /**
   * Stores new tokens, for as long as it takes: the old ones are spent, and whoever sent them again would end the
   * session. Those who wait for it are told when it takes long.
   */
  const storeTokens = async (owner: TokenOwner, swap: TokenSwap, giveUp: GiveUp) => {
    const mayWait = waitingAnswers < MAX_WAITING_ANSWERS;
    const timer = setTimeout(
      () => giveUp(new StoreError('The refreshed tokens cannot be stored at this moment.')),
      storePatienceMs,
    );
    waitingAnswers += 1;
    try {
      const patience = AbortSignal.timeout(mayWait ? KEEP_ANSWER_MS : storePatienceMs);
      return await insist(() => store.swapTokens(keyOf(owner), swap), patience, options.closing);
    } finally {
      waitingAnswers -= 1;
      clearTimeout(timer);
    }
  };

  /** Returns the identity's new text. Comes after the tokens are safe: no fault here may cost them. */
  const saveProof = async (
    owner: TokenOwner,
    sealed: Buffer,
    renewed: RenewedLogin,
  ): Promise<StoredLogin | undefined> => {
    const key = keyOf(owner);
    const { login } = await store.readSession(key);
    if (!login) return undefined;
    const identity = { from: login.identity, to: await options.updateIdentity(login.identity, renewed) };
    const outcome = await store.swapTokens(key, { tokens: { from: sealed, to: sealed }, identity });
    return outcome === 'stored' ? { ...login, identity: identity.to } : undefined;
  };

  const refresh: TokenRenewal['refresh'] = async (owner, sealed, work) => {
    const { old, need, held, giveUp } = work;
    const { resource } = need;
    const provider = providerOf(owner);
    await held.markSent();
    const answer = await provider.refresh(old, owner, { resource }).catch((error: unknown) => {
      if (isFinal(error)) return error;
      throw error;
    });
    if (answer instanceof ProviderError) {
      if (resource === undefined || answer.code !== 'provider_refused')
        return end(owner, { sealed, refusal: answer, need });
      // It may be the resource alone that was refused: what the login itself is worth says its own refresh.
      await refresh(owner, sealed, { ...work, need: { ...need, resource: undefined } });
      throw answer;
    }
    const { proof } = answer;
    const to = vault.seal(owner.sessionId, answer.tokens);
    const endsBy = proof?.sessionExpiry && proof.sessionExpiry * 1000;
    const outcome = await storeTokens(owner, { tokens: { from: sealed, to }, endsBy }, giveUp);
    if (outcome === 'conflict') return readCurrent(owner, need);
    if (outcome === 'stored') {
      const { scope, accessToken, dpopKey } = answer.tokens;
      const isNews = proof !== undefined || scope !== old.scope;
      const renewed = { claims: proof?.claims, scope, accessToken, dpopKey };
      const login = isNews ? await saveProof(owner, to, renewed).catch(() => undefined) : undefined;
      return { tokens: selectTokens(answer.tokens, need)!, login };
    }
    // The session ended while we asked: nobody may have these tokens. Only where another took its place, for the same
    // person, they stay: revoking them may take the new session's with them.
    const { sessionId } = owner;
    if (!(await options.hasLiveSession(sessionId)))
      await provider.revoke(answer.tokens).catch(() => undefined);
    throw new LoginRequiredError('The session ended during the refresh.');
  };

  const exchange: TokenRenewal['exchange'] = async (owner, sealed, { old, need, giveUp }) => {
    const provider = providerOf(owner);
    const tokens = await provider.exchange(old, { name: nameNeed(need)!, exchange: need.exchange! });
    const to = vault.seal(owner.sessionId, tokens);
    const outcome = await storeTokens(owner, { tokens: { from: sealed, to } }, giveUp);
    const exchanged = selectTokens(tokens, need)!;
    // Nothing was spent: where it cannot be kept, it is good all the same.
    if (outcome === 'stored' || outcome === 'conflict') return { tokens: exchanged };
    await provider
      .revoke({ ...exchanged, refreshToken: undefined, others: undefined })
      .catch(() => undefined);
    throw new LoginRequiredError('The session ended during the exchange.');
  };

  return { refresh, exchange };
}

/** What is sent cannot be sent again, and what came of it nobody here knows. */
export function lostAnswer({ provider }: TokenOwner, message: string): ProviderError {
  return new ProviderError(message, { code: 'provider_unavailable', provider });
}

/** The provider's clear "no"; every other fault passes. */
function isFinal(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.needsLogin;
}
