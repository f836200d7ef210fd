import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** `example-app/main.ts` in a process of its own. */
export interface ExampleProcess {
  /** Where it says that it can be opened. */
  readonly address: string;
  /** All it has said so far. */
  output(): string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** Starts the example with these environment variables and no others. */
export async function startExample(
  environment: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<ExampleProcess> {
  const child = spawnExample(args, environment);
  let output = '';
  const address = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const found = /^Open (\S+)/m.exec(output)?.[1];
        if (found) resolve(found);
      });
    }
    child.once('exit', () => reject(new Error(`The example ended: ${output}`)));
  });
  return {
    address,
    output: () => output,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

/** Runs the example until it ends by itself, and returns what it said and its exit code. */
export async function runExample(args: readonly string[]): Promise<{ output: string; code: number }> {
  const child = spawnExample(args, {});
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { output, code };
}

function spawnExample(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', join('example-app', 'main.ts'), ...args], {
    cwd: root,
    env,
  });
}
