import { types } from 'node:util';
import { describeCause } from '../errors.ts';

/** What went wrong, as it came from the client. */
export interface RedisFault {
  /** Where Redis is, at the beginning of a sentence. */
  readonly where: string;
  /** How the command failed. `undefined`: it was not answered in time. */
  readonly error: unknown;
  /**
   * How the connection failed, if it did and nothing has come since: commands that waited for it do not say.
   * `undefined`: it did not, or nobody told us.
   */
  readonly connectionError: unknown;
  /** The bound of a command, in milliseconds. */
  readonly timeoutMs: number;
  readonly usesTls: boolean;
  /** What the client says of itself, such as `reconnecting`. */
  readonly status: string;
}

/** What to tell the operator, and the error that says most. */
export interface NamedRedisFault {
  /** Sentences: what happened, where, and the remedy. Of what Redis and the client say themselves it quotes nothing. */
  readonly message: string;
  readonly cause: unknown;
}

/** Names a fault of Redis, or of the connection to it. */
export function nameRedisFault(fault: RedisFault): NamedRedisFault {
  const { where, error, connectionError, timeoutMs, status } = fault;
  const cause = saysWhy(error) ? error : (connectionError ?? error);
  const named = nameReply(cause) ?? nameConnectionFault(cause, fault);
  if (named) return { message: `${where} ${named}`, cause };
  if (cause === undefined) return { message: `${where} ${SILENCE.replace('$', String(timeoutMs))}`, cause };
  const what = describeCause(cause).message;
  if (status === 'ready') return { message: `${where} failed: ${what}.`, cause };
  return { message: `${where} could not be asked (${what}; client: ${status}).`, cause };
}

/** Whether Redis itself said this. */
export function isRedisReply(error: unknown): error is Error & { command?: { name?: unknown } } {
  return types.isNativeError(error) && error.name === 'ReplyError';
}

const SILENCE =
  'did not answer within $ ms. Look whether it hangs, is overloaded, or is cut off by the network.';

function saysWhy(error: unknown): boolean {
  return isRedisReply(error) || readCode(error) !== undefined;
}

