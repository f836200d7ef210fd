import { afterAll, beforeAll } from '@jest/globals';
import type { Express } from 'express';
import type { OidcOptions, RedisTarget } from 'express-connect-auth';
import type { Redis } from 'ioredis';
import { startApp, type TestApp } from './app.ts';
import type { BrowserClient } from './browser-client.ts';
import { createTestClock } from './clock.ts';
import { type GatedRedis, gateNodeRedis, gateRedis } from './gated-redis.ts';
import { connectNodeRedis, type NodeRedis } from './redis-clients.ts';
import type { ScriptedProvider } from './scripted-provider.ts';
import { addTokenRoutes } from './token-routes.ts';
import { useRedisServer, useScriptedProvider } from './use-apps.ts';

/** An application whose commands to Redis wait for permission. */
export type Process<Client extends RedisTarget = RedisTarget> = TestApp & { gate: GatedRedis<Client> };

/** A login whose token has come to its end, and which both processes have just seen. */
export interface ExpiredLogin {
  readonly one: BrowserClient;
  /** The same browser at the other process. */
  readonly two: BrowserClient;
  /** All refresh tokens that the provider has given and will give. */
  readonly given: string[];
}

/**
 * Two processes of one application, as far as Redis can tell, with a provider whose refresh tokens are good once. The
 * second reaches Redis by node-redis: what holds between the two holds between the clients.
 */
export async function useTwoProcesses(handlers?: (app: Express) => void, oidc: Partial<OidcOptions> = {}) {
  const clock = createTestClock();
  const op = await useScriptedProvider({ now: clock.now });
  const redis = await useRedisServer();
  const processes: Process[] = [];
  let nodeRedis: NodeRedis;
  beforeAll(async () => {
    nodeRedis = await connectNodeRedis(redis.port);
    processes.push(await start(gateRedis(redis.client())));
    processes.push(await start(gateNodeRedis(nodeRedis), processes[0]!.origin));
  });
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.close()));
    nodeRedis.destroy();
  });

  const start = async (gate: GatedRedis, baseUrl?: string): Promise<Process> => {
    const app = await startApp({
      ...{ op, redis: gate.client, now: clock.now, ...(baseUrl && { baseUrl }) },
      // Whoever is held back must not run into a bound.
      ...{ storeTimeoutMs: 60_000, oidc: { timeoutMs: 60_000, ...oidc } },
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
  return {
    clock,
    op,
    redis,
    logIn,
    processes: processes as unknown as readonly [Process<Redis>, Process<NodeRedis>],
  };
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
