import type { BrowserClient } from '../support/browser-client.ts';
import { until } from '../support/until.ts';
import { whoIs } from '../support/who-is.ts';
import type { Fault, FaultWorld, Outcome, Sights } from './fault.ts';

/** Until all is as before. Real failovers take some seconds. */
const RECOVERY_MS = 25_000;

/** Lets a fault happen to people who are at work, and see whether all is well afterwards, without a restart. */
export async function playFault<World extends FaultWorld>(
  world: World,
  fault: Fault<World>,
): Promise<Outcome> {
  await fault.prepare?.(world);
  const { app, op } = world;
  const problems: string[] = [];
  const staying = await logInWhoFits(world, fault);
  const leaving = await logIn(world, 'grace');
  const beforeLogout = leaving.jar.clone();
  const arriving = app.browser();
  const callback = await op.signIn((await arriving.get('/login')).headers.get('location')!, { as: 'alan' });
  app.errors.length = 0;

  await fault.begin(world);
  let slowestMs = 0;
  const timed = async (asking: Promise<Response>) => {
    const start = performance.now();
    const answer = await asking;
    slowestMs = Math.max(slowestMs, performance.now() - start);
    return answer;
  };
  const [guarded, api, open, begin, ended, logout] = await Promise.all([
    timed(staying.get('/me')),
    timed(staying.get('/api/me', { accept: 'application/json', 'sec-fetch-mode': 'cors' })),
    timed(staying.get('/public')),
    timed(app.browser().get('/login')),
    timed(arriving.deliver(callback)),
    timed(leaving.post('/logout')),
  ]);
  const statuses = {
    guarded: guarded.status,
    open: open.status,
    begin: begin.status,
    callback: ended.status,
    logout: logout.status,
  };
  const told = await readWhatIsTold(world, fault);

  await checkAnswers({ guarded, api, logout }, staying, problems);
  await fault.end(world);
  await checkRecovery(world, { staying, leaving, arriving, beforeLogout, statuses }, problems);
  return { statuses, slowestMs, problems, told };
}

async function logInWhoFits<World extends FaultWorld>(world: World, { fits }: Fault<World>) {
  for (;;) {
    const browser = await logIn(world, 'ada');
    if (!fits || (await fits(world, browser))) return browser;
  }
}

/** Of two applications one may not have got over the last fault yet, which happened to the other. */
async function logIn({ app }: FaultWorld, person: string): Promise<BrowserClient> {
  return until(async () => {
    const browser = app.browser();
    return (await app.logIn(browser, { as: person })).status === 303 ? browser : undefined;
  }, RECOVERY_MS);
}

/**
 * Waits for the sentence that is meant: of a connection that breaks the first thing told may be another. Where none is
 * meant, the code alone.
 */
async function readWhatIsTold({ app }: FaultWorld, { reads }: Pick<Fault, 'reads'>): Promise<string> {
  if (!reads) return app.errors[0]?.error.code ?? '';
  return until(async () => {
    const { ok, store } = await app.auth.health();
    const sentences = ok ? app.errors.map(({ error }) => error.message) : store.warnings;
    const told = sentences.find((sentence) => reads.test(sentence));
    // A second may pass between the provider's clock and ours.
    return told?.replace(/\b3599 seconds\b/, '3600 seconds');
  });
}

interface Answers {
  readonly guarded: Response;
  readonly api: Response;
  readonly logout: Response;
}

/** 503 says when to come again, touches no cookie and is never mistaken for "logged out". */
async function checkAnswers({ guarded, api, logout }: Answers, staying: BrowserClient, problems: string[]) {
  const need = (holds: boolean, sentence: string) => {
    if (!holds) problems.push(sentence);
  };
  const isAway = guarded.status === 503;
  if (isAway) {
    need(Number(guarded.headers.get('retry-after')) > 0, 'a guarded page has no Retry-After');
    need(guarded.headers.getSetCookie().length === 0, 'a guarded page touches cookies');
    need(api.status !== 503 || /store_unavailable/.test(await api.text()), 'the API has another error');
  }
  need([200, 503].includes(api.status), `the API answers ${api.status}`);
  need(staying.jar.get('session') !== undefined, 'who is logged in has lost the cookie');
  if (logout.status === 503) {
    need(Number(logout.headers.get('retry-after')) > 0, 'a logout that failed has no Retry-After');
    need(logout.headers.get('location') === null, 'a logout that failed leads on as if it had not');
  }
}

interface Afterwards {
  readonly staying: BrowserClient;
  readonly leaving: BrowserClient;
  readonly arriving: BrowserClient;
  readonly beforeLogout: BrowserClient['jar'];
  readonly statuses: Readonly<Record<keyof Sights, number>>;
}

async function checkRecovery({ app }: FaultWorld, people: Afterwards, problems: string[]): Promise<void> {
  const { staying, leaving, arriving, beforeLogout, statuses } = people;
  let last = 0;
  const isServed = async () => {
    last = (await staying.get('/me')).status;
    return last === 200;
  };
  await until(isServed, RECOVERY_MS).catch(() => {
    throw new Error(`A guarded page goes on to answer ${last}. ${app.errors.at(-1)?.error.message}`);
  });
  if ((await whoIs(staying)) !== 'ada') problems.push('who was logged in is somebody else');
  const old = app.browser(beforeLogout);
  if (statuses.logout === 303) {
    if ((await whoIsInTime(old)) !== null)
      problems.push('a session goes on after its logout was acknowledged');
  } else {
    await until(async () => (await leaving.post('/logout')).status === 303, RECOVERY_MS);
    if ((await whoIsInTime(old)) !== null) problems.push('a session goes on after its logout was repeated');
  }
  if (statuses.callback === 303) {
    if ((await whoIsInTime(arriving)) !== 'alan') problems.push('a login that succeeded is lost');
    return;
  }
  const again = await until(async () => {
    const answer = await app.logIn(app.browser(), { as: 'alan' });
    return answer.status === 303;
  }, RECOVERY_MS);
  if (!again) problems.push('nobody can log in');
}

/** On a cluster other keys may come back later than those that were asked first. */
async function whoIsInTime(browser: BrowserClient): Promise<string | null> {
  await until(async () => (await browser.get('/')).status === 200, RECOVERY_MS);
  return whoIs(browser);
}
