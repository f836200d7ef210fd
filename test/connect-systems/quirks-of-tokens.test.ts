import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createDidEmulator } from '../emulators/did.ts';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import type { IssuedValues } from '../emulators/grants.ts';
import { createTelenorEmulator } from '../emulators/telenor.ts';
import { atConnectis, atDid, atFewlines, atTelenor, type Preset } from '../support/connect-systems.ts';
import type { ListeningServer } from '../support/listen.ts';
import { tryLogin } from '../support/login-outcome.ts';
import {
  asOidc,
  connectisByHand,
  didByHand,
  fewlinesByHand,
  serveKeyOf,
  telenorByHand,
} from '../support/oidc-systems.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const fewlines = setUpSystem(createFewlinesEmulator);
const telenor = setUpSystem(createTelenorEmulator);
const connectis = setUpSystem(createConnectisEmulator);
const did = setUpSystem(createDidEmulator);

let keys: ListeningServer;
beforeAll(async () => {
  keys = await serveKeyOf(connectis.emulator.certificate);
});
afterAll(() => keys.close());

describe('expires_in in milliseconds', () => {
  const useAfterTwoMinutes = async (expiresInUnit: 'ms' | 's') => {
    connectis.emulator.set({ accessTokenMs: 100_000 });
    const system = connectisByHand(connectis.emulator, keys.origin);
    const app = await connectis.start(asOidc(system, { quirks: { expiresInUnit } }));
    const browser = app.browser();
    await app.logIn(browser);
    connectis.clock.advance(120_000);
    const before = connectis.emulator.requests.length;
    const { status, name } = await ask(browser, '/userinfo');
    const refused = connectis.emulator.requests.slice(before).filter((request) => request.status === 401);
    return { status, name, refused: refused.length };
  };

  it('is divided, so that a token is renewed before it is used beyond its end (Q5)', async () => {
    expect(await useAfterTwoMinutes('ms')).toEqual({ status: 200, name: 'Kari Nordmann', refused: 0 });
  });

  it('makes dead tokens seem alive when read as seconds (Q5 off)', async () => {
    expect(await useAfterTwoMinutes('s')).toMatchObject({ refused: 1 });
  });
});

describe('an error of the token endpoint', () => {
  const faultOf = async (bed: typeof did | typeof telenor, preset: Preset) => {
    const app = await bed.start(preset, { redis: 'memory' });
    expect(await tryLogin(app)).toMatchObject({ user: undefined, hasSessionCookie: false });
    const { code, oauthError } = app.errors[0]!.error as { code: string; oauthError?: string };
    return { code, oauthError };
  };
  const wrong = { clientSecret: 'a secret that is not the right one' };

  it.each([
    [
      'is read when it is an object (Q14)',
      'object',
      { code: 'provider_refused', oauthError: 'token_declined' },
    ],
    ['is opaque otherwise (Q14 off)', 'oauth', { code: 'provider_invalid_response', oauthError: undefined }],
  ] as const)('%s', async (_what, errorFormat, fault) => {
    const preset = asOidc(didByHand(did.emulator), { ...wrong, quirks: { errorFormat } });
    expect(await faultOf(did, preset)).toEqual(fault);
  });

  it('is read beside a challenge, which the library would tell instead (Q15)', async () => {
    const preset = asOidc(telenorByHand(telenor.emulator), wrong);
    const fault = { code: 'provider_refused', oauthError: 'invalid_client' };
    expect(await faultOf(telenor, preset)).toEqual(fault);
    expect(telenor.emulator.requests.at(-1)!.status).toBe(401);
  });
});

