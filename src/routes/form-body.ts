import type { Request } from 'express';
import { LoginError } from '../errors.ts';

/** Above any honest answer; a code may be a long token. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Reads a form, whether or not the application has parsed it before.
 *
 * @throws LoginError `login_invalid` for another content type (415) or a larger body (413).
 */
export async function readForm(req: Request): Promise<URLSearchParams> {
  const [type = '', ...parameters] = (req.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => /^\s*charset="?([\w-]+)"?\s*$/.exec(parameter)?.[1])
    .find(Boolean);
  if (type.trim() !== 'application/x-www-form-urlencoded' || (charset ?? 'utf-8') !== 'utf-8') {
    throw invalidForm('must be application/x-www-form-urlencoded in UTF-8', 415);
  }
  return req.readableEnded || req.readableDidRead ? readParsedBody(req.body) : await readRawBody(req);
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

async function readRawBody(req: Request): Promise<URLSearchParams> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw invalidForm('is too large', 413);
  return new URLSearchParams((await readBytes(req)).toString('utf8'));
}

/** By events: leaving a `for await` early takes the socket off the request, which hooks still ask for `req.ip`. */
function readBytes(req: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(invalidForm('is too large', 413));
    });
    req.once('end', () => resolve(Buffer.concat(chunks)));
    req.once('error', (error) => reject(invalidForm('broke off', 400, error)));
    req.once('close', () => reject(invalidForm('broke off')));
  });
}

export function invalidForm(problem: string, status = 400, cause?: unknown): LoginError {
  return new LoginError(`The request ${problem}.`, { code: 'login_invalid', status, cause });
}
