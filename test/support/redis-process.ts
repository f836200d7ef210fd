import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RedisProcess {
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  kill(): Promise<void>;
}

/**
 * The shell between us and the server waits for the end of its own input, which comes when the test process ends,
 * even by a crash or a kill that lets no handler run. Signals that end us do not end it before it has done its work.
 * As the server's parent it also keeps the process id from being given to another process, so that no signal of
 * ours can reach a stranger.
 */
const KEEPER = `
trap '' HUP INT TERM
"$@" </dev/null 2>&1 &
echo $! >&2
exec >&-
read -r _
kill -KILL $!
`;

const START_TIMEOUT_MS = 10_000;

/**
 * Starts a server and resolves when it accepts connections, which its log says by `ready`.
 *
 * Reads that from the server's own log: a connection that succeeds may have found another server on the port.
 *
 * @param readyWhen - what the log says then.
 * @throws Error with the code EADDRINUSE when the port is taken, else with the server's log.
 */
export async function spawnRedis(
  program: string,
  args: readonly string[],
  readyWhen: RegExp = /ready to accept connections/i,
): Promise<RedisProcess> {
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', program, ...args], { stdio: 'pipe' });
  const closed = once(keeper, 'close');
  const pidLine = once(keeper.stderr, 'data');
  const kill = async () => {
    keeper.stdin.end();
    await closed; // The server holds the log's pipe, so its end is the end of the server.
  };
  try {
    await waitUntilReady(keeper.stdout, readyWhen);
  } catch (error) {
    await kill();
    throw error;
  }
  const pid = Number.parseInt(String(await pidLine), 10);
  return {
    signal: (name) => void process.kill(pid, name),
    kill,
  };
}

function waitUntilReady(log: NodeJS.ReadableStream, readyWhen: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let settled = false;
    const settle = (error?: Error) => {
      settled = true;
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    const fail = (reason: string) => {
      const code = /address already in use/i.test(text) ? 'EADDRINUSE' : 'ENOTSTARTED';
      settle(Object.assign(new Error(`The Redis server ${reason}.\n${text}`), { code }));
    };
    const timer = setTimeout(() => fail(`was not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    log.on('data', (chunk) => {
      if (settled) return; // Only read on, so that the pipe never fills.
      text += String(chunk);
      if (readyWhen.test(text)) settle();
    });
    log.once('end', () => fail('ended while it started'));
  });
}
