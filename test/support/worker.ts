import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { OidcOptions } from 'express-connect-auth';
import { type BrowserClient, createBrowser } from './browser-client.ts';
import type { CookieJar } from './cookie-jar.ts';
import type { Registration } from './open-id-provider.ts';

export interface WorkerOptions {
  redis: string;
  baseUrl: string;
  registration: Registration;
  oidc?: Partial<OidcOptions>;
  storeTimeoutMs?: number;
}

/** An application in a process of its own, with the routes of `addTokenRoutes()` and `/`. */
export interface Worker {
  browser(jar?: CookieJar): BrowserClient;
  /** Sets its clock forward. */
  advance(ms: number): Promise<void>;
  /** Ends the process by SIGKILL, so that it can do nothing more. */
  kill(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./worker-app.ts', import.meta.url));

/** Starts a process. It ends with the one that started it. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', WORKER_OPTIONS: JSON.stringify(options) },
  });
  const ended = once(child, 'close');
  const early = ended.then(([code]) => Promise.reject(new Error(`A worker ended at once: ${code}.`)));
  early.catch(() => undefined);
  const [origin] = await Promise.race([once(child, 'message'), early]);
  return {
    browser: (jar) => createBrowser(String(origin), jar),
    advance: async (ms) => {
      const advanced = once(child, 'message');
      child.send(ms);
      await advanced;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
