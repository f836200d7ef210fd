import { describe, expect, it } from '@jest/globals';
import { providers, requireAuth } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { withFreePort } from '../support/free-port.ts';
import { beginLogin, loggedIn, lookAt, readAnswer, refused, withAnswer } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import type { ScriptedProvider } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const honest = await useScriptedProvider();
const evil = await useScriptedProvider();
const startApp = useApps();

/** An application with two providers, of which the second one is the attacker's. */
function start(options: Partial<TestAppOptions> = {}): Promise<TestApp> {
  return withFreePort(async (port) => {
    const define = async (op: ScriptedProvider, name: string) =>
      providers.oidc(
        await op.registerApp(`http://localhost:${port}`, { callbackPath: `/oauth/callback/${name}` }),
      );
    const both = { honest: await define(honest, 'honest'), evil: await define(evil, 'evil') };
    return startApp({ op: honest, port, providers: both, ...options });
  });
}

const logIn = async (app: TestApp, op: ScriptedProvider, name: string, browser = app.browser()) => {
  const answer = await browser.deliver(
    await op.signIn((await beginLogin(browser, `/login?provider=${name}`)).href),
  );
  return { browser, answer };
};

describe('an application with several providers', () => {
  it('asks which one, and gives each a callback of its own (R-52)', async () => {
    const app = await start();
    const page = await (await app.browser().get('/login?returnTo=/me')).text();
    expect(page).toContain('<a href="/login?returnTo=%2Fme&amp;provider=honest">Honest</a>');
    expect(page).toContain('<a href="/login?returnTo=%2Fme&amp;provider=evil">Evil</a>');
    for (const [op, name] of [
      [honest, 'honest'],
      [evil, 'evil'],
    ] as const) {
      const { answer, browser } = await logIn(app, op, name);
      expect(await lookAt(app, browser, answer)).toEqual(loggedIn);
      expect(op.requests('token')[0]?.params.get('redirect_uri')).toBe(
        `${app.origin}/oauth/callback/${name}`,
      );
    }
  });

  it('names them for people, whatever their keys look like', async () => {
    const provider = providers.oidc(await honest.registerApp('http://localhost:1'));
    const keys = { 'work-account': provider, bank: provider, '2-id--b-': provider };
    const app = await startApp({ op: honest, providers: keys });
    const page = await (await app.browser().get('/login')).text();
    expect([...page.matchAll(/<a [^>]*>(.*?)<\/a>/g)].map(([, label]) => label)).toEqual([
      'Work account',
      'Bank',
      '2 id b',
    ]);
  });

  it.each<[string, string]>([
    ['display=popup', 'display=popup'],
    ['prompt=create&login_hint=ada&ui_locales=nb', 'prompt=create&login_hint=ada&ui_locales=nb'],
    ['prompt=login&display=page&acr_values=x', ''],
  ])('forgets nothing that the query may ask for when it asks which one: %s', async (asked, kept) => {
    const loginParameters = { prompt: ['create'], loginHint: true, uiLocales: true };
    const app = await start({ loginParameters });
    const page = await (await app.browser().get(`/login?${asked}&returnTo=/me`)).text();
    const links = [...page.matchAll(/href="(.*?)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&'));
    const rest = kept && `&${kept}`;
    expect(links).toEqual(['honest', 'evil'].map((name) => `/login?returnTo=%2Fme&provider=${name}${rest}`));
  });

  it('ends in its window when the window asked which one (R-52)', async () => {
    const app = await start();
    const browser = app.browser();
    const page = await (await browser.get('/login?display=popup&returnTo=/me')).text();
    const link = /href="(.*?provider=honest.*?)"/.exec(page)![1]!.replaceAll('&amp;', '&');
    const answer = await browser.deliver(await honest.signIn((await beginLogin(browser, link)).href));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('You may close this window.');
  });

  it('hands on no hint of a handler that the query may not give', async () => {
    const app = await start({
      handlers: (server) =>
        void server.get('/ask', (req) =>
          req.auth.login({ loginHint: 'ada', prompt: 'none', display: 'popup' }),
        ),
    });
    const page = await (await app.browser().get('/ask')).text();
    expect(page).toContain('href="/login?returnTo=%2Fask&amp;provider=honest&amp;display=popup"');
  });

  it.each([
    '',
    'nobody',
    '__proto__',
    'constructor',
    'honest,evil',
    'HONEST',
  ])('asks as well when the provider is %j', async (name) => {
    const app = await start();
    const answer = await app.browser().get(`/login?provider=${encodeURIComponent(name)}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
  });

  it('does not take to one the code that another one answered with (R-52, mix-up)', async () => {
    const app = await start();
    for (const [began, came] of [
      ['honest', 'evil'],
      ['evil', 'honest'],
    ] as const) {
      const browser = app.browser();
      const op = began === 'honest' ? honest : evil;
      const callback = await op.signIn((await beginLogin(browser, `/login?provider=${began}`)).href);
      const elsewhere = { ...callback, url: callback.url.replace(`/callback/${began}`, `/callback/${came}`) };
      expect(await lookAt(app, browser, await browser.deliver(elsewhere))).toEqual(
        refused('login_invalid', 400),
      );
    }
    expect([...honest.requests('token'), ...evil.requests('token')]).toEqual([]);
  });

  it.each([
    'with',
    'without',
  ])('takes no code that came %s the issuer of another one (R-52, R-46)', async (way) => {
    const app = await start();
    if (way === 'without') {
      evil.script({
        discovery: ({ authorization_response_iss_parameter_supported: _, ...document }) => document,
      });
    }
    const browser = app.browser();
    const victims = app.browser();
    const stolen = readAnswer(
      await honest.signIn((await beginLogin(victims, '/login?provider=honest')).href),
    );
    // The attacker's provider led the person to the honest one, and the answer back to its own callback.
    const callback = await evil.signIn((await beginLogin(browser, '/login?provider=evil')).href);
    const answer = readAnswer(callback);
    answer.set('code', stolen.get('code')!);
    answer.set('iss', honest.issuer);
    const result = await browser.deliver(withAnswer(callback, answer));
    expect(await lookAt(app, browser, result)).toEqual(refused('provider_invalid_response'));
    expect(evil.requests('token')).toEqual([]);
  });

  it('takes no ID token that speaks for another one (R-52, R-07)', async () => {
    const app = await start();
    evil.script({ claims: (claims) => ({ ...claims, iss: honest.issuer, aud: honest.clientId }) });
    const { answer, browser } = await logIn(app, evil, 'evil');
    expect(await lookAt(app, browser, answer)).toEqual(refused('provider_invalid_response'));
  });

  it('shows to one provider no secret of another (R-52)', async () => {
    const app = await start();
    await logIn(app, honest, 'honest');
    await logIn(app, evil, 'evil');
    const verifiers = honest.requests('token').map(({ params }) => params.get('code_verifier')!);
    const seen = JSON.stringify(
      evil.requests().map(({ url, headers, params }) => [url, headers, params.toString()]),
    );
    expect(verifiers).toHaveLength(1);
    expect(seen).not.toContain(verifiers[0]);
  });

  it('takes two people with one name, one address and one sub for two people (R-19)', async () => {
    const app = await start();
    const { browser } = await logIn(app, honest, 'honest');
    await browser.get('/save?secret=of-the-honest-one');
    await logIn(app, evil, 'evil', browser);
    expect(await whoIs(browser)).toBe('ada');
    expect(await (await browser.get('/save')).json()).toEqual({});
    expect(app.logouts).toEqual([expect.objectContaining({ reason: 'replaced', issuer: honest.issuer })]);
    expect(await app.auth.sessions.list({ issuer: honest.issuer, sub: 'ada' })).toEqual([]);
    expect(await app.auth.sessions.list({ issuer: evil.issuer, sub: 'ada' })).toHaveLength(1);
  });

  it('takes no two people with one address for the same, at one provider either (R-19)', async () => {
    const app = await start();
    honest.script({ claims: (claims) => ({ ...claims, email: 'shared@example.com' }) });
    const { browser } = await logIn(app, honest, 'honest');
    await browser.get('/save?secret=of-ada');
    honest.script({ claims: (claims) => ({ ...claims, sub: 'eve', email: 'shared@example.com' }) });
    await logIn(app, honest, 'honest', browser);
    expect(await (await browser.get('/save')).json()).toEqual({});
  });

  it('goes on with one when another one is down (F-37)', async () => {
    const app = await start();
    evil.script({ discovery: () => json(503, {}) });
    expect((await app.browser().get('/login?provider=evil')).status).toBe(503);
    const { answer, browser } = await logIn(app, honest, 'honest');
    expect(await lookAt(app, browser, answer)).toMatchObject({ status: 303, user: 'ada' });
  });

  it('asks the provider of the login for more proof, and leads a logout to it (R-52, R-70)', async () => {
    const app = await start({
      handlers: (server) =>
        void server.get('/sudo', requireAuth({ acrValues: 'gold' }), (_req, res) => void res.end()),
    });
    const { browser } = await logIn(app, evil, 'evil');
    expect((await beginLogin(browser, '/sudo')).origin).toBe(evil.origin);
    const out = await browser.post('/logout');
    expect(new URL(out.headers.get('location')!).origin).toBe(evil.origin);
    expect(honest.requests()).toEqual([]);
  });
});
