// What an authenticated request costs, as ratios within one run: absolute figures change from machine to machine.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createBrowser } from '../support/browser-client.ts';
import { withFreePort } from '../support/free-port.ts';
import { startOpenIdProvider } from '../support/open-id-provider.ts';
import { startRedisServer } from '../support/redis-server.ts';
import type { Contestant, ContestantSettings } from './contestant.ts';
import { countAnswers } from './load.ts';

const KINDS: readonly Contestant[] = ['express', 'express-get', 'connect-auth'];
const SESSIONS = 100;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 10);
const WINDOW_MS = 1000;

const redis = await startRedisServer();
const op = await startOpenIdProvider();
const port = await withFreePort(async (free) => free);
const baseUrl = `http://localhost:${port}`;
await op.registerApp(baseUrl);
const settings: ContestantSettings = { redisUrl: redis.url, issuer: op.issuer, baseUrl, port: 0 };

const children = new Map<Contestant, { child: ChildProcess; port: number }>();
for (const kind of KINDS) {
  const own = kind === 'connect-auth' ? { ...settings, port } : settings;
  const child = fork(new URL('contestant.ts', import.meta.url).pathname, [kind, JSON.stringify(own)], {
    execArgv: ['--import', 'tsx'],
  });
  const [bound] = await once(child, 'message');
  children.set(kind, { child, port: bound as number });
}

const cookies = await logIn(`http://127.0.0.1:${port}`);
await storeRecords(cookies);
await redis.resetCommandCounts();

const results = new Map<Contestant, { perSecond: number; cpu: number }[]>(KINDS.map((kind) => [kind, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const kind of KINDS) {
    const { child, port: target } = children.get(kind)!;
    await readCpu(child);
    const answers = await countAnswers({ port: target, cookies, connections: 64, milliseconds: WINDOW_MS });
    const cpu = (await readCpu(child)) / answers;
    // The first round warms up.
    if (round > 0) results.get(kind)!.push({ perSecond: (answers * 1000) / WINDOW_MS, cpu });
  }
}
printResults();
console.log('Redis commands:', JSON.stringify(await redis.commandCounts()));

for (const { child } of children.values()) child.kill('SIGKILL');
await op.close();
await redis.stop();
process.exit(0);

async function readCpu(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [microseconds] = await once(child, 'message');
  return microseconds as number;
}

async function logIn(origin: string): Promise<string[]> {
  const found: string[] = [];
  for (let session = 0; session < SESSIONS; session += 1) {
    const browser = createBrowser(origin);
    const redirect = await browser.get('/login');
    const callback = await op.signIn(redirect.headers.get('location')!);
    await browser.deliver({ ...callback, url: callback.url.replace(baseUrl, origin) });
    found.push(browser.jar.header(origin)!);
  }
  return found;
}

/** What the plain GET reads: a record as large as ours. */
async function storeRecords(keys: readonly string[]): Promise<void> {
  const client = redis.client();
  const [example] = await client.keys('connect-auth:auth:*');
  const record = (await client.get(example!))!;
  for (const key of keys) await client.set(`bench:${key}`, record);
}

function printResults(): void {
  const reference = results.get('express-get')!;
  const rows = KINDS.map((kind) => {
    const windows = results.get(kind)!;
    const ratios = windows.map(({ perSecond }, round) => perSecond / reference[round]!.perSecond);
    return {
      contestant: kind,
      'req/s': Math.round(median(windows.map(({ perSecond }) => perSecond))),
      'CPU µs/req': Math.round(median(windows.map(({ cpu }) => cpu))),
      '× express-get': median(ratios).toFixed(2),
      range: `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
    };
  });
  console.table(rows);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
