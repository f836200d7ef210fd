import { describe, expect, it } from '@jest/globals';
import type { ErrorEvent, ErrorPage, PageOptions, PageView } from 'express-connect-auth';
import { LoginRefused, providers } from 'express-connect-auth';
import { servePages } from '../support/all-pages.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();

/** Starts an application with pages that keep what they are given, and show it as JSON. */
async function startKeeping(options: object = {}) {
  const seen: PageView[] = [];
  const keep = (page: PageView) => {
    seen.push(page);
    return `<!doctype html><title>${page.status}</title><body>own ${page.html}</body></html>`;
  };
  const pages: PageOptions = { error: keep, signedOut: keep, choose: keep, signOut: keep };
  const app = await start({ op, pages, ...options });
  return { app, seen };
}

const policyOf = (answer: Response): Record<string, string> =>
  Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '').split(';').map((part) => {
      const [name = '', ...sources] = part.trim().split(' ');
      return [name, sources.join(' ')];
    }),
  );

describe('a page of the application', () => {
  it('stands in place of ours for a fault, and is given what people may know of it', async () => {
    const { app, seen } = await startKeeping({
      mapUser: () => new LoginRefused('not invited', { publicMessage: 'Ask <your> team.' }),
    });
    const answer = await app.logIn(app.browser(), { path: '/login?returnTo=/me' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    const [page] = seen as ErrorPage[];
    expect(page).toEqual({
      status: 403,
      code: 'login_refused',
      language: 'en',
      title: 'You were not signed in',
      message: 'Ask <your> team.',
      reference: expect.stringMatching(/^[\dA-Z]{4}-[\dA-Z]{4}$/),
      links: [
        {
          href: '/login?returnTo=%2Fme&provider=default&prompt=select_account',
          label: 'Use another account',
        },
        { href: '/', label: 'Home page' },
      ],
      form: { action: '/logout?provider=default', label: 'Sign out of the sign-in service' },
      brand: {},
      nonce: expect.stringMatching(/^[\w-]{22}$/),
      html: expect.stringContaining('<h1>You were not signed in</h1>\n<p>Ask &lt;your&gt; team.</p>'),
    });
    expect(Object.isFrozen(page)).toBe(true);
    const body = await answer.text();
    expect(body).toContain(`own ${page!.html}`);
    // The address of a callback holds a code, whoever makes the page.
    expect(body).toMatch(/<script>history\.replaceState\(null, '', location\.pathname\)<\/script><\/body>/);
  });

  it('stands in place of ours after a logout, and of the question whether to log out', async () => {
    const { app, seen } = await startKeeping({ pages: undefined });
    expect(seen).toEqual([]);
    const own = await startKeeping();
    const browser = own.app.browser();
    expect(await (await browser.get('/signed-out')).text()).toContain('own <h1>You are signed out');
    await own.app.logIn(browser);
    await browser.get('/signed-out');
    await browser.get('/logout?returnTo=/me', { 'sec-fetch-site': 'cross-site' });
    expect(own.seen).toMatchObject([
      { state: 'signed_out', links: [{ href: '/login', label: 'Sign in' }, { href: '/' }] },
      { state: 'signed_in', links: [{ href: '/' }, { href: '/logout', label: 'Sign out' }] },
      { form: { action: '/logout?returnTo=%2Fme', label: 'Sign out' }, links: [{ href: '/me' }] },
    ]);
    await app.close();
  });

  it('stands in place of ours where people choose a provider, and is given their names and logos', async () => {
    const provider = providers.oidc(await op.registerApp('http://localhost'));
    const seen: PageView[] = [];
    const app = await start({
      op,
      providers: { google: provider, github: provider },
      pages: {
        providers: { google: { name: 'Google Workspace', logo: '/google.svg' } },
        choose: async (page) => {
          seen.push(page);
          return page.html;
        },
      },
    });
    expect(await (await app.browser().get('/login?returnTo=/me')).text()).toContain('Google Workspace');
    expect(seen).toMatchObject([
      {
        providers: [
          { provider: 'google', name: 'Google Workspace', logo: '/google.svg' },
          { provider: 'github', name: 'GitHub', href: '/login?returnTo=%2Fme&provider=github' },
        ],
      },
    ]);
  });

  it('may load what is of its own origin or listed, and runs what bears the nonce of this answer', async () => {
    const { app, seen } = await startKeeping();
    const [one, other] = [await app.browser().get('/signed-out'), await app.browser().get('/signed-out')];
    const [nonce] = seen.map((page) => `'nonce-${page.nonce}'`);
    expect(policyOf(one)).toEqual({
      'default-src': "'none'",
      'style-src': `'self' ${nonce}`,
      'script-src': nonce,
      'img-src': "'self' data:",
      'font-src': "'self'",
      'base-uri': "'none'",
      'frame-ancestors': "'none'",
      'form-action': "'none'",
    });
    expect(policyOf(other)['script-src']).not.toBe(nonce);
    expect(Object.fromEntries(one.headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    const listing = await start({
      op,
      pages: { signedOut: ({ html }) => html, origins: ['https://cdn.example.com'] },
    });
    const policy = policyOf(await listing.browser().get('/signed-out'));
    expect(policy['style-src']).toMatch(/^'self' 'nonce-[\w-]+' https:\/\/cdn\.example\.com$/);
    expect(policy['img-src']).toBe("'self' data: https://cdn.example.com");
    expect(policy['script-src']).not.toContain('cdn');
  });

  it('in a window of its own still tells the page that opened it', async () => {
    const { app } = await startKeeping();
    const answer = await app.logIn(app.browser(), { path: '/login?display=popup', cancel: true });
    const page = await answer.text();
    expect(page).toContain(
      'data-broadcast="{&quot;type&quot;:&quot;login_failed&quot;,&quot;error&quot;:&quot;login_denied&quot;}"',
    );
    const hash = /'sha256-[^']+'/.exec(policyOf(answer)['script-src']!);
    expect(hash).not.toBeNull();
  });

  it('is asked with the request, and may speak another language than ours', async () => {
    const app = await start({ op, pages: { signedOut: (page, req) => `${req.path} ${page.language}` } });
    const answer = await app.browser().get('/signed-out', { 'accept-language': 'de' });
    expect(await answer.text()).toBe('/signed-out de');
  });

  it.each<[string, NonNullable<PageOptions['signedOut']>]>([
    [
      'throws',
      () => {
        throw new Error('no template');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no template'))],
    ['returns nothing', (() => undefined) as never],
    ['returns an empty page', () => '  '],
    ['returns an object', (() => ({ html: '' })) as never],
  ])('that %s gives way to ours, and the application is told', async (_, signedOut) => {
    const app = await start({ op, pages: { signedOut } });
    const answer = await app.browser().get('/signed-out');
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining('<h1>You are signed out'),
    ]);
    expect(policyOf(answer)['style-src']).toMatch(/^'sha256-/);
    expect(app.errors).toMatchObject([
      { error: { code: 'unexpected', hook: 'pages.signedOut' }, during: 'logout' },
    ]);
  });

  it('that takes too long gives way to ours', async () => {
    const errors: Omit<ErrorEvent, 'reference'>[] = [];
    const reportFault = async (event: Omit<ErrorEvent, 'reference'>) => {
      errors.push(event);
      return 'none';
    };
    const server = await servePages(
      { signedOut: () => new Promise(() => {}) },
      { patienceMs: 20, reportFault },
    );
    expect(await (await fetch(`${server.origin}/signed_in`)).text()).toContain('<h1>You are signed in');
    await server.close();
    expect(errors.map(({ error }) => error)).toMatchObject([
      { hook: 'pages.signedOut', cause: { message: 'It took longer than 20 ms.' } },
    ]);
  });

  it('of a fault that fails itself leaves the fault as it is', async () => {
    const app = await start({ op, pages: { error: () => Promise.reject(new Error('no template')) } });
    const answer = await app.browser().get('/oauth/callback?state=x');
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('no longer waiting')]);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['login_not_found', 'callback'],
      ['unexpected', 'callback'],
    ]);
  });

  it('that answers by itself is answered by nobody else', async () => {
    const app = await start({
      op,
      pages: {
        signedOut: (_page, req) => {
          req.res!.status(204).end();
          return 'too late';
        },
      },
    });
    expect((await app.browser().get('/signed-out')).status).toBe(204);
    expect(app.errors).toEqual([]);
  });

  it('is not asked for what only the provider may have', async () => {
    const { app, seen } = await startKeeping();
    op.script({ claims: (claims) => ({ ...claims, groups: Array(500).fill('group') }) });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.post('/logout')).text()).toContain('name="id_token_hint"');
    expect(seen).toEqual([]);
  });
});
