import type { IncomingMessage } from 'node:http';
import { BearerError } from '../guard-errors.ts';

/** Far above any honest access token, and as much as Node takes of all headers together. */
const MAX_TOKEN_LENGTH = 16 * 1024;

/**
 * Reads the bearer token of a request; `undefined`: it brings none, or credentials of another kind. Only the header
 * counts: tokens in addresses and forms end in logs, and on pages of others.
 *
 * @throws BearerError `bearer_invalid` for a header that is malformed, or that comes twice.
 * @see [RFC 6750, section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)
 */
export function readBearerToken(req: IncomingMessage): string | undefined {
  // Of several `headers` has the first alone, and whoever stands before us may have looked at another.
  const given = req.headersDistinct.authorization ?? [];
  if (!given.some((value) => /^bearer\b/i.test(value))) return undefined;
  const [header = ''] = given;
  if (given.length > 1) throw new BearerError('The request has more than one Authorization header.');
  const token = /^bearer +([\w\-.~+/]+=*) *$/i.exec(header)?.[1];
  if (token === undefined || token.length > MAX_TOKEN_LENGTH)
    throw new BearerError('The Authorization header is malformed: it must be "Bearer" and one token.');
  return token;
}

/** A challenge for the `WWW-Authenticate` header (RFC 6750, section 3). */
export function writeChallenge(parameters: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return `Bearer ${given.map(([name, value]) => `${name}="${quote(value!)}"`).join(', ')}`;
}

/** @see [RFC 6750, section 3](https://www.rfc-editor.org/rfc/rfc6750#section-3): no quotes, no backslash, ASCII alone. */
function quote(value: string): string {
  return value.replace(/["\\]/g, "'").replace(/[^ -~]/g, '?');
}
