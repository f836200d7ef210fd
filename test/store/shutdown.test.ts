import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createBrowser } from '../support/browser-client.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const root = join(import.meta.dirname, '..', '..');

describe('an application that shuts down', () => {
  let redis: RedisServer;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => redis.stop());

  const start = async (target: string) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'test/support/shutdown-app.ts', target], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const lines = createInterface(child.stdout!);
    const browser = createBrowser(`http://127.0.0.1:${await nextLine(lines)}`);
    return { child, lines, browser, ended: once(child, 'exit') };
  };
  const nextLine = async (lines: Interface) => (await once(lines, 'line'))[0] as string;
  const endsInTime = async (ended: Promise<unknown[]>) => {
    const start = performance.now();
    expect(await ended).toEqual([0, null]);
    expect(performance.now() - start).toBeLessThan(1500);
  };

  it.each([
    'memory',
    'Redis',
    'Redis that is not there',
  ])('is kept alive by nothing of ours, with sessions in %s (F-121)', async (kind) => {
    const target = { memory: 'memory', Redis: redis.url, 'Redis that is not there': 'redis://127.0.0.1:1' }[
      kind
    ]!;
    const { child, browser, ended } = await start(target);
    const { status } = await browser.get('/save?a=1');
    expect(status).toBe(kind === 'Redis that is not there' ? 503 : 200);
    child.kill('SIGTERM');
    await endsInTime(ended);
  });

  it('ends when Redis hangs (F-121)', async () => {
    const { child, browser, ended } = await start(redis.url);
    await browser.get('/save?a=1');
    redis.pause();
    try {
      expect((await browser.get('/save?a=2')).status).toBe(503);
      child.kill('SIGTERM');
      await endsInTime(ended);
    } finally {
      redis.resume();
    }
  });

  it('answers what is under way, and saves it (F-121)', async () => {
    const { child, lines, browser, ended } = await start(redis.url);
    const waiting = nextLine(lines);
    const answering = browser.get('/slow');
    await waiting;
    child.kill('SIGTERM');
    const answer = await answering;
    expect([answer.status, await answer.json()]).toEqual([200, 'done']);
    await endsInTime(ended);
    expect(await redis.dump()).toContain('{"slow":true}');
  });
});