describe('a refresh', () => {
  it('that brings no ID token and no scope keeps what was known (Q16)', async () => {
    const app = await connectis.start(asOidc(connectisByHand(connectis.emulator, keys.origin)));
    const browser = app.browser();
    await app.logIn(browser);
    const before = await userOf(browser);
    connectis.clock.advance(3_600_000);
    const { refreshCalls } = connectis.emulator.counters;
    expect((await ask(browser, '/token')).status).toBe(200);
    expect(connectis.emulator.counters.refreshCalls).toBe(refreshCalls + 1);
    expect(await userOf(browser)).toEqual(before);
    expect(before).toMatchObject({ name: 'Kari Nordmann' });
  });

  it('uses a refresh token once, however many ask, on two processes, and keeps the next (Q17)', async () => {
    const { emulator, clock } = telenor;
    const preset = asOidc(telenorByHand(emulator));
    const shared = { application: 'on two processes' };
    const [first, second] = [await telenor.start(preset, shared), await telenor.start(preset, shared)];
    // The second registered its own callback over the first one's.
    const browser = second.browser();
    await second.logIn(browser);
    const other = first.browser(browser.jar);
    for (const round of [1, 2, 3]) {
      clock.advance(3_600_000);
      const { refreshCalls } = emulator.counters;
      const asked = [browser, other, browser, other].map((each) => ask(each, '/token'));
      const tokens = (await Promise.all(asked)).map(({ token }) => token);
      expect([round, new Set(tokens)]).toEqual([round, new Set([emulator.issued.accessTokens.at(-1)])]);
      expect(emulator.counters.refreshCalls).toBe(refreshCalls + 1);
    }
  });

  it.each([
    ['names the scopes where the switch says so', true, 'openid profile email'],
    ['names none by default', false, null],
  ])('%s', async (_what, refreshScope, scope) => {
    fewlines.emulator.set({ tokenIssuer: fewlines.emulator.origin });
    const app = await fewlines.start(asOidc(fewlinesByHand(fewlines.emulator), { quirks: { refreshScope } }));
    const browser = app.browser();
    await app.logIn(browser);
    fewlines.clock.advance(3_600_000);
    expect((await ask(browser, '/token')).status).toBe(200);
    expect(fewlines.emulator.requests.at(-1)!.form.get('scope')).toBe(scope);
  });
});

describe('a logout', () => {
  it.each([
    ['names neither kind of token nor ID token where the switches say so', false, [null, null], false],
    ['names them by default', true, ['refresh_token', 'access_token'], true],
  ])('%s', async (_what, hint, kinds, hasIdToken) => {
    const { emulator } = telenor;
    const quirks = { revocationHint: hint, logoutHint: hint };
    const app = await telenor.start(asOidc(telenorByHand(emulator, { sso: true }), { quirks }));
    const browser = app.browser();
    await app.logIn(browser);
    const out = await browser.post('/logout');
    const revocations = emulator.requests.slice(-2);
    expect(revocations.map(({ form }) => form.get('token_type_hint'))).toEqual(kinds);
    const target = new URL(out.headers.get('location')!);
    expect(target.searchParams.has('id_token_hint')).toBe(hasIdToken);
  });
});

describe('what a browser is given', () => {
  it.each([
    ['Fewlines', () => [fewlines, atFewlines(fewlines.emulator), fewlines.emulator.issued] as const],
    ['Telenor', () => [telenor, atTelenor(telenor.emulator), telenor.emulator.issued] as const],
    ['Connectis', () => [connectis, atConnectis(connectis.emulator), connectis.emulator.issued] as const],
    ['DID.app', () => [did, atDid(did.emulator), did.emulator.issued] as const],
  ])('never holds a token of %s, whole or in part (Q21)', async (_name, system) => {
    const [bed, preset, issued] = system();
    if (bed === fewlines) fewlines.emulator.set({ tokenAnswer: 'full' });
    const app = await bed.start(preset);
    const browser = app.browser();
    const seen: string[] = [];
    const see = async (answer: Response) => {
      seen.push(JSON.stringify([...answer.headers]), await answer.text());
    };
    await see(await app.logIn(browser, { path: '/me' }));
    for (const path of ['/', '/me', '/save?k=v', '/userinfo']) await see(await browser.get(path));
    seen.push(JSON.stringify(browser.jar.all()));
    await see(await browser.post('/logout'));

    const told = seen.join('\n') + decodeURIComponent(seen.join('\n').replaceAll('%', '%25'));
    const secrets = partsOf(issued);
    expect(secrets.length).toBeGreaterThan(2);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
    const cookies = browser.jar.all().map(({ name, value }) => name.length + value.length);
    expect(Math.max(0, ...cookies)).toBeLessThan(200);
  });
});

/** The codes and tokens, and the parts of those that are JWTs, but for headers, which are no secret. */
function partsOf({ codes, accessTokens, refreshTokens, idTokens }: IssuedValues): string[] {
  const values = [...codes, ...accessTokens, ...refreshTokens, ...idTokens];
  return values.flatMap((value) => [value, ...value.split('.').slice(1)]).filter((part) => part.length > 20);
}
