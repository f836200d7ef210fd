import { exchange } from '../../test/support/http-exchange.ts';
import { createLogoutToken } from '../../test/support/logout-token.ts';
import type { Flags } from '../flags.ts';
import type { Bed } from './bed.ts';
import { seedLogins } from './seed-logins.ts';
import type { ServerProcess } from './server-process.ts';
import { createBrowserSessions } from './sessions.ts';
import { quantile, type Spread, spreadOf } from './statistics.ts';

/** What a million sessions do to the ends of some, or of all of them. */
export interface LargeResults {
  /** Milliseconds that the provider waits for the answer to a logout token. */
  readonly logouts: readonly { readonly sessions: number; readonly wait: Spread }[];
  readonly revokeAll: RevokeAllResult;
}

/** The end of all sessions of one person, and how somebody else fares meanwhile. */
export interface RevokeAllResult {
  readonly sessions: number;
  readonly seconds: number;
  /** Of the process that ends them, beyond what it had before, in bytes. */
  readonly memory: number;
  /** Milliseconds that pages of another process took, for another person: the 99th of 100, and the longest. */
  readonly waits: { readonly p99: number; readonly longest: number; readonly count: number };
}

const LOGOUTS = 200;
const FEW = 1000;
const PAUSE_MS = 5;
const GROUP = 'large';

/** Measures them on sessions that are seeded by the package's own code. */
export async function measureLarge(
  bed: Bed,
  flags: Flags,
  say: (text: string) => void,
): Promise<LargeResults> {
  const contestant = { name: 'large', group: GROUP, server: 'ours', variant: 'user' };
  const server = await bed.start(contestant);
  const seed = async (count: number, personOf: (index: number) => { sub: string; sid: string }) => {
    const { op, redis } = bed;
    const database = bed.databaseOf(GROUP);
    await database.flushdb();
    const redisUrl = `${redis.url}/${database.options.db}`;
    const application = bed.baseUrlOf(GROUP);
    await seedLogins({
      redisUrl,
      application,
      issuer: op.issuer,
      clientId: op.clientId,
      count,
      personOf,
      say,
    });
  };
  const logouts: LargeResults['logouts'][number][] = [];
  for (const sessions of [FEW, flags.largeSessions]) {
    say(`logouts among ${sessions} sessions`);
    await seed(sessions, (index) => ({ sub: `person-${index}`, sid: `sid-${index}` }));
    logouts.push({ sessions, wait: await measureLogouts(bed, server, sessions) });
  }
  say(`the end of ${flags.largeSessions} sessions of one person`);
  await seed(flags.largeSessions, (index) => ({ sub: 'one', sid: `sid-${index}` }));
  const revokeAll = await measureRevokeAll(bed, flags, server);
  await bed.databaseOf(GROUP).flushdb();
  return { logouts, revokeAll };
}

/** One after the other, spread over all sessions; each ends one. */
async function measureLogouts(bed: Bed, server: ServerProcess, sessions: number): Promise<Spread> {
  const waits: number[] = [];
  const step = Math.max(1, Math.floor(sessions / LOGOUTS));
  for (let index = 0; index < sessions && waits.length < LOGOUTS; index += step) {
    const token = createLogoutToken(bed.op, { sub: `person-${index}`, sid: `sid-${index}` });
    const body = new URLSearchParams({ logout_token: token }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(body.length),
    };
    const before = performance.now();
    const answer = await exchange({
      ...{ method: 'POST', url: `${server.origin}/oauth/backchannel-logout`, headers, body },
    });
    waits.push(performance.now() - before);
    if (answer.status !== 200) throw new Error(`A logout token was answered with ${answer.status}.`);
  }
  return spreadOf(waits);
}

async function measureRevokeAll(bed: Bed, flags: Flags, others: ServerProcess): Promise<RevokeAllResult> {
  const ending = await bed.start({ name: 'ending', group: GROUP, server: 'ours', variant: 'revoke-all' });
  const login = {
    ...{ name: 'large', title: '', server: 'ours', variant: 'user', group: GROUP },
    isOurs: true,
  };
  const [cookie] = await createBrowserSessions(bed, { ...login, sessions: 'login' }, others, 1);
  const before = await ending.readUsage();
  let memory = 0;
  const watch = setInterval(async () => {
    memory = Math.max(memory, (await ending.readUsage()).memory - before.memory);
  }, 500);
  const page = watchPage(others, cookie!);
  const begin = performance.now();
  const answer = await exchange({ method: 'GET', url: `${ending.origin}/revoke-all/one`, headers: {} });
  const seconds = (performance.now() - begin) / 1000;
  const waits = (await page.stop()).sort((a, b) => a - b);
  clearInterval(watch);
  const sessions = Number(await answer.text());
  if (sessions !== flags.largeSessions) throw new Error(`Not all sessions have ended, but ${sessions}.`);
  const longest = waits.at(-1)!;
  return { sessions, seconds, memory, waits: { p99: quantile(waits, 0.99), longest, count: waits.length } };
}

/** Asks for a page again and again, and notes how long each took. */
function watchPage({ origin }: ServerProcess, cookie: string): { stop(): Promise<number[]> } {
  const waits: number[] = [];
  let isStopping = false;
  const run = async () => {
    while (!isStopping) {
      const before = performance.now();
      const answer = await exchange({ method: 'GET', url: `${origin}/me`, headers: { cookie } });
      await answer.text();
      waits.push(performance.now() - before);
      if (answer.status !== 200) throw new Error(`A page was answered with ${answer.status}.`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const running = run();
  return {
    stop: async () => {
      isStopping = true;
      await running;
      return waits;
    },
  };
}
