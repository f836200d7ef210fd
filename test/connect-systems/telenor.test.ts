import { describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import { atTelenor, clients } from '../support/connect-systems.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { beginLogin, lookAt, refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createTelenorEmulator);

describe.each(['redis', 'memory'] as const)('a login at Telenor, with sessions in %s', (kind) => {
  it('leads from a guarded page to the person, renews tokens, and revokes both at the end', async () => {
    const { emulator, clock } = bed;
    const redis = kind === 'redis' ? bed.redis.url : 'memory';
    const app = await bed.start(atTelenor(emulator), { redis });
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/me?tab=2' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    const { sub, name, locale, email } = emulator.settings.user;
    const person = { sub, name, locale, email, email_verified: true };
    expect(await (await browser.get('/me')).json()).toMatchObject(person);
    expect(await ask(browser, '/userinfo')).toMatchObject(person);
    const exchange = emulator.requests.find(({ path }) => path === '/oauth/token')!;
    expect(exchange.form.get('client_id')).toBe(clients.telenor.clientId);
    expect(exchange.form.has('client_secret')).toBe(false);

    const first = await ask(browser, '/token');
    clock.advance(3_600_000);
    const second = await ask(browser, '/token');
    expect(second.token).not.toBe(first.token);
    expect(second.token).toBe(emulator.issued.accessTokens.at(-1));
    expect(await userOf(browser)).toMatchObject(person);

    const before = emulator.requests.length;
    const out = await browser.post('/logout');
    expect(out.status).toBe(303);
    expect(out.headers.get('location')).toBe('/');
    const calls = emulator.requests.slice(before).map(({ path, body }) => [path, body]);
    const revoked = (token: string) => ['/oauth/revoke', expect.stringContaining(`token=${token}`)];
    expect(calls).toEqual([revoked(emulator.issued.refreshTokens.at(-1)!), revoked(second.token)]);
    expect((await browser.get('/me')).status).toBe(302);
    expect(app.errors).toEqual([]);
  });
});

describe('a login at Telenor', () => {
  it('asks exactly what the documentation lists', async () => {
    const app = await bed.start(atTelenor(bed.emulator));
    const url = await beginLogin(app.browser());
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clients.telenor.clientId,
      response_type: 'code',
      redirect_uri: `${app.origin}/oauth/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('works for a public client, which has no secret and sends no Authorization', async () => {
    const { emulator } = bed;
    const change = { clientSecret: undefined };
    const app = await bed.start(atTelenor(emulator, { options: change, client: change }));
    const browser = app.browser();
    await app.logIn(browser);
    bed.clock.advance(3_600_000);
    expect((await ask(browser, '/token')).status).toBe(200);
    const before = emulator.requests.length;
    await browser.post('/logout');
    const revocations = emulator.requests.slice(before);
    expect(revocations.map(({ path, status, headers }) => [path, status, headers.authorization])).toEqual([
      ['/oauth/revoke', 200, undefined],
      ['/oauth/revoke', 200, undefined],
    ]);
    const token = emulator.issued.accessTokens.at(-1)!;
    const userinfo = await fetch(emulator.url('/oauth/userinfo'), {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(userinfo.status).toBe(401);
  });

  it('gives the phone number as it comes, without a plus', async () => {
    const app = await bed.start(atTelenor(bed.emulator, { options: { scope: 'openid phone' } }));
    const browser = app.browser();
    await app.logIn(browser);
    expect(await userOf(browser)).toMatchObject({ phone_number: '4798765432', phone_number_verified: true });
  });

  it('tells the application which scopes the person refused', async () => {
    bed.emulator.set({ grantedScopes: ['openid'] });
    const app = await bed.start(atTelenor(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    expect(app.logins).toMatchObject([{ missingScopes: ['profile', 'email'] }]);
    expect(await userOf(browser)).toMatchObject({ sub: bed.emulator.settings.user.sub });
  });

  it('is refused for missing scopes when told to, and its tokens are revoked', async () => {
    const { emulator } = bed;
    emulator.set({ grantedScopes: ['openid', 'profile'] });
    const app = await bed.start(atTelenor(emulator, { options: { refuseMissingScopes: true } }));
    const { revokeCalls } = emulator.counters;
    expect(await tryLogin(app)).toEqual(refused('login_refused', 403));
    expect(emulator.counters.revokeCalls).toBe(revokeCalls + 2);
    expect(app.errors[0]?.error.message).toContain('did not grant: email');
  });

  it.each([
    'openid  profile email',
    ' openid profile email',
    'openid\nprofile email\n',
  ])('misses no scope between two spaces when they are written %j', async (scope) => {
    const { emulator } = bed;
    emulator.set({ grantedScopes: ['openid', 'profile', 'email'] });
    const app = await bed.start(atTelenor(emulator, { options: { scope, refuseMissingScopes: true } }));
    const url = await beginLogin(app.browser());
    expect(url.searchParams.get('scope')).toBe('openid profile email');
    expect((await tryLogin(app)).status).toBe(303);
    expect(app.logins).toMatchObject([{ missingScopes: [] }]);
  });

  it.each([
    [true, Number.POSITIVE_INFINITY],
    [false, expect.any(Number)],
  ])('ends with the browser when td_sls is %s, whatever session.persistent says (Q20)', async (shortLivedSession, end) => {
    bed.emulator.set({ shortLivedSession });
    const app = await bed.start(atTelenor(bed.emulator), { session: { persistent: true } });
    const browser = app.browser();
    const answer = await app.logIn(browser);
    const line = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('session='));
    expect(/expires|max-age/i.test(line!)).toBe(!shortLivedSession);
    expect(browser.jar.get('session')?.expiresAt).toEqual(end);
  });

  it('steps up to the level a page asks for; a higher level answers a lower one', async () => {
    const { emulator } = bed;
    emulator.set({ acr: '1' });
    const app = await bed.start(atTelenor(emulator), {
      handlers: (express) => {
        express.get(
          '/weak',
          requireAuth({ acrValues: '1' }),
          (req, res) => void res.json({ acr: req.auth.acr }),
        );
      },
    });
    const browser = app.browser();
    await app.logIn(browser, { path: '/weak' });
    expect(await ask(browser, '/weak')).toEqual({ status: 200, acr: '1' });

    const stepUp = await beginLogin(browser, '/strong');
    expect(stepUp.searchParams.get('acr_values')).toBe('2');
    await app.logIn(browser, { path: '/strong' });
    expect(await ask(browser, '/strong')).toEqual({ status: 200, acr: '2' });
    expect(await ask(browser, '/weak')).toEqual({ status: 200, acr: '2' });
  });

  it('is proven again when a page asks for a fresh one', async () => {
    const { emulator, clock } = bed;
    const jar = createCookieJar();
    const app = await bed.start(atTelenor(emulator, { client: { sso: true } }));
    const browser = app.browser();
    await app.logIn(browser, { path: '/fresh', jar });
    expect((await browser.get('/fresh')).status).toBe(200);
    // Five minutes, and the half minute that clocks may differ by.
    clock.advance(331_000);
    const again = await beginLogin(browser, '/fresh');
    expect(again.searchParams.get('max_age')).toBe('300');
    await app.logIn(browser, { path: '/fresh', jar });
    expect((await browser.get('/fresh')).status).toBe(200);
  });

  it('is silent where the browser has a session at Telenor, and comes back as nobody where it has none', async () => {
    const app = await bed.start(atTelenor(bed.emulator, { client: { sso: true } }));
    const jar = createCookieJar();
    const stranger = await app.logIn(app.browser(), { path: '/silent', jar });
    expect([stranger.status, stranger.headers.get('location')]).toEqual([303, '/']);
    expect(bed.emulator.deliveries.at(-1)?.parameters.error).toBe('login_required');
    expect(app.errors).toEqual([]);

    await app.logIn(app.browser(), { jar });
    const browser = app.browser();
    await app.logIn(browser, { path: '/silent', jar });
    expect(await userOf(browser)).toMatchObject({ sub: bed.emulator.settings.user.sub });
  });

  it('shows people nothing of error_description', async () => {
    bed.emulator.set({ decision: 'cancel' });
    const app = await bed.start(atTelenor(bed.emulator));
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(403);
    expect(bed.emulator.deliveries.at(-1)?.parameters.error_description).toBe('the person cancelled');
    expect(await answer.text()).not.toContain('the person cancelled');
  });
});

describe('an attack on a login at Telenor', () => {
  it.each([
    ['foreign-aud', '/me', refused('provider_invalid_response')],
    ['foreign-issuer', '/me', refused('provider_invalid_response')],
    ['two-audiences', '/me', refused('provider_invalid_response')],
    ['stale-auth-time', '/fresh', refused('login_insufficient', 403)],
    ['lower-acr', '/strong', refused('login_insufficient', 403)],
  ] as const)('%s is refused, and no token is used', async (attack, path, outcome) => {
    const { emulator } = bed;
    emulator.set({ attack });
    const app = await bed.start(atTelenor(emulator, { options: { userinfoAtLogin: true } }));
    const { userinfoCalls, refreshCalls } = emulator.counters;
    expect(await tryLogin(app, { path })).toEqual(outcome);
    expect(emulator.counters).toMatchObject({ userinfoCalls, refreshCalls });
  });

  it('wrong-state is refused and does not end the login that waits', async () => {
    const { emulator } = bed;
    const app = await bed.start(atTelenor(emulator));
    const browser = app.browser();
    const url = await beginLogin(browser);
    emulator.set({ attack: 'wrong-state' });
    const forged = await fetch(url, { redirect: 'manual' });
    const answer = await browser.deliver({ method: 'GET', url: forged.headers.get('location')! });
    expect(await lookAt(app, browser, answer)).toEqual(refused('login_not_found', 400));

    emulator.set({ attack: undefined });
    const honest = await fetch(url, { redirect: 'manual' });
    await browser.deliver({ method: 'GET', url: honest.headers.get('location')! });
    expect(await userOf(browser)).toMatchObject({ sub: emulator.settings.user.sub });
  });
});
