import type { ErrorEvent, LogoutReason } from './events.ts';

/*
 * What is published on the channels of node:diagnostics_channel. For operators: nothing here is a secret, a token, a code,
 * a cookie or a session id, and nothing names a person. docs/observability.md is written from this file.
 */

/** What every payload has. */
export interface OfTenant {
  /** Where there are tenants. */
  readonly tenant?: string | undefined;
}

/** A browser was sent to its provider. */
export interface LoginStarted extends OfTenant {
  /** Name of the provider in the options; `default` for a single one. */
  readonly provider: string;
  /** Where the login shows itself: `page`, `popup`, `provider_popup`, or `silent`. */
  readonly display: string;
  /** Whether it was begun in place of one whose cookie gave way to that of another. */
  readonly isRestart: boolean;
}

/** A session exists, and `onLogin` let it pass. */
export interface LoginFinished extends OfTenant {
  /** Name of the provider in the options. */
  readonly provider: string;
  /** Who vouches for the person. */
  readonly issuer: string;
  /** How many scopes were asked for and not granted. */
  readonly missingScopes: number;
}

/** A login came to no session: at its start, or in its callback. */
export interface LoginRefused extends OfTenant {
  /** Name of the provider in the options, where it is known. */
  readonly provider?: string | undefined;
  /** `login`: it could not be begun; `callback`: it could not be finished. */
  readonly during: 'login' | 'callback';
  /** Where the login shows itself, where that is known. One that is `silent` is refused whenever nobody is logged in at the provider. */
  readonly display?: string | undefined;
  /** The code of the error; see docs/errors.md. */
  readonly code: string;
  /** The `error` of the provider's answer, where it gave one. */
  readonly oauthError?: string | undefined;
  /** What stands on the page of whoever was refused; absent where nobody was told. */
  readonly reference?: string | undefined;
}

/** Sessions were to be ended by somebody's will. */
export interface LogoutFinished extends OfTenant {
  /**
   * `logout` by the browser itself, `destroyed` by `req.session.destroy()`, `back_channel` and `front_channel` by the
   * provider, `revoked` by `auth.sessions`.
   */
  readonly kind: string;
  /** How many sessions it ended, where they are counted; a browser has one at most, and is not. */
  readonly sessions?: number | undefined;
  /** The code of the error where it failed: something may not have ended, and it must be tried again. */
  readonly code?: string | undefined;
}

/** A refresh token was sent to the provider, and what came of it. */
export interface RefreshFinished extends OfTenant {
  /** Name of the provider in the options. */
  readonly provider: string;
  /** `renewed`; `over`: the provider said no, or the session ended meanwhile; `failed`: by a fault that passes. */
  readonly outcome: 'renewed' | 'over' | 'failed';
  /** How long it took, storing the new tokens included, in milliseconds. */
  readonly durationMs: number;
  /** The code of the error where there was one. */
  readonly code?: string | undefined;
}

/** A session with somebody logged in has ended. Published once over all processes, as `onLogout` is told. */
export interface SessionEnded extends OfTenant {
  /** Why, as `onLogout` is told. */
  readonly reason: LogoutReason;
  /** Name of the provider in the options. */
  readonly provider: string;
}

/** How the store is, when that changes. What is worse is told at once; what is better, after five seconds without anything worse. */
export interface StoreState extends OfTenant {
  /** `down`: an operation failed; `slow`: one took longer than a quarter of `storeTimeoutMs`. */
  readonly state: 'up' | 'slow' | 'down';
  /** Host name or address, where there is one. */
  readonly address?: string | undefined;
  /** Its port. */
  readonly port?: number | undefined;
  /** What the operator should know, in sentences. */
  readonly message?: string | undefined;
}

/** How a provider is, when that changes. By the rules of the store. */
export interface ProviderState extends OfTenant {
  /** Name of the provider in the options. */
  readonly provider: string;
  /** `down`: no answer in time, a fault of the network, or a 5xx; `slow`: an answer took longer than a quarter of the provider's `timeoutMs`. */
  readonly state: 'up' | 'slow' | 'down';
  /** What the operator should know, in sentences. */
  readonly message?: string | undefined;
}

