import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RedisOptions } from 'ioredis';
import type { ProcessMeasure } from './measure-process.ts';

/** What a process of the fleet is told. */
export interface FleetAppOptions {
  readonly name: string;
  readonly redis: string | RedisOptions;
  readonly baseUrl: string;
  readonly secrets: readonly string[];
  readonly issuer: string;
  readonly clientId: string;
  readonly storeTimeoutMs?: number;
}

/** What it says of itself. */
export interface FleetMessage {
  readonly port?: number;
  readonly closed?: boolean;
  readonly waiting?: string;
  readonly measured?: ProcessMeasure;
  /** The code of what `onError` was told, and its message. */
  readonly error?: string;
  readonly message?: string;
  readonly during?: string;
  readonly at?: string;
}

/** One process that serves the application. */
export interface FleetProcess {
  readonly name: string;
  readonly origin: string;
  readonly messages: readonly FleetMessage[];
  /** How it ended: `0`, another code, or a signal; `undefined` while it runs. */
  readonly end: number | string | undefined;
  next(isMeant: (message: FleetMessage) => boolean): Promise<FleetMessage>;
  measure(): Promise<ProcessMeasure>;
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): void;
  ended(): Promise<number | string>;
}

/** Starts a process from a bundle, and resolves when it listens. It ends with the one that started it. */
export async function startProcess(
  program: string,
  options: FleetAppOptions,
  nodeArgs: readonly string[] = [],
): Promise<FleetProcess> {
  const child = spawn(process.execPath, [...nodeArgs, program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '', FLEET_OPTIONS: JSON.stringify(options) },
  });
  const messages: FleetMessage[] = [];
  child.on('message', (message) => void messages.push(message as FleetMessage));
  let end: number | string | undefined;
  const ended = once(child, 'exit').then(([code, signal]) => {
    end = signal ?? code;
    return end!;
  });
  const next = (isMeant: (message: FleetMessage) => boolean) => waitForMessage(child, ended, isMeant);
  const { port } = await next((message) => message.port !== undefined);
  return {
    name: options.name,
    origin: `http://127.0.0.1:${port}`,
    messages,
    get end() {
      return end;
    },
    next,
    measure: async () => {
      const answer = next(({ measured }) => measured !== undefined);
      child.send('measure');
      return (await answer).measured!;
    },
    signal: (name) => void child.kill(name),
    ended: () => ended,
  };
}

function waitForMessage(
  child: ChildProcess,
  ended: Promise<unknown>,
  isMeant: (message: FleetMessage) => boolean,
): Promise<FleetMessage> {
  return new Promise((resolve, reject) => {
    const look = (message: unknown) => {
      if (!isMeant(message as FleetMessage)) return;
      child.off('message', look);
      resolve(message as FleetMessage);
    };
    child.on('message', look);
    ended.then((how) => reject(new Error(`A process ended while something was waited for: ${how}.`)));
  });
}
