import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** What a command printed, and what it ended with. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node in a folder, to its end. */
export async function runNode(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const child = start(folder, args, env);
  const printed = Promise.all([text(child.stdout!), text(child.stderr!)]);
  const [code] = (await once(child, 'close')) as [number];
  const [stdout, stderr] = await printed;
  return { code, stdout, stderr };
}

/** Runs the package's own command, as `npx` would. */
export function runCommand(
  folder: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  return runNode(
    folder,
    [join('node_modules', 'express-connect-auth', 'dist', 'cli', 'main.js'), ...args],
    env,
  );
}

/** Starts Node in a folder, and waits until it has printed a line. It ends by `stop()`. */
export async function startNode(folder: string, args: readonly string[]): Promise<{ stop(): Promise<void> }> {
  const child = start(folder, args, {});
  const ended = once(child, 'close');
  let errors = '';
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  await Promise.race([
    once(child.stdout!, 'data'),
    ended.then(() => {
      throw new Error(`It ended before it was ready: ${errors}`);
    }),
  ]);
  return {
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function start(folder: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { NODE_OPTIONS: _, ...own } = process.env;
  return spawn(process.execPath, [...args], {
    cwd: folder,
    env: { ...own, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
