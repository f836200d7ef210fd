import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createRsaKey } from '../emulators/signing.ts';
import { atConnectis, clients } from '../support/connect-systems.ts';
import { beginLogin, refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createConnectisEmulator);
const tokenPath = '/broker/openidconnect/token';

describe.each(['redis', 'memory'] as const)('a login at Connectis, with sessions in %s', (kind) => {
  it('leads from a guarded page to the person, renews tokens, keeps the claims and ends here', async () => {
    const { emulator, clock } = bed;
    const redis = kind === 'redis' ? bed.redis.url : 'memory';
    const app = await bed.start(atConnectis(emulator), { redis });
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/me?tab=2' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');
    const { sub, name, email } = emulator.settings.user;
    const person = { sub, name, email };
    expect(await (await browser.get('/me')).json()).toEqual(person);
    expect(await ask(browser, '/userinfo')).toMatchObject({ status: 200, sub, given_name: 'Kari' });

    const first = await ask(browser, '/token');
    clock.advance(3_600_000);
    const second = await ask(browser, '/token');
    expect(second.token).not.toBe(first.token);
    expect(second.token).toBe(emulator.issued.accessTokens.at(-1));
    expect(emulator.issued.idTokens).toHaveLength(emulator.issued.codes.length);
    expect(await userOf(browser)).toEqual(person);

    const before = emulator.requests.length;
    const out = await browser.post('/logout');
    expect(out.headers.get('location')).toBe('/');
    expect((await browser.get('/me')).status).toBe(302);
    expect(emulator.requests).toHaveLength(before);
    expect(app.errors).toEqual([]);
  });
});

describe('a login at Connectis', () => {
  it('asks exactly what the documentation lists, with a nonce', async () => {
    const app = await bed.start(atConnectis(bed.emulator));
    const url = await beginLogin(app.browser());
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: clients.connectis.clientId,
      response_type: 'code',
      redirect_uri: `${app.origin}/oauth/callback`,
      scope: 'openid',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it.each([
    'query',
    'body',
  ] as const)('sends the token parameters in the %s and nowhere else', async (tokenParams) => {
    const { emulator } = bed;
    emulator.set({ tokenParams });
    const app = await bed.start(atConnectis(emulator, { options: { tokenParams } }));
    const browser = app.browser();
    await app.logIn(browser);
    bed.clock.advance(3_600_000);
    await ask(browser, '/token');
    const [login, refresh] = emulator.requests.filter(({ path }) => path === tokenPath).slice(-2);
    for (const request of [login!, refresh!]) {
      const [given, other] =
        tokenParams === 'query' ? [request.query, request.body] : [request.form, request.search];
      expect(given.get('client_secret')).toBe(clients.connectis.clientSecret);
      expect([request.method, request.status, other]).toEqual(['POST', 200, '']);
    }
  });

  it.each(['ms', 's'] as const)('knows when the token really ends, told in %s', async (expiresInUnit) => {
    const { emulator, clock } = bed;
    emulator.set({ expiresInUnit, accessTokenMs: 120_000 });
    const app = await bed.start(atConnectis(emulator, { options: { expiresInUnit } }));
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser, '/token');
    clock.advance(60_000);
    expect((await ask(browser, '/token')).token).toBe(token);
    clock.advance(59_000);
    expect((await ask(browser, '/token')).token).not.toBe(token);
    expect((await ask(browser, '/userinfo')).status).toBe(200);
  });

  it('warns once when the unit looks wrong', async () => {
    bed.emulator.set({ expiresInUnit: 's' });
    const app = await bed.start(atConnectis(bed.emulator));
    // Jest's copy of `process` tells its warnings to the real one, where a test cannot listen.
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    await app.logIn(app.browser());
    await app.logIn(app.browser());
    const warnings = [...warn.mock.calls];
    warn.mockRestore();
    expect(warnings).toEqual([
      [
        expect.stringContaining("Set expiresInUnit: 's'."),
        expect.objectContaining({ type: 'ConnectAuthWarning' }),
      ],
    ]);
  });

  it.each([true, false])('needs no kid in the ID token (includeKid: %s)', async (includeKid) => {
    bed.emulator.set({ includeKid });
    const app = await bed.start(atConnectis(bed.emulator));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
  });

  it('verifies with the certificate that was handed over, and with no other', async () => {
    const certificate = createSelfSignedCertificate('another broker', await createRsaKey());
    const app = await bed.start(atConnectis(bed.emulator, { options: { certificate } }));
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('takes the issuer from the options, to the letter', async () => {
    const issuer = 'https://broker.example/broker/sp/oidc';
    bed.emulator.set({ issuer });
    const app = await bed.start(atConnectis(bed.emulator));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
    const slash = await bed.start(atConnectis(bed.emulator, { options: { issuer: `${issuer}/` } }));
    expect(await tryLogin(slash)).toEqual(refused('provider_invalid_response'));
  });

  it('takes whatever error the broker has, and tells only the application', async () => {
    bed.emulator.set({ decision: 'cancel', cancelError: 'AuthnFailed' });
    const app = await bed.start(atConnectis(bed.emulator));
    const answer = await app.logIn(app.browser());
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toMatch(/AuthnFailed|the person cancelled/);
    expect(app.errors[0]?.error).toMatchObject({ code: 'login_denied', oauthError: 'AuthnFailed' });
  });

  it.each([
    'server-error',
    'too-many-requests',
    'html',
    'reset',
    'hang',
  ] as const)('tells nothing of the secret and the code in the URL when the broker fails (%s)', async (fault) => {
    const { emulator } = bed;
    const app = await bed.start(atConnectis(emulator, { options: { timeoutMs: 200 } }));
    emulator.faults.next(fault);
    const answer = await app.logIn(app.browser());
    const told = inspect(app.errors[0]?.error, { depth: null }) + (await answer.text());
    const { clientSecret } = clients.connectis;
    const secrets = [
      clientSecret,
      encodeURIComponent(clientSecret),
      emulator.issued.codes.at(-1)!,
      'client_secret',
    ];
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
    expect(app.errors[0]?.error.code).toMatch(/^provider_/);
  });
});

describe('an attack on a login at Connectis', () => {
  it.each([
    ...(['foreign-key', 'alg-none', 'public-key-as-secret', 'wrong-nonce'] as const),
    ...(['foreign-issuer', 'foreign-aud', 'expired'] as const),
  ])('%s is refused, and no token is used', async (attack) => {
    const { emulator } = bed;
    emulator.set({ attack });
    const app = await bed.start(atConnectis(emulator, { options: { userinfoAtLogin: true } }));
    const { userinfoCalls, refreshCalls } = emulator.counters;
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(emulator.counters).toMatchObject({ userinfoCalls, refreshCalls });
  });

  it('wrong-state is refused before the code is used', async () => {
    const { emulator } = bed;
    emulator.set({ attack: 'wrong-state' });
    const app = await bed.start(atConnectis(emulator));
    const { codeCalls } = emulator.counters;
    expect(await tryLogin(app)).toEqual(refused('login_not_found', 400));
    expect(emulator.counters.codeCalls).toBe(codeCalls);
  });
});
