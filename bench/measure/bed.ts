import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { withFreePort } from '../../test/support/free-port.ts';
import { type RedisServer, startRedisServer } from '../../test/support/redis-server.ts';
import { type ScriptedProvider, startScriptedProvider } from '../../test/support/scripted-provider.ts';
import { createSizedTokens } from '../../test/support/sized-tokens.ts';
import type { Contestant } from '../contestants.ts';
import type { Flags } from '../flags.ts';
import { TOKEN_LENGTH, user } from '../servers/sample-login.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** What a run stands on: a Redis of its own, a provider, and the contestants that were started. */
export interface Bed {
  readonly redis: RedisServer;
  readonly op: ScriptedProvider;
  /** Starts one, once; those of a group know each other's sessions. */
  start(contestant: Pick<Contestant, 'name' | 'server' | 'variant' | 'group'>): Promise<ServerProcess>;
  stop(name: string): Promise<void>;
  /** Where a group's applications were registered, and so what their browsers are sent to. */
  baseUrlOf(group: string): string;
  /** A client of the database that a group has for itself. */
  databaseOf(group: string): Redis;
  close(): Promise<void>;
}

/** Starts Redis and the provider on the core of this process; contestants on theirs. */
export async function startBed(flags: Flags, serverCore: number | undefined): Promise<Bed> {
  const redis = await startRedisServer({ args: ['--databases', '64', '--maxclients', '1000'] });
  // Nothing that clients write differently, so that each of them gets in.
  const op = await startScriptedProvider({ clientId: 'app', clientSecret: randomBytes(32).toString('hex') });
  const { sub: _, ...claims } = user;
  op.script(createSizedTokens({ length: TOKEN_LENGTH, claims }));
  const groups = new Map<string, { database: number; port: number }>();
  const servers = new Map<string, ServerProcess>();
  // Between its windows a server is idle for a minute, as none is that is in use: V8 would forget what it has compiled.
  const nodeFlags = [
    '--no-flush-bytecode',
    ...(flags.semiSpace === undefined ? [] : [`--max-semi-space-size=${flags.semiSpace}`]),
  ];

  const findPort = () =>
    withFreePort(async (port) => {
      const probe = createServer().listen(port, 'localhost');
      await once(probe, 'listening');
      await once(probe.close(), 'close');
      return port;
    });
  const joinGroup = async (name: string) => {
    const known = groups.get(name);
    if (known) return known;
    const group = { database: groups.size + 1, port: await findPort() };
    groups.set(name, group);
    await op.registerApp(`http://localhost:${group.port}`);
    return group;
  };
  const baseUrlOf = (name: string) => `http://localhost:${groups.get(name)!.port}`;

  return {
    redis,
    op,
    baseUrlOf,
    start: async ({ name, server, variant, group }) => {
      const isFirst = !groups.has(group);
      const { database, port } = await joinGroup(group);
      const settings = {
        ...{ server, variant, redisUrl: `${redis.url}/${database}`, baseUrl: baseUrlOf(group) },
        ...{ port: isFirst ? port : await findPort() },
        ...{ issuer: op.issuer, clientId: op.clientId, clientSecret: op.clientSecret },
      };
      const started = await startServer(settings, { core: serverCore, nodeFlags });
      servers.set(name, started);
      return started;
    },
    stop: async (name) => {
      await servers.get(name)?.stop();
      servers.delete(name);
    },
    databaseOf: (name) => redis.client({ db: groups.get(name)!.database }),
    close: async () => {
      await Promise.all([...servers.values()].map((server) => server.stop()));
      await redis.stop();
      await op.close();
    },
  };
}
