import type { Request } from 'express';
import { LoginError } from '../errors.ts';
import { readQuery } from './read-query.ts';

/** Above any honest answer; a code may be a long token. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_PARAMETERS = 100;

/** Parameters that have a meaning here; one that comes twice makes two readings possible. */
const PROTOCOL_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'id_token', 'response'];

/**
 * Reads what the provider sends through the browser: the query of a GET, or the form of a POST, whether or not the
 * application has parsed that body before.
 *
 * @throws LoginError `login_invalid` for another content type (415), a larger body (413) or repeated parameters (400).
 * @see [Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)
 */
export async function readCallbackAnswer(req: Request): Promise<URLSearchParams> {
  const answer = req.method === 'POST' ? await readForm(req) : readQuery(req);
  if ([...answer.keys()].length > MAX_PARAMETERS) throw invalid('has too many parameters', 413);
  const repeated = PROTOCOL_PARAMETERS.find((name) => answer.getAll(name).length > 1);
  if (repeated) throw invalid(`has the parameter "${repeated}" twice`);
  return answer;
}

async function readForm(req: Request): Promise<URLSearchParams> {
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset="?([\w-]+)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  if (type.trim() !== 'application/x-www-form-urlencoded' || (charset ?? 'utf-8') !== 'utf-8') {
    throw invalid('must be application/x-www-form-urlencoded in UTF-8', 415);
  }
  return req.readableEnded || req.readableDidRead ? readParsedBody(req.body) : await readRawBody(req);
}

/** A body parser was there first. Lists mean a parameter came twice; nested values mean nothing here. */
function readParsedBody(body: unknown): URLSearchParams {
  if (typeof body === 'string') return new URLSearchParams(body);
  if (Buffer.isBuffer(body)) return new URLSearchParams(body.toString('utf8'));
  if (typeof body !== 'object' || body === null) throw invalid('has a body that was read and not kept');
  const pairs = Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((item) => [name, item]) : [[name, value]],
  );
  return new URLSearchParams(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

async function readRawBody(req: Request): Promise<URLSearchParams> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw invalid('is too large', 413);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw invalid('broke off', 400, error);
  }
  if (size > MAX_BODY_BYTES) throw invalid('is too large', 413);
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function invalid(problem: string, status = 400, cause?: unknown): LoginError {
  return new LoginError(`The callback ${problem}.`, { code: 'login_invalid', status, cause });
}
