import type { Diagnostics } from '../diagnostics.ts';
import { hookFault } from '../hook-fault.ts';
import type { ApplicationKeys } from '../keys.ts';
import { createLogoutTrace } from '../logout-trace.ts';
import { createMappedLogins } from '../mapped-login.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { Provider } from '../provider/provider.ts';
import type { Answers } from '../routes/answers.ts';
import { createClientFinder, createIdentityReader } from '../session/identity.ts';
import { createIdentityUpdate } from '../session/identity-update.ts';
import { createRefusedEnd } from '../session/refused-end.ts';
import { createRememberedProvider } from '../session/remembered-provider.ts';
import { createSessionCookie } from '../session/session-cookie.ts';
import { createSessionEnding } from '../session/session-ending.ts';
import { createSessionIndexes } from '../session/session-indexes.ts';
import { createSessionLimit } from '../session/session-limit.ts';
import { createSessionRecords } from '../session/session-records.ts';
import { createSessionRotation } from '../session/session-rotation.ts';
import { createSessionUpkeep } from '../session/session-upkeep.ts';
import { createSessionWatch } from '../session/session-watch.ts';
import { createSessions } from '../session/sessions.ts';
import { createTokenDemand } from '../session/token-demand.ts';
import { createUserSessions } from '../session/user-sessions.ts';
import { createFinishLater } from '../store/finish-later.ts';
import { createSessionLock } from '../store/session-lock.ts';
import type { Store } from '../store/store.ts';
import { createRevalidate } from '../user/revalidate.ts';
import { createRefreshTrace } from '../vault/refresh-trace.ts';
import { createRevalidation } from '../vault/revalidation.ts';
import { createTokenSource } from '../vault/token-source.ts';
import type { TokenVault } from '../vault/token-vault.ts';
import { observeUserSessions } from './observed-user-sessions.ts';
import { listClients } from './provider-parts.ts';

/** What the parts of sessions and their tokens are made of. */
export interface SessionPartsOptions {
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly vault: TokenVault;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly reportError: Answers['reportError'];
  readonly diagnostics: Diagnostics;
}

/** Everything about sessions and their tokens, for the routes and for requests. */
export type SessionParts = ReturnType<typeof createSessionParts>;

