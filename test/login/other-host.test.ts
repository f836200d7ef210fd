import { describe, expect, it, jest } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { exchange } from '../support/http-exchange.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

/** An application whose base URL says localhost, and that is reached under any name. */
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, ...options });

/** Opens a page of the application under another name than that of its base URL. */
const open = (origin: string, host: string, target: string, headers: Record<string, string> = {}) =>
  exchange({ method: 'GET', url: origin, target, headers: { ...PAGE, host, ...headers } });

async function warningsOf(work: () => Promise<void>): Promise<string[]> {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    await work();
    return warn.mock.calls
      .filter(([, options]) => (options as { code?: string } | undefined)?.code === 'CONNECT_AUTH_OTHER_HOST')
      .map(([text]) => String(text));
  } finally {
    warn.mockRestore();
  }
}

/** Begins a login under another name, and brings the answer to where the provider sends it. */
async function loseLogin(app: Awaited<ReturnType<typeof start>>, host: string, headers = {}) {
  const begun = await open(app.origin, host, '/login', headers);
  const callback = await op.signIn(begun.headers.get('location')!);
  // Of the cookies of the other name none comes along.
  return app.browser(createCookieJar()).deliver(callback);
}

describe('a login that begins under another name than that of baseUrl', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1:3000'],
    ['a name with www.', 'www.example.com'],
    ['a name of the network', 'build-server.local:8080'],
    ['an address of IPv6', '[::1]:3000'],
  ])('ends at a page that names the likely cause, and the operator is told both names once: %s', async (_, host) => {
    const app = await start();
    const warnings = await warningsOf(async () => {
      for (const _again of [1, 2]) {
        const answer = await loseLogin(app, host);
        const page = await answer.text();
        expect(answer.status).toBe(400);
        expect(page).toContain(
          `Most likely it began at another address of this site: please begin at ${app.origin}/.`,
        );
        // Whoever asks may have written that name.
        expect(page).not.toContain(host);
      }
    });
    expect(warnings).toEqual([expect.stringContaining(`"${host}", but baseUrl is ${app.origin}`)]);
    expect(app.errors.map(({ error }) => error.code)).toEqual(['login_not_found', 'login_not_found']);
  });

  it('is told of nothing as long as it comes to its end, as behind a proxy that rewrites the name', async () => {
    const app = await start();
    const warnings = await warningsOf(async () => {
      const browser = app.browser();
      const begun = await browser.get('/login', { host: 'upstream:8080' });
      const answer = await browser.deliver(await op.signIn(begun.headers.get('location')!));
      expect(answer.headers.get('location')).toBe('/');
    });
    expect(warnings).toEqual([]);
  });

  it('is none where the proxy passes on the name that the browser wrote', async () => {
    const app = await start();
    const { host } = new URL(app.origin);
    const warnings = await warningsOf(async () => {
      await loseLogin(app, 'upstream:8080', { 'x-forwarded-host': host });
      await loseLogin(app, host, { 'x-forwarded-host': 'inner.example' });
    });
    expect(warnings).toEqual([]);
  });

  it('is told of in one line, whatever the name holds, and not without end', async () => {
    const app = await start();
    const warnings = await warningsOf(async () => {
      for (let index = 0; index < 8; index += 1)
        await open(app.origin, `${'x'.repeat(100)}${index}é`, '/login');
      await loseLogin(app, 'one.more.example');
    });
    expect(warnings).toHaveLength(5);
    for (const warning of warnings) expect(warning).toMatch(/^[ -~…]{1,400}$/);
  });

  it('is not named where the browser has a login under way: the cause is another', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/login');
    const page = await (await browser.get('/oauth/callback?code=x&state=y')).text();
    expect(page).not.toContain('another address');
  });
});

describe('a name among redirectHosts', () => {
  const redirectHosts = ['www.example.com', '127.0.0.1:3000', 'Old.Example.com'];

  it.each([
    ['www.example.com', '/me?tab=2', '/me?tab=2'],
    ['127.0.0.1:3000', '/', '/'],
    ['old.example.com', '/login?returnTo=/x', '/login?returnTo=/x'],
    ['OLD.example.com', '/%2e%2e/x', '/x'],
    ['www.example.com', '//evil.example/x', '//evil.example/x'],
  ])('leads from %s%s to the same page of baseUrl', async (host, target, path) => {
    const app = await start({ redirectHosts });
    const answer = await open(app.origin, host, target);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, app.origin + path]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('leads there once, whatever the proxy in between makes of the name', async () => {
    const app = await start({ redirectHosts });
    const browser = app.browser();
    const first = await browser.get('/', { host: 'www.example.com' });
    expect(first.status).toBe(302);
    const second = await browser.get('/', { host: 'www.example.com' });
    expect([second.status, await second.json()]).toEqual([200, { user: null }]);
  });

  it.each([
    ['another name', 'evil.example.com', {}],
    ['a name that begins like one', 'www.example.com.evil.example', {}],
    ['another port', 'www.example.com:81', {}],
    ['a fetch', 'www.example.com', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['a frame', 'www.example.com', { 'sec-fetch-dest': 'iframe' }],
    [
      'a page that was asked for at baseUrl, by what a proxy says',
      'www.example.com',
      { 'x-forwarded-host': 'OWN' },
    ],
  ])('moves no other: %s', async (_, host, headers: Record<string, string>) => {
    const app = await start({ redirectHosts });
    const own = new URL(app.origin).host;
    const given = Object.entries(headers).map(([name, value]) => [name, value === 'OWN' ? own : value]);
    expect((await open(app.origin, host, '/', Object.fromEntries(given))).status).toBe(200);
  });

  it('moves no form, which would lose what it holds', async () => {
    const app = await start({ redirectHosts });
    const answer = await app.browser().post('/logout', {}, { host: 'www.example.com' });
    expect(new URL(answer.headers.get('location')!, app.origin).pathname).toBe('/');
    expect(answer.status).toBe(303);
  });

  it.each([
    ...[
      'https://www.example.com',
      'www.example.com/',
      'a b',
      'user@www.example.com',
      '*.example.com?',
      '',
      'x:99999',
    ],
  ])('is refused as %j', async (host) => {
    await expect(start({ redirectHosts: [host] })).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('redirectHosts[0]'),
    });
  });
});
