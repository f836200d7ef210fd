import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createBrowser } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { type ExampleProcess, startExample } from '../support/example-process.ts';
import { walkProvider } from '../support/provider-walk.ts';

const titles = {
  fewlines: 'Fewlines Connect',
  telenor: 'Telenor CONNECT',
  connectis: 'Connectis Identity Broker',
  did: 'DID.app',
};

describe('npm start', () => {
  const running = new Map<string, ExampleProcess>();
  beforeAll(async () => {
    const start = async (name: string) => {
      running.set(name, await startExample({}, ['--provider', name]));
    };
    await Promise.all(Object.keys(titles).map(start));
  });
  afterAll(() => Promise.all([...running.values()].map((example) => example.stop())));

  it.each(
    Object.entries(titles),
  )('with --provider %s shows the page of %s, and logs in', async (name, title) => {
    const { address, output } = running.get(name)!;
    const browser = createBrowser(address);
    const redirect = await browser.get('/profile');
    const location = redirect.headers.get('location')!;
    expect(output()).toContain(`provider at ${new URL(location).origin})`);
    expect(await (await fetch(location)).text()).toContain(`Sign in with ${title}`);
    const answer = await browser.deliver(await walkProvider(location, createCookieJar(), { person: '' }));
    expect(answer.headers.get('location')).toBe('/profile');
    expect(await (await browser.get('/profile')).text()).toContain('Only you see this page');
  });
});