/** Makes the parts of sessions and their tokens, and joins them. */
export function createSessionParts(
  options: ResolvedOptions,
  { store, keys, vault, providers, diagnostics, reportError: tell }: SessionPartsOptions,
) {
  const { hooks, secrets, https, storeTimeoutMs, mapUser } = options;
  const { now, monotonic } = options.clocks;
  const { cookieName, cookiePath, persistent, carryOver } = options.session;
  const idleTimeoutMs = options.session.idleTimeoutSeconds * 1000;
  const absoluteTimeoutMs = options.session.absoluteTimeoutSeconds * 1000;
  const maxAgeSeconds = persistent ? options.session.absoluteTimeoutSeconds : undefined;
  const storePatienceMs = 2 * storeTimeoutMs;
  const clients = listClients(providers);
  /** Of faults that no request is to be answered with. */
  const reportError = (error: unknown) => tell(undefined, undefined, error, 'session');

  const finishLater = createFinishLater({ reportError });
  const lockTimes = {
    leaseMs: Math.max(MIN_LEASE_MS, storePatienceMs),
    patienceMs: findLockPatience(options),
  };
  const closing = new AbortController();
  const lock = createSessionLock({ store, ...lockTimes, closing: closing.signal });
  const indexes = createSessionIndexes(keys);
  const readIdentity = createIdentityReader(clients);
  const records = createSessionRecords({ store, indexes, idleTimeoutMs, absoluteTimeoutMs, now, monotonic });
  const onLogout: typeof hooks.onLogout = (event) => {
    const { reason, provider } = event;
    diagnostics.tell('session.ended', () => ({ reason, provider }));
    return hooks.onLogout(event);
  };
  const ending = createSessionEnding({
    store,
    records,
    finishLater,
    onLogout,
    idleTimeoutMs,
    reportError: (error, req) => tell(req, undefined, error, 'logout'),
  });
  const cookieOptions = { path: cookiePath, secure: https, secrets, keys };
  const cookie = createSessionCookie({
    ...cookieOptions,
    name: cookieName,
    purpose: 'cookie signature',
    maxAgeSeconds,
  });
  const endingCookie = createSessionCookie({
    ...cookieOptions,
    name: `${cookieName}-ending`,
    purpose: 'ending cookie signature',
    maxAgeSeconds: ENDING_COOKIE_SECONDS,
  });
  const rememberedProvider = createRememberedProvider({
    ...cookieOptions,
    providers: new Set(providers.keys()),
    cookieName,
    sessionSeconds: maxAgeSeconds,
  });
  const upkeep = createSessionUpkeep({ store, indexes, records, ending, idleTimeoutMs });
  const common = { store, keys, readIdentity, records, ending, upkeep };
  const rotation = createSessionRotation({
    ...common,
    lock,
    finishLater,
    resealTokens: vault.reseal,
    patienceMs: storePatienceMs,
    closing: closing.signal,
  });
  const { maxPerUser, whenTooMany } = options.session;
  const tokenDemand = createTokenDemand();
  const sessions = createSessions({
    ...common,
    tokenDemand,
    rotation,
    limit:
      maxPerUser === undefined
        ? undefined
        : createSessionLimit({ ...common, indexes, lock, maxPerUser, whenTooMany }),
    cookie,
    endingCookie,
    carryOver,
    idleTimeoutMs,
    monotonic,
    reportError,
  });
  const traceLogout = createLogoutTrace(diagnostics);
  const userSessions = observeUserSessions(
    createUserSessions({ ...common, indexes, now, clientsOf: createClientFinder(clients) }),
    traceLogout,
  );
  const describeLogin = createMappedLogins(options);
  const { findLiveKey, hasLiveSession } = sessions;
  const watch = createSessionWatch({
    keys,
    findLiveKey,
    intervalMs: WATCH_INTERVAL_MS,
    reportError: (thrown) => reportError(hookFault('A callback of onEnd()', thrown)),
  });
  const endRefused = createRefusedEnd({ ending, keys, reportError });
  const tokenSource = createTokenSource({
    store,
    keys,
    vault,
    lock,
    providers,
    now,
    storePatienceMs,
    hasLiveSession,
    updateIdentity: createIdentityUpdate({ mapUser, describeLogin, reportError }),
    endRefused,
    traceRefresh: createRefreshTrace(diagnostics, monotonic),
    closing: closing.signal,
  });

  const { revalidateSeconds } = options.session;
  const revalidate =
    revalidateSeconds === undefined
      ? undefined
      : createRevalidate(
          createRevalidation({
            ...{ store, keys, tokenSource, providers, endRefused, now, monotonic, reportError },
            intervalMs: revalidateSeconds * 1000,
          }),
          readIdentity,
        );

  return {
    ...{ sessions, userSessions, readIdentity, records, ending, upkeep, tokenSource, tokenDemand },
    describeLogin,
    ...{ cookie, rememberedProvider, maxAgeSeconds, idleTimeoutMs, revalidate, watch, traceLogout },
    release: watch.close,
    // In this order: a refresh may leave something to be finished.
    settle: async () => {
      await tokenSource.settle();
      await finishLater.settle();
    },
    stop: () => {
      closing.abort();
      finishLater.close();
    },
  };
}

/** How long a logout that failed with the store may be tried again in the browser. */
const ENDING_COOKIE_SECONDS = 3600;

/** An answer that waits may outlive its session by five seconds: this, and the time to look. */
const WATCH_INTERVAL_MS = 4_000;

/** A process that died with the lock of a session holds up its refresh for so long; one that lives renews it in time. */
const MIN_LEASE_MS = 3_000;

/**
 * Longer than a refresh takes at the slowest provider: discovery, the refresh itself and the keys, twice where they
 * rotate, each bounded; and the store's own waits around them.
 */
function findLockPatience({ providers, storeTimeoutMs }: ResolvedOptions): number {
  const slowest = Math.max(...[...providers.values()].map(({ timeoutMs }) => timeoutMs));
  return 4 * slowest + 6 * storeTimeoutMs;
}
