import type { Request, Response } from 'express';
import { noStore } from '../cache-headers.ts';
import { LoginError, ProviderError, StoreError } from '../errors.ts';
import { peekAddress } from '../provider/logout-token.ts';
import type { Provider } from '../provider/provider.ts';
import { setRetryAfter } from './answers.ts';
import { type BackchannelLogoutOptions, noteSentToken } from './backchannel-logout.ts';
import { createReportThrottle } from './report-throttle.ts';
import { invalidForm, readJson } from './request-input.ts';

/** What it is made of. */
export interface GlobalTokenRevocationOptions extends BackchannelLogoutOptions {
  /** The address of the route, which its tokens are for. */
  readonly url: string;
}

/**
 * The endpoint by which a provider ends all sessions of a person at once: Global Token Revocation, which Okta calls
 * Universal Logout. No cookie, no session, no origin check: a token that the provider's keys sign, made for this address,
 * says who asks, and the body whom it is about.
 *
 * 204 when the sessions are gone, also when there were none; 400 for a body to refuse, or a person who cannot be found by
 * what it says; 401 for a token to refuse; 403 for persons of another issuer; 503 when they could not be ended.
 *
 * @see [Global Token Revocation](https://datatracker.ietf.org/doc/html/draft-parecki-oauth-global-token-revocation)
 */
export function createGlobalTokenRevocation(
  options: GlobalTokenRevocationOptions,
): (req: Request, res: Response) => Promise<void> {
  const { providers, userSessions, answers, monotonic, url } = options;
  const mayReport = createReportThrottle(monotonic);

  const revoke = async (req: Request, res: Response) => {
    const token = readToken(req);
    const { issuer, definition, jti, issuedAt } = await verifyByAny(providers, { token, url });
    // After the token: a stranger's body is not read.
    const sub = readSubject(await readJson(req, res), issuer);
    const meaning = { sub, issuedBy: issuedAt };
    const note = await noteSentToken(options, { definition, jti, kind: 'revocation token', meaning });
    if (note.isOther) throw unauthorized('whose jti was used for another person');
    const mark = { issuedBy: issuedAt, cameAt: note.cameAt };
    // The person is the issuer's: with whichever client they logged in here.
    const clients = new Set(ofIssuer(providers, issuer).map((provider) => provider.definition.clientId));
    const ends = [...clients].map((clientId) =>
      userSessions.endByMark({ issuer, clientId, sub }, mark, 'back_channel'),
    );
    const failed = (await Promise.allSettled(ends)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
    if (note.fault) throw note.fault;
  };

  return async (req, res) => {
    noStore(res);
    try {
      await revoke(req, res);
      res.status(204).end();
    } catch (error) {
      if (mayReport(error)) await answers.reportError(req, res, error, 'logout');
      answerFault(res, error);
    }
  };
}

function answerFault(res: Response, error: unknown): void {
  const passes =
    error instanceof StoreError || (error instanceof ProviderError && error.code === 'provider_unavailable');
  if (passes) {
    setRetryAfter(res, error);
    res.status(503).json({ error: 'temporarily_unavailable' });
    return;
  }
  const status = error instanceof LoginError ? error.status : 401;
  if (status === 401) res.set('WWW-Authenticate', 'Bearer error="invalid_token"');
  res.status(status).json({ error: status === 401 ? 'invalid_token' : 'invalid_request' });
}

function unauthorized(problem: string): LoginError {
  return invalidForm(`has a revocation token ${problem}`, 401);
}

/** Only the header counts. @see [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1) */
function readToken(req: Request): string {
  const given = req.headersDistinct.authorization ?? [];
  const token = given.length === 1 ? /^bearer +([\w.-]+) *$/i.exec(given[0]!)?.[1] : undefined;
  if (token === undefined) throw invalidForm('has no revocation token as its bearer token', 401);
  return token;
}

/** Clients of one issuer may expect other algorithms: a token is the issuer's when one of them takes it. */
async function verifyByAny(
  providers: ReadonlyMap<string, Provider>,
  { token, url }: { token: string; url: string },
) {
  const { issuer } = peekAddress(token);
  let refusal: unknown = unauthorized('of an unknown issuer');
  for (const provider of ofIssuer(providers, issuer)) {
    try {
      const { definition } = provider;
      return { issuer: provider.issuer, definition, ...(await provider.verifyRevocationToken(token, url)) };
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function ofIssuer(providers: ReadonlyMap<string, Provider>, issuer: unknown): Provider[] {
  return [...providers.values()].filter((provider) => provider.issuer === issuer);
}

/** Far above any `sub` that a login here is taken with. In characters. */
const MAX_SUB_LENGTH = 255;

/**
 * Finds whom a request is about, as the provider's ID tokens name them. An address says nothing for sure: it may be
 * another's by now, and sessions are not found by it.
 *
 * @see [RFC 9493, section 3.2](https://www.rfc-editor.org/rfc/rfc9493#section-3.2)
 */
function readSubject(body: object, issuer: string): string {
  // `subject` is what the first drafts, and providers by them, call it.
  const { sub_id: current, subject: former } = body as { sub_id?: unknown; subject?: unknown };
  if ((current === undefined) === (former === undefined)) throw invalidForm('must name a person by sub_id');
  const { format, iss, sub, id } = (current ?? former ?? {}) as Record<string, unknown>;
  if (format !== 'iss_sub' && format !== 'opaque')
    throw invalidForm('names a person in another format than iss_sub and opaque');
  if (format === 'iss_sub' && iss !== issuer)
    throw invalidForm('names a person of another issuer than that of its token', 403);
  const person = format === 'opaque' ? id : sub;
  if (typeof person !== 'string' || person === '' || person.length > MAX_SUB_LENGTH)
    throw invalidForm('must name a person by a text of 1 to 255 characters');
  return person;
}
