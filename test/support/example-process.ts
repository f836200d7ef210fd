import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { withFreePort } from './free-port.ts';

/** An example in a process of its own: `example-app/main.ts`, or one of `examples/`. */
export interface ExampleProcess {
  /** Where it says that it can be opened. */
  readonly address: string;
  /** All it has said so far. */
  output(): string;
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
const MAIN = join('example-app', 'main.ts');

/** Starts the example application with these environment variables and no others. */
export function startExample(
  environment: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<ExampleProcess> {
  return waitForAddress(spawnExample(MAIN, args, environment));
}

/** Starts one of `examples/` by its name, on a free port. */
export function startExampleOf(
  name: string,
  environment: Record<string, string> = {},
): Promise<ExampleProcess & { readonly port: number }> {
  const file = join('examples', name, 'main.ts');
  return withFreePort(async (port) => {
    const started = await waitForAddress(spawnExample(file, [], { PORT: String(port), ...environment }));
    return { ...started, port };
  });
}

/** @throws Error with the code EADDRINUSE where the port was taken. */
async function waitForAddress(child: ChildProcess): Promise<ExampleProcess> {
  let output = '';
  const address = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const found = /^Open (\S+)/m.exec(output)?.[1];
        if (found) resolve(found);
      });
    }
    child.once('exit', () => {
      const code = output.includes('EADDRINUSE') && { code: 'EADDRINUSE' };
      reject(Object.assign(new Error(`The example ended: ${output}`), code));
    });
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
  const child = spawnExample(MAIN, args, {});
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const [code] = await once(child, 'close');
  return { output, code };
}

function spawnExample(file: string, args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', file, ...args], { cwd: root, env });
}
