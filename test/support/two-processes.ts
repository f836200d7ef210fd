import { afterAll, beforeAll } from '@jest/globals';
import type { Express } from 'express';
import { startApp, type TestApp } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import { createTestClock } from './clock.ts';
import { type GatedRedis, gateRedis } from './gated-redis.ts';
import type { ScriptedProvider } from './scripted-provider.ts';
import { addTokenRoutes } from './token-routes.ts';
import { useRedisServer, useScriptedProvider } from './use-apps.ts';

/** An application whose commands to Redis wait for permission. */
export type Process = TestApp & { gate: GatedRedis };

/** A login whose token has come to its end, and which both processes have just seen. */
export interface ExpiredLogin {
  readonly one: BrowserClient;
  /** The same browser at the other process. */
  readonly two: BrowserClient;
  /** All refresh tokens that the provider has given and will give. */
  readonly given: string[];
}

/** Two processes of one application, as far as Redis can tell, with a provider whose refresh tokens are good once. */
export async function useTwoProcesses(handlers?: (app: Express) => void) {
  const clock = createTestClock();
  const op = await useScriptedProvider({ now: clock.now });
  const redis = await useRedisServer();
  const processes: Process[] = [];
  beforeAll(async () => {
    processes.push(await start());
    processes.push(await start(processes[0]!.origin));
  });
  afterAll(() => Promise.all(processes.map((each) => each.close())));

  const start = async (baseUrl?: string): Promise<Process> => {
    const gate = gateRedis(redis.client());
    const app = await startApp({
      ...{ op, redis: gate.client, now: clock.now, ...(baseUrl && { baseUrl }) },
      // Whoever is held back must not run into a bound.
      ...{ storeTimeoutMs: 60_000, oidc: { timeoutMs: 60_000 } },
      handlers: (server) => {
        addTokenRoutes(server);
        handlers?.(server);
      },
    });
    return Object.assign(app, { gate });
  };

  const logIn = async (): Promise<ExpiredLogin> => {
    const [first, second] = processes as [Process, Process];
    for (const { gate } of processes) gate.onCommand = () => undefined;
    clock.advance(3_600_000);
    const given = noteRefreshTokens(op);
    const one = first.browser();
    await first.logIn(one);
    clock.advance(3_600_000);
    const two = second.browser(one.jar.clone());
    for (const browser of [one, two]) await browser.get('/');
    op.forgetRequests();
    return { one, two, given };
  };
  return { clock, op, redis, logIn, processes: processes as unknown as readonly [Process, Process] };
}

function noteRefreshTokens(op: ScriptedProvider): string[] {
  const given: string[] = [];
  const note = (answer: Record<string, unknown>) => {
    given.push(String(answer.refresh_token));
    return answer;
  };
  op.script({ token: note, refresh: note });
  return given;
}
