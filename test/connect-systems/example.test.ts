import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createBrowser } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { walkProvider } from '../support/provider-walk.ts';

const root = new URL('../..', import.meta.url).pathname;
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts the example as `npm start` does, and resolves with the first line it prints. */
async function startExample(provider: string): Promise<string> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'example-app/main.ts', '--provider', provider], {
    cwd: root,
    env: { ...process.env, REDIS_URL: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  const lines = [child.stdout, child.stderr].map((stream) => once(createInterface(stream), 'line'));
  return (await Promise.race(lines))[0];
}

const titles = {
  fewlines: 'Fewlines Connect',
  telenor: 'Telenor CONNECT',
  connectis: 'Connectis Identity Broker',
  did: 'DID.app',
};

describe('the example', () => {
  const firstLines = new Map<string, string>();
  beforeAll(async () => {
    const start = async (name: string) => firstLines.set(name, await startExample(name));
    await Promise.all([...Object.keys(titles), 'telnor'].map(start));
  });

  it.each(
    Object.entries(titles),
  )('with --provider %s shows the page of %s, and logs in', async (name, title) => {
    const line = firstLines.get(name)!;
    const [, origin, providerOrigin] = /^Open (\S+) .* provider at (\S+)\)$/.exec(line)!;
    const browser = createBrowser(origin!);
    const redirect = await browser.get('/profile');
    const location = redirect.headers.get('location')!;
    expect(new URL(location).origin).toBe(providerOrigin);
    expect(await (await fetch(location)).text()).toContain(`Sign in with ${title}`);
    const answer = await browser.deliver(await walkProvider(location, createCookieJar(), { person: '' }));
    expect(answer.headers.get('location')).toBe('/profile');
    expect(await (await browser.get('/profile')).text()).toContain('Only you see this page');
  });

  it('says which providers there are', () => {
    expect(firstLines.get('telnor')).toBe(
      'There is no provider "telnor". There are: oidc, fewlines, telenor, connectis, did.',
    );
  });
});
