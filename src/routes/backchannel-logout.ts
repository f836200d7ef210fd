import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';
import { ConnectAuthError, LoginError, ProviderError, StoreError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import { MAX_LOGOUT_TOKEN_LENGTH, peekAddress } from '../provider/logout-token.ts';
import type { Provider } from '../provider/provider.ts';
import type { UserSessions } from '../session/user-sessions.ts';
import type { LogoutMark } from '../store/logout-mark.ts';
import type { Store } from '../store/store.ts';
import { type Answers, setRetryAfter } from './answers.ts';
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
  const { providers, userSessions, store, keys, answers, now, monotonic } = options;
  const mayReport = createReportThrottle(monotonic);

  const endSessions = async (jwt: string) => {
    const provider = findProvider(providers, jwt);
    const { sub, sid, jti, issuedAt: issuedBy } = await provider.verifyLogoutToken(jwt);
    const { issuer, definition } = provider;
    const { clientId } = definition;
    const windowSeconds = definition.logoutTokenMaxAgeSeconds + 2 * definition.clockToleranceSeconds;
    const meaning: LogoutMeaning = { sub, sid, issuedBy };
    const token = { meaning: JSON.stringify(meaning), cameAt: now() };
    const name = keys.name('logout token', issuer, clientId, jti);
    // A full server takes no note. What lives ends all the same; the rest by the same token, when it comes again.
    const known = await store
      .putLogoutToken(name, token, windowSeconds * 1000)
      .catch((fault: StoreError) => ({ ...token, fault }));
    const first = JSON.parse(known.meaning) as LogoutMeaning;
    if (first.sub !== sub || first.sid !== sid || first.issuedBy !== issuedBy)
      throw invalidForm('has a logout token whose jti was used for another');
    const mark = { issuedBy, cameAt: known.cameAt };
    await userSessions.endByMark({ issuer, clientId, sub, sid }, mark, 'back_channel');
    if ('fault' in known) throw known.fault;
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
        (error instanceof ProviderError && error.code === 'provider_unavailable');
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

const REPORT_EVERY_MS = 1_000;

/** Anybody can post here: of each kind of fault one a second is told, or a flood of tokens would be one of logs. */
function createReportThrottle(monotonic: Clock): (error: unknown) => boolean {
  const reportedAt = new Map<string, number>();
  return (error) => {
    const kind = error instanceof ConnectAuthError ? error.code : 'unexpected';
    const isDue = monotonic() - (reportedAt.get(kind) ?? Number.NEGATIVE_INFINITY) >= REPORT_EVERY_MS;
    if (isDue) reportedAt.set(kind, monotonic());
    return isDue;
  };
}

async function readLogoutToken(req: Request, res: Response): Promise<string> {
  const tokens = (await readForm(req, res)).getAll('logout_token');
  if (tokens.length !== 1) throw invalidForm('must have exactly one logout_token');
  if (tokens[0]!.length > MAX_LOGOUT_TOKEN_LENGTH)
    throw invalidForm('has a logout token that is too large', 413);
  return tokens[0]!;
}

/** By whom the token says it is from and for; the provider's own check decides. One issuer may know us twice. */
function findProvider(providers: ReadonlyMap<string, Provider>, token: string): Provider {
  const { issuer, audiences } = peekAddress(token);
  const candidates = [...providers.values()].filter((provider) => provider.issuer === issuer);
  const addressed = candidates.find(({ definition }) => audiences.includes(definition.clientId));
  if (!candidates[0]) throw invalidForm('has a logout token of an unknown issuer');
  return addressed ?? candidates[0];
}
