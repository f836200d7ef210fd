import type { Request, Response } from 'express';
import getRawBody from 'raw-body';
import typeIs from 'type-is';
import { LoginError } from '../errors.ts';

/** Above any honest answer; a code may be a long token. */
const MAX_BODY_BYTES = 64 * 1024;
/** How long a body may take from when we begin to read it, however it comes. Node's own bound is five minutes. */
const MAX_BODY_MS = 10_000;

const MAX_PARAMETERS = 100;
/** Parameters that have a meaning here; one that comes twice makes two readings possible. */
const PROTOCOL_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'id_token', 'response'];

/**
 * Reads what the provider sends through the browser: the query of a GET, or the form of a POST, whether or not the
 * application has parsed that body before.
 *
 * @throws LoginError `login_invalid` as {@link readForm}, and for too many (413) or repeated parameters (400).
 * @see [Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)
 */
export async function readCallbackAnswer(req: Request, res: Response): Promise<URLSearchParams> {
  const answer = req.method === 'POST' ? await readForm(req, res) : readQuery(req);
  if ([...answer.keys()].length > MAX_PARAMETERS) throw invalidForm('has too many parameters', 413);
  const repeated = PROTOCOL_PARAMETERS.find((name) => answer.getAll(name).length > 1);
  if (repeated) throw invalidForm(`has the parameter "${repeated}" twice`);
  return answer;
}

/** Of an answer, beside those above: what would be a token if it were asked for, and what the protocol says about one. */
const TOKEN_PARAMETERS = ['access_token', 'token_type', 'expires_in', 'scope', 'error_uri', 'session_state'];

/**
 * What a provider sends beside the answer itself. Nobody has signed it, and a name that came twice has two readings: it is
 * left out. The object has no prototype.
 */
export function readUnverified(answer: URLSearchParams): Readonly<Record<string, string>> {
  const known = new Set([...PROTOCOL_PARAMETERS, ...TOKEN_PARAMETERS]);
  const others = [...answer].filter(([name]) => !known.has(name) && answer.getAll(name).length === 1);
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(others)));
}

/**
 * Reads the query from the text of the URL: `req.query` depends on the application's settings, and a request line may
 * name a host that no URL can have.
 */
export function readQuery({ url }: Request): URLSearchParams {
  const mark = url.indexOf('?');
  return new URLSearchParams(mark === -1 ? '' : url.slice(mark + 1));
}

/**
 * Reads a form, whether or not the application has parsed it before. One that has not come in full within ten seconds
 * is refused, and its connection ends with the answer.
 *
 * @throws LoginError `login_invalid` for another content type (415), a larger body (413), one that takes too long (408)
 * or breaks off (400).
 */
export async function readForm(req: Request, res: Response): Promise<URLSearchParams> {
  const isUnread = !req.readableEnded && !req.readableDidRead;
  try {
    if (!isUtf8Form(req.headers['content-type'] ?? ''))
      throw invalidForm('must be application/x-www-form-urlencoded in UTF-8', 415);
    return isUnread ? new URLSearchParams(await readBody(req, res)) : readParsedBody(req.body);
  } catch (error) {
    if (isUnread) discardRest(req);
    throw error;
  }
}

/**
 * Reads an object of JSON, whether or not the application has parsed it before, within the same bounds.
 *
 * @throws LoginError `login_invalid` as {@link readForm}.
 */
export async function readJson(req: Request, res: Response): Promise<object> {
  const isUnread = !req.readableEnded && !req.readableDidRead;
  try {
    if (typeIs.is(req.headers['content-type'] ?? '', ['json']) === false)
      throw invalidForm('must be application/json', 415);
    const body: unknown = isUnread ? parseJson(await readBody(req, res)) : req.body;
    if (typeof body === 'object' && body !== null && !Array.isArray(body) && !Buffer.isBuffer(body))
      return body;
    throw invalidForm('must be an object of JSON');
  } catch (error) {
    if (isUnread) discardRest(req);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The error for what a request brings; `problem` goes on from "The request ". */
export function invalidForm(problem: string, status = 400, cause?: unknown): LoginError {
  return new LoginError(`The request ${problem}.`, { code: 'login_invalid', status, cause });
}

function isUtf8Form(contentType: string): boolean {
  const charset = /;\s*charset="?([\w-]+)"?\s*(?:;|$)/i.exec(contentType)?.[1] ?? 'utf-8';
  return typeIs.is(contentType, ['urlencoded']) !== false && charset.toLowerCase() === 'utf-8';
}

/** A body parser was there first. Lists mean a parameter came twice; nested values mean nothing here. */
function readParsedBody(body: unknown): URLSearchParams {
  if (typeof body === 'string') return new URLSearchParams(body);
  if (Buffer.isBuffer(body)) return new URLSearchParams(body.toString('utf8'));
  if (typeof body !== 'object' || body === null) throw invalidForm('has a body that was read and not kept');
  const pairs = Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((item) => [name, item]) : [[name, value]],
  );
  return new URLSearchParams(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

async function readBody(req: Request, res: Response): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // What still comes would be read as the next request. A time-out of the application may have answered already.
      if (!res.headersSent) res.setHeader('Connection', 'close');
      reject(invalidForm(`took longer than ${MAX_BODY_MS / 1000} seconds`, 408));
    }, MAX_BODY_MS);
  });
  const body = getRawBody(req, { length: req.headers['content-length'], limit: MAX_BODY_BYTES });
  try {
    return (await Promise.race([body.catch(refuseBody), patience])).toString('utf8');
  } finally {
    clearTimeout(timer);
  }
}

function refuseBody(error: getRawBody.RawBodyError): never {
  throw error.type === 'entity.too.large'
    ? invalidForm('is too large', 413)
    : invalidForm('broke off', 400, error);
}

/**
 * Lets the client finish writing, so that it reads our answer, but for no longer than a body may take. The request
 * keeps its socket meanwhile: hooks ask for `req.ip`.
 */
function discardRest(req: Request): void {
  const { socket } = req;
  if (req.destroyed || socket.destroyed) return;
  req.resume();
  const timer = setTimeout(() => req.destroy(), MAX_BODY_MS);
  // A request that was answered before its end says nothing when its connection closes.
  const stop = () => {
    clearTimeout(timer);
    req.off('close', stop);
    socket.off('close', stop);
  };
  req.once('close', stop);
  socket.once('close', stop);
}
