import { createHash } from 'node:crypto';
import { type EventEmitter, errorMonitor } from 'node:events';
import type { NodeRedisClient } from '../redis-clients.ts';
import { nameNodeRedisError } from './node-redis-errors.ts';
import { describeRedisAddress } from './redis-address.ts';
import { isRedisReply } from './redis-fault.ts';
import {
  everyMember,
  type RedisConnection,
  type RedisPort,
  SCAN_COUNT,
  type ScriptArgument,
} from './redis-port.ts';
import { type RedisScriptName, redisScripts } from './redis-scripts.ts';

type Argument = string | Buffer;

/** How one command is sent: the type of bulk strings, and how long it may wait for a connection before it is dropped. */
interface SendOptions {
  readonly typeMapping: object;
  readonly timeout: number | undefined;
}

/** What we use of the three kinds of clients. The order of arguments differs. */
interface Client extends EventEmitter {
  readonly isOpen: boolean;
  /** Absent: of an older cluster. */
  readonly isReady?: boolean;
  readonly options?: { readonly socket?: { host?: string; port?: number; path?: string; tls?: boolean } };
  sendCommand(...given: readonly unknown[]): Promise<unknown>;
}

type Kind = 'server' | 'cluster' | 'sentinel';

/** Bulk strings, `$` in the protocol, as bytes. What is not named is text, whatever the application has set. */
const AS_BYTES = { ['$'.charCodeAt(0)]: Buffer };
const AS_TEXT = {};

/**
 * Speaks to Redis by a client of node-redis 5 or newer, in RESP2 or RESP3. It writes the commands of one turn of the event
 * loop together by itself.
 *
 * What ioredis does and it does not is done here: a command is sent again, once, where the connection broke before the
 * reply; a script that is forgotten is sent whole; and an error that nobody listens to ends no process. What waits for a
 * connection is dropped after twice the bound: an outage of an hour leaves nothing that piles up.
 *
 * @param timeoutMs - the bound of one operation.
 */
export function createNodeRedisPort(given: NodeRedisClient, timeoutMs: number): RedisPort {
  const client = given as unknown as Client;
  const kind = kindOf(client);
  const isReady = () => client.isOpen && client.isReady !== false;

  const sendOnce = (args: readonly Argument[], key: Argument | undefined, typeMapping: object) => {
    const options: SendOptions = { typeMapping, timeout: isReady() ? undefined : 2 * timeoutMs };
    // False: never from a replica, where a session that has ended would still be found.
    if (kind === 'cluster') return client.sendCommand(key, false, args, options);
    if (kind === 'sentinel') return client.sendCommand(false, args, options);
    return client.sendCommand(args, options);
  };
  const send = (
    args: readonly Argument[],
    { key, typeMapping = AS_TEXT }: { key?: Argument | undefined; typeMapping?: object } = {},
  ): Promise<unknown> => {
    const wasReady = isReady();
    const fail = (error: unknown) => {
      throw nameNodeRedisError(error, String(args[0]));
    };
    return sendOnce(args, key, typeMapping).catch((error: unknown) => {
      const named = nameNodeRedisError(error, String(args[0]));
      if (isRedisReply(named) || !wasReady || !client.isOpen) throw named;
      return sendOnce(args, key, typeMapping).catch(fail);
    });
  };
  const sendOf = (name: string, key: string, ...more: readonly Argument[]) =>
    send([name, key, ...more], { key });

  const run = (name: RedisScriptName, keys: readonly string[], args: readonly ScriptArgument[]) => {
    const { lua, sha, typeMapping } = SCRIPTS[name];
    const rest = [String(keys.length), ...keys, ...args.map(toArgument)];
    const options = { key: keys[0], typeMapping };
    return send(['EVALSHA', sha, ...rest], options).catch((error: unknown) => {
      if (!isRedisReply(error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return send(['EVAL', lua, ...rest], options);
    });
  };

  return {
    mget: (keys) => send(['MGET', ...keys], { key: keys[0] }) as Promise<(string | null)[]>,
    mgetBytes: (keys) => {
      const options = { key: keys[0], typeMapping: AS_BYTES };
      return send(['MGET', ...keys], options) as Promise<(Buffer | null)[]>;
    },
    set: (key, value, lifeMs, { mustExist }) =>
      sendOf('SET', key, value, 'PX', String(lifeMs), ...(mustExist ? ['XX'] : [])).then(
        (reply) => reply !== null,
      ),
    del: async (key) => {
      await sendOf('DEL', key);
    },
    zrem: async (key, member) => {
      await sendOf('ZREM', key, member);
    },
    zrangeHighest: (key, limit) => sendOf('ZREVRANGE', key, '0', String(limit - 1)) as Promise<string[]>,
    zscan: async (key, cursor) => {
      const reply = await sendOf('ZSCAN', key, cursor, 'COUNT', String(SCAN_COUNT));
      const [next, pairs] = reply as [string, string[]];
      return { cursor: next, members: everyMember(pairs) };
    },
    run,
    ping: () => send(['PING']),
    info: () => send(['INFO']).then(String),
    ...describeConnection(client, kind),
  };
}

/** Each with the name by which Redis remembers it. */
const SCRIPTS = Object.fromEntries(
  Object.entries(redisScripts).map(([name, { lua, reply }]) => {
    const sha = createHash('sha1').update(lua).digest('hex');
    return [name, { lua, sha, typeMapping: reply === 'bytes' ? AS_BYTES : AS_TEXT }];
  }),
) as Record<RedisScriptName, { lua: string; sha: string; typeMapping: object }>;

function toArgument(given: ScriptArgument): Argument {
  return typeof given === 'number' ? String(given) : given;
}

function kindOf(client: object): Kind {
  if ('getSlotMaster' in client || 'slots' in client) return 'cluster';
  return 'getSentinelNode' in client ? 'sentinel' : 'server';
}

function describeConnection(client: Client, kind: Kind): RedisConnection {
  const { tls, ...address } = client.options?.socket ?? {};
  return {
    where: describeRedisAddress({
      ...address,
      isCluster: kind === 'cluster',
      sentinels: kind === 'sentinel',
    }),
    usesTls: tls === true,
    isCluster: kind === 'cluster',
    status: () => {
      if (!client.isOpen) return 'closed';
      return client.isReady === false ? 'connecting' : 'ready';
    },
    isMute: () => false,
    onFault: (listener) => {
      const tell = (error: unknown) => listener(nameNodeRedisError(error));
      client.on(errorMonitor, tell);
      // Without any listener Node would end the process: an outage of Redis is no reason.
      if (client.listenerCount('error') === 0) client.on('error', ignore);
      return () => client.off(errorMonitor, tell);
    },
    reconnectSilent: ignore,
    close: ignore,
  };
}

function ignore(): void {}
