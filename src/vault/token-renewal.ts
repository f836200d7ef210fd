import type { Clock } from '../clock.ts';
import { LoginRequiredError, ProviderError, StoreError } from '../errors.ts';
import type { VerifiedIdentity } from '../provider/identity-verifier.ts';
import type { Provider } from '../provider/provider.ts';
import { addOther } from '../provider/token-refresh.ts';
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
  readonly now: Clock;
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
  /** The tokens as they are stored, good or not, and sealed as well. @throws LoginRequiredError, TokenError, StoreError. */
  look(owner: TokenOwner): Promise<{ readonly tokens: TokenSet; readonly sealed: Buffer }>;
}

/** How long the answer of a refresh waits, sealed, for a store that is away; as long as nobody else refreshes. */
const KEEP_ANSWER_MS = QUIET_MS;
/** Answers that wait at once. */
const MAX_WAITING_ANSWERS = 1000;
/** How often an exchanged token is put beside tokens that another process has just written. */
const MAX_MERGES = 3;

/** Makes it. */
export function createTokenRenewal(
  options: TokenRenewalOptions,
  { keyOf, providerOf, readCurrent, look }: TokenReading,
): TokenRenewal {
  const { store, vault, now, storePatienceMs } = options;
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

  /**
   * The session ended while we asked: nobody may have these tokens. Only where another took its place, for the same person,
   * they stay: revoking them may take the new session's with them.
   */
  const revokeUnlessLive = async (owner: TokenOwner, tokens: TokenSet) => {
    if (await options.hasLiveSession(owner.sessionId)) return;
    await providerOf(owner)
      .revoke(tokens)
      .catch(() => undefined);
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
    // What came too late is nobody's, and stays: to revoke it may take the winner's with it.
    if (outcome === 'conflict') return readCurrent(owner, need);
    if (outcome === 'stored') {
      const { scope, accessToken, dpopKey } = answer.tokens;
      const isNews = proof !== undefined || scope !== old.scope;
      const renewed = { claims: proof?.claims, scope, accessToken, dpopKey };
      const login = isNews ? await saveProof(owner, to, renewed).catch(() => undefined) : undefined;
      return { tokens: selectTokens(answer.tokens, need)!, login };
    }
    await revokeUnlessLive(owner, answer.tokens);
    throw new LoginRequiredError('The session ended during the refresh.');
  };

  /** Puts it beside what is stored, also where another process has just stored something else. */
  const keepBeside = async (
    owner: TokenOwner,
    exchanged: TokenSet,
    { sealed, tokens, name, giveUp }: { sealed: Buffer; tokens: TokenSet; name: string; giveUp: GiveUp },
  ): Promise<'stored' | 'conflict' | 'gone'> => {
    let [from, to] = [sealed, tokens];
    for (let merges = 0; ; merges += 1) {
      const swap = { tokens: { from, to: vault.seal(owner.sessionId, to) } };
      const outcome = await storeTokens(owner, swap, giveUp);
      if (outcome !== 'conflict' || merges === MAX_MERGES) return outcome;
      const current = await look(owner).catch((error: Error) => error);
      if (current instanceof LoginRequiredError) return 'gone';
      if (current instanceof Error) return 'conflict';
      const merged = addOther(current.tokens, exchanged, { name, now: now() });
      if (!merged) return 'conflict';
      [from, to] = [current.sealed, merged];
    }
  };

  const exchange: TokenRenewal['exchange'] = async (owner, sealed, { old, need, giveUp }) => {
    const provider = providerOf(owner);
    const name = nameNeed(need)!;
    const tokens = await provider.exchange(old, { name, exchange: need.exchange! });
    const exchanged = selectTokens(tokens, need)!;
    const outcome = await keepBeside(owner, exchanged, { sealed, tokens, name, giveUp });
    if (outcome === 'stored') return { tokens: exchanged };
    // What is not in the session's record no logout would find: nobody gets it.
    if (outcome === 'conflict')
      throw lostAnswer(owner, 'Other processes changed the tokens of this session during the exchange.');
    await revokeUnlessLive(owner, { ...exchanged, refreshToken: undefined, others: undefined });
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
