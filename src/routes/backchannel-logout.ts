import type { Request, Response } from 'express';
import { ProviderError, StoreError } from '../errors.ts';
import type { LogoutReason } from '../events.ts';
import { hash } from '../keys.ts';
import { MAX_LOGOUT_TOKEN_LENGTH, peekIssuer } from '../provider/logout-token.ts';
import type { Provider } from '../provider/provider.ts';
import type { Identity } from '../session/identity.ts';
import type { UserSessions } from '../session/user-sessions.ts';
import type { Store } from '../store/store.ts';
import type { Answers } from './answers.ts';
import { invalidForm, readForm } from './form-body.ts';

export interface BackchannelLogoutOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly userSessions: UserSessions;
  readonly store: Store;
  readonly answers: Answers;
  readonly report: (identity: Identity, reason: LogoutReason) => Promise<void>;
}

/**
 * The endpoint where providers post logout tokens: no cookie, no session, no origin check.
 *
 * 200 when the sessions it means are gone, also when there were none; 400 for a token to refuse; 503 when they could
 * not be ended, so that the provider tries again. A token that comes again means the same cut and has it again: that
 * mends a failure half-way, and harms nobody who logged in since.
 *
 * @see [OpenID Connect Back-Channel Logout, section 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest)
 */
export function createBackchannelLogout(
  options: BackchannelLogoutOptions,
): (req: Request, res: Response) => Promise<void> {
  const { providers, userSessions, store, answers, report } = options;

  const endSessions = async (token: string) => {
    const provider = await findProvider(providers, token);
    const { sub, sid, jti, issuedAt } = await provider.verifyLogoutToken(token);
    const { issuer, definition } = provider;
    const meaning = JSON.stringify({ sub, sid, issuedBy: issuedAt });
    const windowMs = 1000 * (definition.logoutTokenMaxAgeSeconds + 2 * definition.clockToleranceSeconds);
    const known = await store.putLogoutToken(hash([issuer, jti]), meaning, windowMs);
    if (known !== meaning) throw invalidForm('has a logout token whose jti was used for another');
    return userSessions.endByCut({ issuer, sub, sid }, { issuedBy: issuedAt });
  };

  return async (req, res) => {
    res.set('Cache-Control', 'no-store');
    try {
      const ended = await endSessions(await readLogoutToken(req));
      for (const identity of ended) await report(identity, 'back_channel');
      res.status(200).end();
    } catch (error) {
      await answers.report(req, res, error, 'logout');
      const passing =
        error instanceof StoreError ||
        (error instanceof ProviderError && error.code === 'provider_unavailable');
      if (passing) res.status(503).set('Retry-After', '5').json({ error: 'temporarily_unavailable' });
      else res.status(400).json({ error: 'invalid_request' });
    }
  };
}

async function readLogoutToken(req: Request): Promise<string> {
  const tokens = (await readForm(req)).getAll('logout_token');
  if (tokens.length !== 1) throw invalidForm('must have exactly one logout_token');
  if (tokens[0]!.length > MAX_LOGOUT_TOKEN_LENGTH)
    throw invalidForm('has a logout token that is too large', 413);
  return tokens[0]!;
}

/** By the issuer the token claims to be from; its signature is checked with that issuer's keys. */
async function findProvider(providers: ReadonlyMap<string, Provider>, token: string): Promise<Provider> {
  const issuer = peekIssuer(token);
  const candidates = [...providers.values()].filter((provider) => provider.issuer === issuer);
  if (candidates.length === 0) throw invalidForm('has a logout token of an unknown issuer');
  return candidates[0]!;
}
