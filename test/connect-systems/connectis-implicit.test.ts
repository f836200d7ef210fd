import { describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createRsaKey } from '../emulators/signing.ts';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { atConnectis, clients } from '../support/connect-systems.ts';
import { beginLogin, loggedIn, lookAt, refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createConnectisEmulator);
const options = { dangerouslyUseImplicitFlow: true };

/** Begins a login and returns what the broker answers it with. */
async function beginAndAnswer(browser: BrowserClient): Promise<URL> {
  const redirect = await fetch(await beginLogin(browser), { redirect: 'manual' });
  return new URL(redirect.headers.get('location')!);
}

async function deliver(app: TestApp, browser: BrowserClient, url: URL) {
  return lookAt(app, browser, await browser.deliver({ method: 'GET', url: url.href }));
}

describe('the implicit flow of Connectis', () => {
  it('is off unless asked for by a name that warns', async () => {
    const app = await bed.start(atConnectis(bed.emulator));
    const url = await beginLogin(app.browser());
    expect(url.searchParams.get('response_type')).toBe('code');
  });

  it.each([
    'redis',
    'memory',
  ] as const)('logs in and cleans the address at once, with sessions in %s', async (kind) => {
    const { emulator } = bed;
    const redis = kind === 'redis' ? bed.redis.url : 'memory';
    const app = await bed.start(atConnectis(emulator, { options }), { redis });
    const browser = app.browser();
    const url = await beginLogin(browser, '/me?tab=2');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clients.connectis.clientId,
      response_type: 'id token token',
      redirect_uri: `${app.origin}/oauth/callback`,
      scope: 'openid',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });

    const { codeCalls } = emulator.counters;
    const answer = await app.logIn(browser, { path: '/me?tab=2' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const { sub, name, email } = emulator.settings.user;
    expect(await userOf(browser)).toEqual({ sub, name, email });
    expect(emulator.counters.codeCalls).toBe(codeCalls);
  });

  it('brings no tokens, and says so when one is asked for', async () => {
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    const browser = app.browser();
    await app.logIn(browser);
    const { userinfoCalls } = bed.emulator.counters;
    const missing = { status: 501, error: 'token_unavailable' };
    expect(await ask(browser, '/token')).toMatchObject(missing);
    expect(await ask(browser, '/userinfo')).toMatchObject(missing);
    expect(bed.emulator.counters.userinfoCalls).toBe(userinfoCalls);
    expect(await userOf(browser)).not.toBeNull();
    expect((await browser.post('/logout')).headers.get('location')).toBe('/');
  });

  it('tells of a cancelled login', async () => {
    bed.emulator.set({ decision: 'cancel' });
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    expect(await tryLogin(app)).toEqual(refused('login_denied', 403));
    expect(app.errors[0]?.error).toMatchObject({ oauthError: 'access_denied' });
  });
});

describe('an attack on the implicit flow of Connectis', () => {
  it.each([
    ...(['foreign-key', 'alg-none', 'public-key-as-secret', 'wrong-nonce'] as const),
    ...(['foreign-issuer', 'foreign-aud', 'expired'] as const),
  ])('%s is refused', async (attack) => {
    bed.emulator.set({ attack });
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it.each(['wrong-state', 'fragment'] as const)('%s finds no login that waits for it', async (attack) => {
    bed.emulator.set({ attack });
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    const browser = app.browser();
    const answer = await beginAndAnswer(browser);
    // A fragment stays in the browser.
    answer.hash = '';
    expect(await deliver(app, browser, answer)).toEqual(refused('login_not_found', 400));
  });

  it.each([
    ['a code beside the ID token', (answer: URL) => answer.searchParams.set('code', 'a-code')],
    [
      'a code instead of it',
      (answer: URL) => {
        answer.searchParams.delete('id_token');
        answer.searchParams.set('code', 'a-code');
      },
    ],
    ['no ID token', (answer: URL) => answer.searchParams.delete('id_token')],
    ['an empty ID token', (answer: URL) => answer.searchParams.set('id_token', '')],
    ['an error beside the ID token', (answer: URL) => answer.searchParams.set('error', 'access_denied')],
    ['two ID tokens', (answer: URL) => answer.searchParams.append('id_token', 'another')],
  ])('%s is refused', async (_name, spoil) => {
    const { codeCalls } = bed.emulator.counters;
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    const browser = app.browser();
    const answer = await beginAndAnswer(browser);
    spoil(answer);
    expect(await deliver(app, browser, answer)).toMatchObject({ user: undefined, hasSessionCookie: false });
    expect(app.errors).toHaveLength(1);
    expect(bed.emulator.counters.codeCalls).toBe(codeCalls);
  });

  it.each([
    ['RS256', loggedIn.error],
    ['RS512', 'provider_invalid_response'],
    ['PS256', 'provider_invalid_response'],
  ])('an ID token by the right key is taken by RS256 alone (%s)', async (alg, error) => {
    const key = await createRsaKey();
    const certificate = createSelfSignedCertificate('our broker', key);
    const app = await bed.start(atConnectis(bed.emulator, { options: { ...options, certificate } }));
    const browser = app.browser();
    const answer = await beginAndAnswer(browser);
    const claims = decodeJwt(answer.searchParams.get('id_token')!);
    const signed = await new SignJWT(claims).setProtectedHeader({ alg }).sign(key.privateKey);
    answer.searchParams.set('id_token', signed);
    expect((await deliver(app, browser, answer)).error).toBe(error);
  });

  it("a stranger's ID token in the victim's answer is refused by its nonce", async () => {
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    const [victim, stranger] = [app.browser(), app.browser()];
    const answer = await beginAndAnswer(victim);
    const foreign = await beginAndAnswer(stranger);
    answer.searchParams.set('id_token', foreign.searchParams.get('id_token')!);
    expect(await deliver(app, victim, answer)).toEqual(refused('provider_invalid_response'));
  });

  it('an answer by POST, by another browser or a second time is refused', async () => {
    const app = await bed.start(atConnectis(bed.emulator, { options }));
    const [browser, other] = [app.browser(), app.browser()];
    const answer = await beginAndAnswer(browser);
    expect(await deliver(app, other, answer)).toEqual(refused('login_not_found', 400));
    const thief = app.browser(browser.jar.clone());
    expect((await deliver(app, browser, answer)).user).toBe(bed.emulator.settings.user.sub);
    const second = await deliver(app, thief, answer);
    expect([second.user, second.hasSessionCookie, app.logins.length]).toEqual([undefined, false, 1]);

    const posted = await beginAndAnswer(other);
    const byPost = await other.post('/oauth/callback', posted.searchParams);
    expect(await lookAt(app, other, byPost)).toEqual(refused('login_invalid', 400));
  });

  it('an implicit answer to a login by code is refused', async () => {
    const app = await bed.start(atConnectis(bed.emulator));
    const browser = app.browser();
    const url = await beginLogin(browser);
    url.searchParams.set('response_type', 'id token token');
    const redirect = await fetch(url, { redirect: 'manual' });
    const answer = new URL(redirect.headers.get('location')!);
    expect(answer.searchParams.has('id_token')).toBe(true);
    expect(await deliver(app, browser, answer)).toEqual(refused('provider_invalid_response'));
  });
});
