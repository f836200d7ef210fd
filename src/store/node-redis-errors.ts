import { types } from 'node:util';

/**
 * Names an error of node-redis as ioredis and Node name theirs, so that one table knows them all.
 *
 * @param command - which was refused, where it is known.
 */
export function nameNodeRedisError(given: unknown, command?: string): unknown {
  const error = findOrigin(given);
  if (!types.isNativeError(error) || hasCode(error)) return error;
  if (REPLY.test(error.message)) {
    const reply = new Error(error.message);
    return Object.assign(reply, { name: 'ReplyError', ...(command && { command: { name: command } }) });
  }
  const code = CODES[error.constructor.name];
  return code ? Object.assign(new Error(error.message, { cause: error }), { code }) : error;
}

/**
 * Every error reply begins with a word in capitals, by the protocol; no error of the client's own does. Its classes are
 * not asked: the package is the application's, and a bundler may rename them.
 */
const REPLY = /^[A-Z][A-Z]+\b/;

/** What the client says by a class alone. Renamed by a bundler they are told as they are. */
const CODES: Readonly<Record<string, string>> = {
  ClientClosedError: 'CLIENT_CLOSED',
  ConnectionTimeoutError: 'ETIMEDOUT',
  SocketClosedUnexpectedlyError: 'ECONNRESET',
  SocketTimeoutError: 'ETIMEDOUT',
};

/** Behind a Sentinel the client wraps what a node of it met. */
function findOrigin(error: unknown): unknown {
  if (!types.isNativeError(error) || hasCode(error) || error.cause === undefined) return error;
  return findOrigin(error.cause);
}

function hasCode(error: Error): boolean {
  return typeof (error as { code?: unknown }).code === 'string';
}
