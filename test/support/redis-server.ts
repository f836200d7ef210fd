import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';
import { findProgram } from '../../scripts/programs.js';
import { withFreePort } from './free-port.ts';
import { dumpKeys } from './redis-dump.ts';
import { type RedisProcess, spawnRedis } from './redis-process.ts';

export interface RedisServerOptions {
  /** More arguments for the server, such as `['--maxmemory', '2mb', '--maxmemory-policy', 'noeviction']`. */
  args?: readonly string[];
}

/** A real server that belongs to one test file. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly socketPath: string;
  /** A new client for assertions; closed by `stop()`. */
  client(options?: RedisOptions): Redis;
  /** Kills the server and removes its files. */
  stop(): Promise<void>;
  /** Kills the server at once. Its data is gone, unless `args` asked for persistence. */
  kill(): Promise<void>;
  /** Starts the server again on the same port, killing it before if it still runs. @param more - arguments, this time. */
  restart(more?: readonly string[]): Promise<void>;
  /** Freezes the server: it accepts connections and answers nothing, as a hung one does. */
  pause(): void;
  resume(): void;
  /** Resolves when its replica has all that was written so far. */
  replicated(): Promise<void>;
  /** How often each command was called, by its name in lower case, not counting what connecting itself sends. */
  commandCounts(): Promise<Record<string, number>>;
  resetCommandCounts(): Promise<void>;
  /** Every key of every type with its value and time to live, as text, to look for secrets in. */
  dump(): Promise<string>;
}

/** What clients send when they connect, and what counting itself costs. */
const HOUSEKEEPING = /^(hello|info|select|client\|set(info|name)|config\|resetstat)$/;

/**
 * Starts a private server on a free loopback port. It ends with the process that started it, however that ends.
 */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const program = findProgram('redis');
  if (!program) throw new Error('No redis-server on PATH. Run: node scripts/set-up.js redis');
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const socketPath = join(directory, 's');
  const start = (onPort: number, more: readonly string[] = []) =>
    spawnRedis(program, buildArguments(onPort, directory, [...(options.args ?? []), ...more]));
  const clients = new Set<Redis>();

  let running: RedisProcess | undefined;
  const port = await withFreePort(async (candidate) => {
    running = await start(candidate);
    return candidate;
  });

  const client = (clientOptions?: RedisOptions) => {
    const created = connect(port, clientOptions);
    clients.add(created);
    return created;
  };
  const kill = async () => {
    await running?.kill();
    running = undefined;
  };

  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    socketPath,
    client,
    kill,
    async stop() {
      for (const created of clients) created.disconnect();
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
    async restart(more) {
      await kill();
      running = await start(port, more);
    },
    pause: () => running?.signal('SIGSTOP'),
    resume: () => running?.signal('SIGCONT'),
    replicated: () =>
      withClient(port, async (redis) => {
        // A connection waits for what it wrote itself, and so for all that came before.
        await redis.set('replicated', 'yes', 'PX', 1000);
        if ((await redis.wait(1, 20_000)) < 1) throw new Error('The replica did not follow.');
      }),
    commandCounts: () => withClient(port, async (redis) => parseCounts(await redis.info('commandstats'))),
    resetCommandCounts: () => withClient(port, async (redis) => void (await redis.config('RESETSTAT'))),
    dump: () => withClient(port, dumpKeys),
  };
}

function buildArguments(port: number, directory: string, more: readonly string[]): string[] {
  return [
    ...['--port', String(port), '--bind', '127.0.0.1', '--unixsocket', join(directory, 's')],
    ...['--dir', directory, '--save', '', '--appendonly', 'no', '--daemonize', 'no', '--logfile', ''],
    ...more,
  ];
}

function connect(port: number, options: RedisOptions = {}): Redis {
  // ioredis keeps its disconnect timer running when it is told to disconnect while it reconnects.
  const client = new Redis({ disconnectTimeout: 100, ...options, host: '127.0.0.1', port });
  client.on('error', () => undefined); // Tests kill servers; what matters is how the call ends.
  return client;
}

async function withClient<Result>(port: number, work: (client: Redis) => Promise<Result>): Promise<Result> {
  const client = connect(port);
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function parseCounts(info: string): Record<string, number> {
  const counts = [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(
    ([, name, calls]) => [name!, Number(calls)] as const,
  );
  return Object.fromEntries(counts.filter(([name]) => !HOUSEKEEPING.test(name)));
}
