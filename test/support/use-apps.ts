import { afterAll, afterEach } from '@jest/globals';
import { startApp, type TestApp, type TestAppOptions } from './app.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';
import {
  type ScriptedProvider,
  type ScriptedProviderOptions,
  startScriptedProvider,
} from './scripted-provider.ts';

/** Starts applications as `startApp()` does, and closes them after the test. */
export function useApps(): (options: TestAppOptions) => Promise<TestApp> {
  const apps: TestApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });
  return async (options) => {
    const app = await startApp(options);
    apps.push(app);
    return app;
  };
}

/** Starts a scripted provider for the whole file. It is honest again after each test. */
export async function useScriptedProvider(options?: ScriptedProviderOptions): Promise<ScriptedProvider> {
  const op = await startScriptedProvider(options);
  afterEach(() => {
    op.script();
    op.forgetRequests();
  });
  afterAll(() => op.close());
  return op;
}

/** Starts a Redis server for the whole file. */
export async function useRedisServer(): Promise<RedisServer> {
  const redis = await startRedisServer();
  afterAll(() => redis.stop());
  return redis;
}
