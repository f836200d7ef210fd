import { type BrowserClient, createBrowser } from '../../test/support/browser-client.ts';
import type { Contestant } from '../contestants.ts';
import type { Bed } from './bed.ts';
import type { ServerProcess } from './server-process.ts';

const AT_ONCE = 8;

/** Gets sessions of a contestant, each in a browser of its own, and returns their `Cookie` headers. */
export async function createBrowserSessions(
  bed: Bed,
  { sessions, group }: Contestant,
  server: ServerProcess,
  count: number,
): Promise<string[]> {
  if (sessions === undefined) return [];
  return inTurns(count, async (index) => {
    const browser = createBrowser(server.origin);
    if (sessions === 'login') await logIn(bed, browser, { baseUrl: bed.baseUrlOf(group), index });
    else await expectStatus(await browser.get('/seed'), 200);
    const cookie = browser.jar.header(server.origin);
    if (cookie === undefined) throw new Error('A contestant has set no cookie.');
    return cookie;
  });
}

/** A whole login, the provider's part included. */
export async function logIn(
  { op }: Pick<Bed, 'op'>,
  browser: BrowserClient,
  { baseUrl, index }: { baseUrl: string; index: number },
): Promise<void> {
  const start = await browser.get('/login');
  const location = start.headers.get('location');
  if (!location) throw new Error(`GET /login was answered with ${start.status}.`);
  const callback = await op.signIn(location, { as: `person-${index}` });
  if (!callback.url.startsWith(baseUrl)) throw new Error(`The provider sent the browser to ${callback.url}.`);
  const answer = await browser.deliver(callback);
  if (answer.status !== 302 && answer.status !== 303) await expectStatus(answer, 303);
}

async function expectStatus(answer: Response, expected: number): Promise<void> {
  if (answer.status === expected) return;
  throw new Error(`${expected} was expected, not ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
}

/** Does something so many times, a few at once, and returns the results in order. */
export async function inTurns<Result>(
  count: number,
  work: (index: number) => Promise<Result>,
  atOnce = AT_ONCE,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const run = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, run));
  return results;
}
