import { generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { done, failedLogout, refusedLogout, sendLogout } from '../support/logout-token.ts';
import { json } from '../support/scripted-answers.ts';
import { breakSignature, createScriptedKey, type ScriptedKey } from '../support/scripted-keys.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, now: clock.now, ...options });
const first = op.key;
afterEach(() => {
  op.key = first;
});

/** Another key under the name of the first. */
function createRsaKeyOf(bits: number): ScriptedKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: first.kid, alg: 'RS256', use: 'sig' };
  return { alg: 'RS256', kid: first.kid, privateKey, jwk };
}

describe.each([
  ['of 2048 bits', {}, () => createScriptedKey('RS256', first.kid)],
  ['of 1024 bits', { quirks: { minimumKeyBits: 1024 } } as const, () => createRsaKeyOf(1024)],
  ['without a name', {}, () => createScriptedKey('RS256')],
])('a key %s that replaces another', (_, oidc, createKey) => {
  it('is found at the next login, by one look at the keys (N-10)', async () => {
    const app = await start({ oidc });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.forgetRequests();
    op.key = createKey();
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(op.requests('jwks')).toHaveLength(1);
    expect(await tryLogin(app)).toEqual(loggedIn);
    expect(op.requests('jwks')).toHaveLength(1);
  });

  it('is found by all logins of that moment, by one look (N-10)', async () => {
    const app = await start({ oidc });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.forgetRequests();
    op.key = createKey();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => tryLogin(app)));
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => loggedIn));
    expect(op.requests('jwks')).toHaveLength(1);
  });

  it('is found for a logout token as soon as a look is allowed, and until then it is to come again (N-10)', async () => {
    const app = await start({ oidc });
    const browser = app.browser();
    await app.logIn(browser);
    op.forgetRequests();
    op.key = createKey();
    const send = () => sendLogout(app, op, { sub: 'ada', now: clock.now });
    expect(await send()).toEqual(failedLogout);
    clock.advance(29_999);
    expect(await send()).toEqual(failedLogout);
    expect(op.requests('jwks')).toHaveLength(0);
    clock.advance(1);
    expect(await send()).toEqual(done);
    expect(op.requests('jwks')).toHaveLength(1);
    expect(await whoIs(browser)).toBeNull();
  });
});

describe('a signature that no key fits', () => {
  it('costs a login, and a look at the keys once a second (N-10)', async () => {
    const app = await start();
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.forgetRequests();
    op.script({ idToken: breakSignature });
    for (let count = 0; count < 5; count += 1)
      expect((await tryLogin(app)).error).toBe('provider_invalid_response');
    expect(op.requests('jwks')).toHaveLength(1);
    clock.advance(1000);
    await tryLogin(app);
    expect(op.requests('jwks')).toHaveLength(2);
  });

  it('is refused in a logout token after one look, and the next is to come again (N-10)', async () => {
    const app = await start();
    await tryLogin(app);
    op.forgetRequests();
    const key = createScriptedKey('RS256', first.kid);
    const send = () => sendLogout(app, op, { sub: 'ada', key, now: clock.now });
    clock.advance(30_000);
    expect(await send()).toEqual(refusedLogout);
    for (let count = 0; count < 5; count += 1) expect(await send()).toEqual(failedLogout);
    expect(op.requests('jwks')).toHaveLength(1);
  });

  it('is nothing to refuse a login for while the keys cannot be looked at (N-10)', async () => {
    const app = await start();
    await tryLogin(app);
    op.script({ idToken: breakSignature, jwks: () => json(500, {}) });
    expect((await tryLogin(app)).error).toBe('provider_unavailable');
  });
});

describe('keys of few bits', () => {
  it.each([
    [2048, 1024, refused('provider_invalid_response')],
    [1024, 1024, loggedIn],
    [1024, 1023, refused('provider_invalid_response')],
    [1024, 768, refused('provider_invalid_response')],
    [1024, 512, refused('provider_invalid_response')],
  ] as const)('where %d are needed, one of %d is judged by that (N-35)', async (minimumKeyBits, bits, outcome) => {
    const app = await start({ oidc: { quirks: { minimumKeyBits } } });
    op.key = createRsaKeyOf(bits);
    expect(await tryLogin(app)).toEqual(outcome);
  });

  it('take no key that is for another algorithm, or that cannot be read, for one of theirs', async () => {
    const app = await start({ oidc: { quirks: { minimumKeyBits: 1024 } } });
    op.key = createRsaKeyOf(1024);
    op.script({ jwks: () => ({ keys: [{ ...op.key.jwk, alg: 'PS256' }] }) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    op.script({ jwks: () => ({ keys: [{ kty: 'RSA', kid: first.kid, n: 7 }, op.key.jwk] }) });
    clock.advance(1000);
    expect((await tryLogin(app)).user).toBe('ada');
  });

  it('change nothing for other algorithms', async () => {
    const key = createScriptedKey('ES256', 'an EC key');
    const oidc = { idTokenSigningAlgorithm: 'ES256', quirks: { minimumKeyBits: 1024 } } as const;
    const app = await start({ oidc });
    op.script({ key, jwks: () => ({ keys: [key.jwk, first.jwk] }) });
    expect(await tryLogin(app)).toEqual(loggedIn);
    op.script({ jwks: () => ({ keys: [key.jwk, first.jwk] }) });
    expect((await tryLogin(app)).error).toBe('provider_invalid_response');
  });
});

describe('a wall clock that steps back', () => {
  const day = 86_400_000;
  const startStepping = async () => {
    let step = 0;
    const app = await start({
      now: { now: () => clock.now() + step, monotonic: clock.now, store: undefined },
      oidc: { clockToleranceSeconds: 30 },
    });
    return {
      app,
      stepTo: (ms: number) => {
        step = ms;
      },
    };
  };

  it.each([
    -day,
    -3_600_000,
    day,
  ])('by %d ms leaves no logout token to come again for ever (N-06)', async (ms) => {
    const { app, stepTo } = await startStepping();
    await tryLogin(app);
    op.key = createScriptedKey('RS256', 'the next key');
    stepTo(ms);
    clock.advance(30_000);
    const now = () => clock.now() + ms;
    expect(await sendLogout(app, op, { sub: 'ada', now })).toEqual(done);
  });

  it.each([-day, -3_600_000])('by %d ms lets no withdrawn key count for longer (N-06)', async (ms) => {
    const { app, stepTo } = await startStepping();
    await tryLogin(app);
    op.key = createScriptedKey('RS256', 'the next key');
    stepTo(ms);
    clock.advance(300_000);
    const now = () => clock.now() + ms;
    expect(await sendLogout(app, op, { sub: 'ada', key: first, now })).toEqual(refusedLogout);
  });

  it('by a day has the metadata looked up again after an hour all the same (N-06)', async () => {
    const { app, stepTo } = await startStepping();
    await tryLogin(app);
    op.forgetRequests();
    stepTo(-day);
    clock.advance(3_600_000);
    await app.browser().get('/login');
    expect(op.requests('discovery')).toHaveLength(1);
  });
});