function readCode(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

function nameReply(error: unknown): string | undefined {
  if (!isRedisReply(error)) return undefined;
  const { message, command } = error;
  const name = typeof command?.name === 'string' && /^[a-z]+$/i.test(command.name) ? command.name : '';
  const row = REPLIES.find(([start]) => start.test(message));
  return row?.[1](name.toUpperCase());
}

function nameConnectionFault(error: unknown, { usesTls }: RedisFault): string | undefined {
  const code = readCode(error);
  if (code === undefined) return undefined;
  const row = CONNECTION_FAULTS.find(([pattern]) => pattern.test(code));
  return row && `${row[1]} (${code}). ${usesTls ? (row[3] ?? row[2]) : row[2]}`;
}

type Reply = readonly [start: RegExp, says: (command: string) => string];

/** By the first word of the reply, and by its sentence where Redis has no word of its own for what is meant. */
const REPLIES: readonly Reply[] = [
  [/^WRONGPASS/, () => 'refused the password (WRONGPASS). Correct user name and password in redis.'],
  [/^ERR invalid password/, () => 'refused the password. Correct it in redis.'],
  [/^NOAUTH/, () => 'asks for a password (NOAUTH). Give user name and password in redis.'],
  [
    /^DENIED/,
    () => 'lets in nobody from outside (DENIED: protected mode). Set a password there, and give it in redis.',
  ],
  [
    /^NOPERM .*permissions to access/i,
    () =>
      'gives its user no right to our keys (NOPERM). Its access list must allow all that begin with redisPrefix.',
  ],
  [
    /^NOPERM/,
    (command) =>
      isScript(command)
        ? `forbids scripts (NOPERM ${command}), and no login does without. Give its user +eval and +evalsha.`
        : `forbids a command (${`NOPERM ${command}`.trim()}). Its access list must give it to its user.`,
  ],
  [
    /^ERR (ACL failure in script|The user executing the script)/,
    () =>
      'forbids what a script of ours does. Its access list must give its user the commands on keys, and TIME.',
  ],
  [
    /^ERR unknown command/,
    (command) =>
      isScript(command)
        ? `knows no scripts (${command} is unknown), and no login does without. Undo rename-command for EVAL and EVALSHA.`
        : `does not know a command (${command}). It must be 6.2 or newer, without rename-command.`,
  ],
  [
    /^READONLY/,
    () => 'takes no writes (READONLY): it is a replica. Give the address of the primary in redis.',
  ],
  [/^OOM/, () => 'is full (OOM). Give it more memory; its policy must stay noeviction.'],
  [/^LOADING/, () => 'is loading its data (LOADING). Wait until it has.'],
  [/^BUSY\b/, () => 'is busy with a long script of somebody (BUSY). End that by SCRIPT KILL.'],
  [
    /^MASTERDOWN/,
    () => 'is a replica without its primary (MASTERDOWN). Give the address of the primary in redis.',
  ],
  [
    /^NOREPLICAS/,
    () => 'has too few replicas to write (NOREPLICAS). Start them, or lower min-replicas-to-write.',
  ],
  [/^MISCONF/, () => 'takes no writes, because it cannot save (MISCONF). Look at its disk.'],
  [/^CLUSTERDOWN/, () => 'is down as a cluster (CLUSTERDOWN). Look at its nodes.'],
  [
    /^(MOVED|ASK)\b/,
    () =>
      'is a node of a cluster (MOVED). Give a client for clusters as redis: new Cluster(…) of ioredis, or createCluster(…) of node-redis.',
  ],
  [
    /^WRONGTYPE/,
    () => 'has a value of another kind in a key of ours (WRONGTYPE). Nobody else may write there.',
  ],
  [/^ERR max number of clients/, () => `has no room for one more client. ${MORE_CLIENTS}`],
];

const MORE_CLIENTS = 'Raise its maxclients, or end idle ones.';

function isScript(command: string): boolean {
  return command === 'EVAL' || command === 'EVALSHA';
}

type ConnectionFault = readonly [code: RegExp, says: string, remedy: string, remedyWithTls?: string];

const CONNECTION_FAULTS: readonly ConnectionFault[] = [
  [/^ECONNREFUSED$/, 'refused the connection', 'Start it, or correct host and port in redis.'],
  [/^ENOTFOUND$/, 'has a host name that nobody knows', 'Correct the host in redis.'],
  [/^EAI_/, 'has a host name that could not be looked up', 'Look at the name service of this machine.'],
  [
    /^ETIMEDOUT$/,
    'did not establish the connection in time',
    'Correct host and port in redis, or look at the network between.',
    'If it speaks no TLS on this port, write redis:// in place of rediss://; else look at the network between.',
  ],
  [/^E(HOST|NET)(UNREACH|DOWN)$/, 'cannot be reached by the network', 'Look at the network between.'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED)$/,
    'broke the connection',
    `If it expects TLS on this port, write rediss:// in place of redis://; if it has no room for one more client: ${MORE_CLIENTS}`,
    `If it speaks no TLS on this port, write redis:// in place of rediss://; if it has no room for one more client: ${MORE_CLIENTS}`,
  ],
  [
    /^CLIENT_CLOSED$/,
    'is asked by a client that is closed',
    'Call connect() of it at the start, and close it after auth.close().',
  ],
  [/^ENOENT$/, 'is not there', 'Start it, or correct the path of the socket in redis.'],
  [
    /^(EACCES|EPERM)$/,
    'may not be connected to by this user',
    'Change the permissions of its socket, or of this process.',
  ],
  [
    /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    'has a certificate that is not valid now',
    'Renew it, or look at the clocks.',
  ],
  [
    /ALTNAME|HOSTNAME_MISMATCH/,
    'has a certificate for another host name',
    'Use the name that the certificate is for, or give it by tls.servername.',
  ],
  [
    /ALERT_CERTIFICATE_REQUIRED/,
    'asks for a certificate of this client',
    'Give tls.cert and tls.key in the options of redis.',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_|^CERT_|_CERT_/,
    'has a certificate that is not trusted',
    'Give its authority by tls.ca in the options of redis, or by NODE_EXTRA_CA_CERTS.',
  ],
  [
    /^(EPROTO|ERR_SSL_)/,
    'does not speak TLS as it should on this port',
    'If it speaks none, write redis:// in place of rediss://.',
  ],
];