/** A fault, each time that `onError` is told of one. */
export interface Fault extends OfTenant {
  /** Eight characters by chance, which also stand on the error page and in the JSON that answered it. */
  readonly reference: string;
  /** The code of the error; see docs/errors.md. */
  readonly code: string;
  /** The HTTP status that answers it. */
  readonly status: number;
  /** What went on. */
  readonly during: ErrorEvent['during'];
  /** What the operator should know, in sentences. */
  readonly message: string;
  /** Names and codes of the errors behind it. */
  readonly cause?: string | undefined;
  /** Name of the provider in the options, where it is one's fault. */
  readonly provider?: string | undefined;
  /** The `error` of the provider's answer, where it gave one. */
  readonly oauthError?: string | undefined;
}

/** What every message of a traced operation has when it has ended. */
export interface TracedEnd {
  /** How long it took, in milliseconds. */
  durationMs?: number;
  /** How it failed: an error's code and, where it is one of ours, its message. */
  error?: TracedError;
}

/** How a traced operation failed. */
export interface TracedError {
  readonly code: string;
  readonly message?: string | undefined;
}

/** A login is made ready: the provider found, the request made. */
export interface LoginTrace extends OfTenant, TracedEnd {
  /** Name of the provider in the options. */
  readonly provider: string;
  /** Where the login shows itself. */
  readonly display: string;
}

/** A callback is at work. That it answered with an error is told by `login.refused`. */
export interface CallbackTrace extends OfTenant, TracedEnd {
  /** Name of the provider in the options. */
  readonly provider: string;
}

/** Sessions are being ended by somebody's will. */
export interface LogoutTrace extends OfTenant, TracedEnd {
  /** As in `logout.finished`. */
  readonly kind: string;
  /** How many sessions it ended, where they are counted. */
  sessions?: number;
}

/** A refresh token is with the provider. */
export interface RefreshTrace extends OfTenant, TracedEnd {
  /** Name of the provider in the options. */
  readonly provider: string;
}

/** A provider is asked something. */
export interface ProviderRequestTrace extends OfTenant, TracedEnd {
  /** Name of the provider in the options. */
  readonly provider: string;
  /**
   * What is asked: `discovery`, `keys`, `token`, `userinfo`, `revocation`, `introspection`, `pushed_request` (of an
   * authorization), or `other`.
   */
  readonly endpoint: string;
  /** The HTTP method. */
  readonly method: string;
  /** The address without its query, which may hold what is secret. */
  readonly url: string;
  /** The HTTP status of the answer, if there was one. */
  status?: number;
}

/** The store is asked something. Reads of the same moment share a command, and are traced each by itself. */
export interface StoreOperationTrace extends OfTenant, TracedEnd {
  /** The operation, such as `readSession`; of scripts also the script's name. */
  readonly operation: string;
  /** The command of Redis that it is: `MGET`, or `EVALSHA` for a script. */
  readonly command: string;
  /** `redis` or `memory`. */
  readonly store: 'redis' | 'memory';
  /** Host name or address, where there is one. */
  readonly address?: string | undefined;
  /** Its port. */
  readonly port?: number | undefined;
}

/** What is told once, when it has happened: the channel `express-connect-auth.` and the name. */
export interface DiagnosticFacts {
  'login.started': LoginStarted;
  'login.finished': LoginFinished;
  'login.refused': LoginRefused;
  'logout.finished': LogoutFinished;
  'refresh.finished': RefreshFinished;
  'session.ended': SessionEnded;
  'store.state': StoreState;
  'provider.state': ProviderState;
  fault: Fault;
}

/** What takes its time: the tracing channel `express-connect-auth.` and the name. */
export interface DiagnosticTraces {
  login: LoginTrace;
  callback: CallbackTrace;
  logout: LogoutTrace;
  refresh: RefreshTrace;
  'provider.request': ProviderRequestTrace;
  'store.operation': StoreOperationTrace;
}
