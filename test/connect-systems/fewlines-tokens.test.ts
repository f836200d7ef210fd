import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodeJwt, SignJWT } from 'jose';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { atFewlines, clients } from '../support/connect-systems.ts';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem, userOf } from '../support/system-bed.ts';

const bed = setUpSystem(createFewlinesEmulator);

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const client = { encryption: { key: keys.publicKey } };
const decryptionKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const issuer = 'http://connect-api.internal.svc.cluster.local';
const { audience } = clients.fewlines;

const kinds = [
  ['HS256', {}],
  ['RS256', { accessTokenAlgorithm: 'RS256' }],
  ['JWE', { accessTokenAlgorithm: 'RS256', decryptionKey }],
  ['JWE-bare', { accessTokenAlgorithm: 'RS256', decryptionKey, encryptedContent: 'bare' }],
] as const;

describe('an access token of Fewlines that says who logged in (Q6)', () => {
  it.each(kinds)('is read in the form %s, and again after a refresh', async (jwt, options) => {
    bed.emulator.set({ jwt });
    const app = await bed.start(
      atFewlines(bed.emulator, { options: { ...options, audience, issuer }, client }),
    );
    const browser = app.browser();
    await app.logIn(browser);
    const { sub } = bed.emulator.settings.user;
    expect(await userOf(browser)).toEqual({ sub });
    bed.clock.advance(3_600_000);
    expect((await ask(browser, '/token')).status).toBe(200);
    expect(await userOf(browser)).toEqual({ sub });
  });

  it.each([
    ['A256CBC-HS512', 'RSA-OAEP'],
    ['A128GCM', 'RSA-OAEP-256'],
  ])('is decrypted by %s and %s too', async (enc, alg) => {
    bed.emulator.set({ jwt: 'JWE' });
    const encryption = { key: keys.publicKey, enc, alg };
    const options = { accessTokenAlgorithm: 'RS256', decryptionKey } as const;
    const app = await bed.start(atFewlines(bed.emulator, { options, client: { encryption } }));
    const browser = app.browser();
    await app.logIn(browser);
    expect(await userOf(browser)).toEqual({ sub: bed.emulator.settings.user.sub });
  });

  it.each(['always', 'never', 'sometimes'] as const)('needs no iat (%s)', async (iat) => {
    bed.emulator.set({ iat });
    const app = await bed.start(atFewlines(bed.emulator));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
  });

  it.each([
    ['HS256', 'RS256', {}],
    ['RS256', 'HS256', { accessTokenAlgorithm: 'RS256' }],
    ['RS256', 'JWE', { accessTokenAlgorithm: 'RS256' }],
    ['JWE', 'RS256', { accessTokenAlgorithm: 'RS256', decryptionKey }],
    ['JWE-bare', 'JWE', { ...kinds[3][1] }],
    ['JWE', 'JWE-bare', { ...kinds[2][1] }],
  ] as const)('is taken in the form configured (%s) and never in the one its header names (%s)', async (_configured, jwt, options) => {
    bed.emulator.set({ jwt });
    const app = await bed.start(atFewlines(bed.emulator, { options, client }));
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it.each([
    ['HS256', loggedIn.error],
    ['HS384', 'provider_invalid_response'],
    ['HS512', 'provider_invalid_response'],
  ])('is taken by the one algorithm configured, though %s has the right secret', async (alg, error) => {
    const secret = new TextEncoder().encode(clients.fewlines.clientSecret);
    bed.emulator.set({
      beforeTokenAnswer: async ({ answer }) => {
        const { access_token, ...rest } = JSON.parse(answer.body);
        const again = await new SignJWT(decodeJwt(access_token)).setProtectedHeader({ alg }).sign(secret);
        answer.body = JSON.stringify({ ...rest, access_token: again });
      },
    });
    const app = await bed.start(atFewlines(bed.emulator));
    expect((await tryLogin(app)).error).toBe(error);
  });

  it.each([
    ['audience', { audience: 'another-application' }],
    ['issuer', { issuer: 'https://connect.example' }],
  ])('must have the %s of the options', async (_name, options) => {
    const app = await bed.start(atFewlines(bed.emulator, { options }));
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });
});

const keyAttacks = ['foreign-key', 'alg-none', 'public-key-as-secret'] as const;
const claimAttacks = ['expired', 'foreign-aud', 'missing-sub'] as const;
const attacks = kinds.flatMap(([jwt, options]) =>
  [...keyAttacks, ...claimAttacks].map((attack) => ({ jwt, options, attack })),
);

describe('an attack on the access token of Fewlines', () => {
  it.each(attacks)('$attack is refused for $jwt, and no token is used', async ({ jwt, options, attack }) => {
    const { emulator } = bed;
    emulator.set({ jwt, attack });
    const preset = atFewlines(emulator, { options: { ...options, audience, userinfoAtLogin: true }, client });
    const app = await bed.start(preset);
    const before = { ...emulator.counters };
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(emulator.counters).toMatchObject({
      codeCalls: before.codeCalls + 1,
      refreshCalls: before.refreshCalls,
      userinfoCalls: before.userinfoCalls,
    });
  });

  it('is refused at a refresh as well, and the session lives on with what it knew', async () => {
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    bed.emulator.set({ attack: 'foreign-key' });
    bed.clock.advance(3_600_000);
    expect(await ask(browser, '/token')).toMatchObject({ status: 502, error: 'provider_invalid_response' });
    expect(await userOf(browser)).toEqual({ sub: bed.emulator.settings.user.sub });
  });
});

describe('an ID token of Fewlines (Q7)', () => {
  it.each([
    ['the client id', 'client', {}],
    ['the client id, with an audience configured', 'client', { audience }],
    ['the audience of the access token', 'application', {}],
    ['the audience configured', 'application', { audience, issuer }],
  ] as const)('is accepted for %s', async (_for, idTokenAudience, options) => {
    bed.emulator.set({ tokenAnswer: 'full', idTokenAudience });
    const app = await bed.start(atFewlines(bed.emulator, { options }));
    const browser = app.browser();
    await app.logIn(browser);
    const { sub, name } = bed.emulator.settings.user;
    expect(await userOf(browser)).toMatchObject({ sub, name });
  });

  it.each(['HS256', 'RS256'] as const)('is verified with %s', async (jwt) => {
    bed.emulator.set({ tokenAnswer: 'full', jwt });
    const app = await bed.start(atFewlines(bed.emulator, { options: { accessTokenAlgorithm: jwt } }));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
  });

  it.each([
    ...keyAttacks.map((attack) => [attack, {}] as const),
    ...claimAttacks.map((attack) => [attack, {}] as const),
    ['foreign-aud', { audience, issuer }] as const,
  ])('is refused under the attack %s, though the access token is honest', async (attack, options) => {
    bed.emulator.set({ tokenAnswer: 'full', attack, attackOn: 'id_token' });
    const app = await bed.start(atFewlines(bed.emulator, { options }));
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('must speak of the person of the access token', async () => {
    const { emulator } = bed;
    const app = await bed.start(atFewlines(emulator));
    const kari = emulator.settings.user;
    emulator.set({ tokenAnswer: 'full', user: { sub: 'somebody-else' } });
    expect((await tryLogin(app)).user).toBe('somebody-else');
    const id_token = emulator.issued.idTokens.at(-1);

    emulator.set({
      user: kari,
      beforeTokenAnswer: ({ answer }) => {
        answer.body = JSON.stringify({ ...JSON.parse(answer.body), id_token });
      },
    });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });
});
