import type { IncomingMessage, ServerResponse } from 'node:http';
import { noStore } from '../cache-headers.ts';
import type { Clock } from '../clock.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { readCookies, setCookie } from '../session/cookies.ts';
import { createSampleTokens, SAMPLE_HEADER, type SampleTokens } from './sample-token.ts';

/** What a process saw of a sample request. */
export interface Sighting {
  /** That of the request, so that nobody takes the answer to another for this one. */
  readonly nonce: string;
  /** Of the process, at random: tells two of them apart. */
  readonly process: string;
  readonly isInMemory: boolean;
  /** By the clock of the process, in milliseconds since the epoch. */
  readonly now: number;
  readonly host: string;
  readonly forwardedHost: string;
  /** Path as it came, and the part of it that the middleware is mounted at. */
  readonly path: string;
  readonly mountPath: string;
  /** Whether the cookie that the last answer set has come back. */
  readonly hasCookie: boolean;
}

/** What answers are made of. */
export interface SampleAnswerOptions {
  readonly options: ResolvedOptions;
  /** Of the process, at random. */
  readonly processId: string;
  readonly isInMemory: boolean;
  readonly now: Clock;
}

/**
 * Answers sample requests of `auth.check({ url })`, which only somebody with the secret of this application can send: with
 * what came of the request to this process. It looks at no session and asks nobody. Any other request is none of its.
 *
 * @returns whether the request was one, and is answered.
 */
export function createSampleAnswer({ options, processId, isInMemory, now }: SampleAnswerOptions) {
  let tokens: SampleTokens | undefined;
  const { https, session } = options;
  const cookieName = nameSampleCookie(options);

  return (req: IncomingMessage, res: ServerResponse): boolean => {
    const token = req.headers[SAMPLE_HEADER];
    if (token === undefined) return false;
    tokens ??= createSampleTokens(options, now);
    const nonce = tokens.read(token);
    if (nonce === undefined) return false;
    const { originalUrl, baseUrl } = req as IncomingMessage & { originalUrl?: string; baseUrl?: string };
    const seen: Sighting = {
      ...{ nonce, process: processId, isInMemory, now: now() },
      host: req.headers.host ?? '',
      forwardedHost: String(req.headers['x-forwarded-host'] ?? ''),
      path: (originalUrl ?? req.url ?? '').replace(/\?.*/s, ''),
      mountPath: baseUrl ?? '',
      hasCookie: readCookies(req)[cookieName] !== undefined,
    };
    noStore(res);
    setCookie(res, cookieName, nonce, {
      ...{ httpOnly: true, secure: https, sameSite: 'lax', path: session.cookiePath, maxAge: 60 },
    });
    res.setHeader(SAMPLE_HEADER, Buffer.from(JSON.stringify(seen)).toString('base64url'));
    res.statusCode = 200;
    res.end();
    return true;
  };
}

/** The cookie that a sample request brings back: named and placed as that of the session. */
export function nameSampleCookie({ session }: Pick<ResolvedOptions, 'session'>): string {
  return `${session.cookieName}-sample`;
}

/** Reads an answer. `undefined`: there is none, or it is to another request. */
export function readSighting(header: string | null, nonce: string): Sighting | undefined {
  try {
    const seen = JSON.parse(Buffer.from(header ?? '', 'base64url').toString('utf8')) as Sighting;
    return seen.nonce === nonce ? seen : undefined;
  } catch {
    return undefined;
  }
}
