import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServerSettings, Usage } from '../servers/server-settings.ts';

/** A contestant that runs. */
export interface ServerProcess {
  readonly origin: string;
  readonly port: number;
  /** What it has used since it was started. */
  readUsage(): Promise<Usage>;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('../dist/server.js', import.meta.url));

/**
 * Starts one as a process of its own, compiled: what runs TypeScript as it stands gives every closure its name again, at
 * every request.
 *
 * @param how - the core it is pinned to, or `undefined` where that cannot be done; flags of Node.
 */
export async function startServer(
  settings: ServerSettings,
  how: { core: number | undefined; nodeFlags: readonly string[] },
): Promise<ServerProcess> {
  const command = [process.execPath, ...how.nodeFlags, PROGRAM, JSON.stringify(settings)];
  const pinned = how.core === undefined ? command : ['taskset', '-c', String(how.core), ...command];
  const child = spawn(pinned[0]!, pinned.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production' },
  });
  const name = `${settings.server} ${settings.variant}`;
  const ask = async (question?: string): Promise<unknown> => {
    const answer = awaitMessage(child, name);
    if (question) child.send(question);
    return answer;
  };
  await ask();
  return {
    origin: `http://localhost:${settings.port}`,
    port: settings.port,
    readUsage: async () => (await ask('usage')) as Usage,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The next message of a child. Rejects when it ends instead. */
export async function awaitMessage(child: ChildProcess, name: string): Promise<unknown> {
  const stop = new AbortController();
  const { signal } = stop;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`The process of ${name} ended with ${code}.`);
      }),
    ]);
  } finally {
    stop.abort();
  }
}
