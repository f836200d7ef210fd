import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';
import { LoginError, ProviderError, StoreError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import { peekAddress } from '../provider/logout-token.ts';
import type { Provider } from '../provider/provider.ts';
import { MAX_SENT_TOKEN_LENGTH } from '../provider/sent-token.ts';
import type { ProviderDefinition } from '../provider-definition.ts';
import type { UserSessions } from '../session/user-sessions.ts';
import type { LogoutMark } from '../store/logout-mark.ts';
import type { Store } from '../store/store.ts';
import { type Answers, setRetryAfter } from './answers.ts';
import { createReportThrottle } from './report-throttle.ts';
import { invalidForm, readForm } from './request-input.ts';

/** What it is made of. */
export interface BackchannelLogoutOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly userSessions: UserSessions;
  readonly store: Store;
  readonly keys: ApplicationKeys;
  readonly answers: Answers;
  readonly now: Clock;
  readonly monotonic: Clock;
}

/**
 * The endpoint where providers post logout tokens: no cookie, no session, no origin check.
 *
 * 200 when the sessions it means are gone, also when there were none; 400 for a token to refuse, 408 for one that does
 * not come; 503 when they could not be ended, so that the provider tries again. A token that comes again means the same
 * mark and leaves it again: that mends a failure half-way, and harms nobody who logged in since.
 *
 * @see [OpenID Connect Back-Channel Logout, section 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)
 */
export function createBackchannelLogout(
  options: BackchannelLogoutOptions,
): (req: Request, res: Response) => Promise<void> {
  const { providers, userSessions, answers, monotonic } = options;
  const mayReport = createReportThrottle(monotonic);

  const endSessions = async (sent: string) => {
    const jwt = await openToken(providers, sent);
    const provider = findProvider(providers, jwt);
    const { sub, sid, jti, issuedAt: issuedBy } = await provider.verifyLogoutToken(jwt);
    const { issuer, definition } = provider;
    const { clientId } = definition;
    const meaning: LogoutMeaning = { sub, sid, issuedBy };
    const note = await noteSentToken(options, { definition, jti, kind: 'logout token', meaning });
    if (note.isOther) throw invalidForm('has a logout token whose jti was used for another');
    const mark = { issuedBy, cameAt: note.cameAt };
    await userSessions.endByMark({ issuer, clientId, sub, sid }, mark, 'back_channel');
    if (note.fault) throw note.fault;
  };

  return async (req, res) => {
    noStore(res);
    try {
      await endSessions(await readLogoutToken(req, res));
      res.status(200).end();
    } catch (error) {
      if (mayReport(error)) await answers.reportError(req, res, error, 'logout');
      const passing =
        error instanceof StoreError ||
        (error instanceof ProviderError &&
          ['provider_unavailable', 'provider_credentials'].includes(error.code));
      if (passing) {
        setRetryAfter(res, error);
        res.status(503).json({ error: 'temporarily_unavailable' });
      } else {
        const cameLate = error instanceof LoginError && error.status === 408;
        res.status(cameLate ? 408 : 400).json({ error: 'invalid_request' });
      }
    }
  };
}

/** What a logout token means, whenever it comes. */
interface LogoutMeaning extends Required<Pick<LogoutMark, 'issuedBy'>> {
  readonly sub?: string | undefined;
  readonly sid?: string | undefined;
}

/** A token that was sent, and what it means. */
interface SentToken {
  readonly definition: ProviderDefinition;
  readonly jti: string;
  /** Its kind: each has names of its own. */
  readonly kind: string;
  readonly meaning: LogoutMeaning;
}

/** When a token came first. A fault of the store is kept: what lives ends all the same. */
interface SentTokenNote {
  readonly cameAt: number;
  /** Whether its `jti` was used by a token with another meaning. */
  readonly isOther: boolean;
  readonly fault?: StoreError;
}

/** Notes what a token means that a provider sent, or finds the note of the first time it came. */
export async function noteSentToken(
  { store, keys, now }: Pick<BackchannelLogoutOptions, 'store' | 'keys' | 'now'>,
  { definition, jti, kind, meaning }: SentToken,
): Promise<SentTokenNote> {
  const { issuer, clientId, logoutTokenMaxAgeSeconds, clockToleranceSeconds } = definition;
  const windowSeconds = logoutTokenMaxAgeSeconds + 2 * clockToleranceSeconds;
  const token = { meaning: JSON.stringify(meaning), cameAt: now() };
  // A full server takes no note. What lives ends all the same; the rest by the same token, when it comes again.
  const known = await store
    .putLogoutToken(keys.name(kind, issuer, clientId, jti), token, windowSeconds * 1000)
    .catch((fault: StoreError) => ({ ...token, fault }));
  const first = JSON.parse(known.meaning) as LogoutMeaning;
  const isOther =
    first.sub !== meaning.sub || first.sid !== meaning.sid || first.issuedBy !== meaning.issuedBy;
  return { cameAt: known.cameAt, isOther, ...('fault' in known ? { fault: known.fault } : {}) };
}

async function readLogoutToken(req: Request, res: Response): Promise<string> {
  const tokens = (await readForm(req, res)).getAll('logout_token');
  if (tokens.length !== 1) throw invalidForm('must have exactly one logout_token');
  if (tokens[0]!.length > MAX_SENT_TOKEN_LENGTH)
    throw invalidForm('has a logout token that is too large', 413);
  return tokens[0]!;
}

/** An encrypted token says nothing of whom it is from: whose key opens it, says so. */
async function openToken(providers: ReadonlyMap<string, Provider>, token: string): Promise<string> {
  if (token.split('.').length !== 5) return token;
  const faults: unknown[] = [];
  for (const provider of providers.values()) {
    try {
      const opened = await provider.openLogoutToken(token);
      if (opened !== undefined) return opened;
    } catch (error) {
      faults.push(error);
    }
  }
  // It may have been for the key that cannot be had now.
  if (faults.length > 0) throw faults[0];
  throw invalidForm('has an encrypted logout token that no key of ours opens');
}

/** By whom the token says it is from and for; the provider's own check decides. One issuer may know us twice. */
function findProvider(providers: ReadonlyMap<string, Provider>, token: string): Provider {
  const { issuer, audiences } = peekAddress(token);
  const candidates = [...providers.values()].filter((provider) => provider.issuer === issuer);
  const addressed = candidates.find(({ definition }) => audiences.includes(definition.clientId));
  if (!candidates[0]) throw invalidForm('has a logout token of an unknown issuer');
  return addressed ?? candidates[0];
}
