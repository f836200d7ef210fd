import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type OidcOptions, providers } from 'express-connect-auth';
import { CompactEncrypt } from 'jose';
import { loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { type Claims, createScriptedKey, signToken } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const foreignKey = createScriptedKey('RS256', op.key.kid);
const psKey = createScriptedKey('PS256', 'a PS256 key');
const publicPem = createPublicKey(op.key.privateKey).export({ type: 'spki', format: 'pem' }).toString();

const withClaims = (changed: Claims): Script => ({ claims: (claims) => ({ ...claims, ...changed }) });
const withHeader = (changed: Claims): Script => ({ header: (header) => ({ ...header, ...changed }) });
/** Times of the token, in seconds from now. */
const at = (times: Record<string, number>): Script => ({
  claims: (claims) => ({
    ...claims,
    ...Object.fromEntries(
      Object.entries(times).map(([name, seconds]) => [name, Math.floor(Date.now() / 1000) + seconds]),
    ),
  }),
});
type Case = [title: string, script: Script, oidc?: Partial<OidcOptions>];
/** Jest takes a parameter without a value for its `done`. */
const complete = (cases: Case[]) =>
  cases.map(([title, script, oidc = {}]): Required<Case> => [title, script, oidc]);

const refusedTokens: Case[] = [
  ['names the issuer in capitals (R-07)', withClaims({ iss: op.issuer.toUpperCase() })],
  ['names the issuer without its slash (R-07)', withClaims({ iss: op.issuer.slice(0, -1) })],
  ['names the issuer with another port (R-07)', withClaims({ iss: op.issuer.replace(/:\d+\//, ':1/') })],
  ['names the issuer in a list (R-07)', withClaims({ iss: [op.issuer] })],
  [
    'is for us and an audience nobody trusts (R-08)',
    withClaims({ aud: [op.clientId, 'other'], azp: op.clientId }),
  ],
  [
    'is for a trusted audience, but not for us (R-08)',
    withClaims({ aud: ['api'] }),
    { trustedAudiences: ['api'] },
  ],
  [
    'is for two and does not say for whom it was made (R-09)',
    withClaims({ aud: ['api', op.clientId] }),
    { trustedAudiences: ['api'] },
  ],
  [
    'is for us and an audience that the rule does not know (R-08)',
    withClaims({ aud: [op.clientId, 'api-1', 'other'], azp: op.clientId }),
    { trustedAudiences: (audience) => audience.startsWith('api-') },
  ],
  [
    'is for an audience of a rule that trusts everything, but not for us (R-08)',
    withClaims({ aud: ['api'] }),
    { trustedAudiences: () => true },
  ],
  [
    'is for us and a number, by a rule that trusts everything (R-08)',
    withClaims({ aud: [op.clientId, 42], azp: op.clientId }),
    { trustedAudiences: () => true },
  ],
  [
    'is for us and another, by a rule whose answer is none (R-08)',
    withClaims({ aud: [op.clientId, 'api'], azp: op.clientId }),
    { trustedAudiences: (async () => false) as never },
  ],
  ['is for nobody at all (R-08)', withClaims({ aud: [] })],
  ['is for us under another case (R-08)', withClaims({ aud: op.clientId.toUpperCase() })],
  ['is for us and a number (R-08)', withClaims({ aud: [op.clientId, 42] })],
  ['was made for another client, with one audience (R-09)', withClaims({ azp: 'other' })],
  [
    'was made for another client, with two audiences (R-09)',
    withClaims({ aud: [op.clientId, 'api'], azp: 'api' }),
    { trustedAudiences: ['api'] },
  ],
  ['was made for an empty client (R-09)', withClaims({ azp: '' })],
  ['is signed by a stranger under our key id (R-10)', { key: foreignKey }],
  ['says NONE (R-11)', { ...withHeader({ alg: 'NONE' }), idToken: (jwt) => jwt.replace(/[^.]*$/, '') }],
  ['says nOnE and has a signature (R-11)', withHeader({ alg: 'nOnE' })],
  ['says no algorithm (R-11)', withHeader({ alg: undefined })],
  ['is an HMAC with our secret (R-11)', { key: op.clientSecret }],
  [
    'is an HMAC with the public key as PEM (R-11)',
    { key: publicPem, ...withHeader({ alg: 'HS256', kid: op.key.kid }) },
  ],
  [
    'is an HMAC with the modulus (R-11)',
    { key: String(op.key.jwk.n), ...withHeader({ alg: 'HS256', kid: op.key.kid }) },
  ],
  [
    'is an HMAC under the name of RS256 (R-11)',
    { key: op.clientSecret, ...withHeader({ alg: 'RS256', kid: op.key.kid }) },
  ],
  ['is RS256 where PS256 is configured (R-11)', {}, { idTokenSigningAlgorithm: 'PS256' }],
  ['is PS256 where RS256 is configured (R-11)', { key: psKey, jwks: () => ({ keys: [psKey.jwk] }) }],
  ['is RS256 where HS256 is configured (R-11)', {}, { idTokenSigningAlgorithm: 'HS256' }],
  ['ended longer ago than clocks differ (R-12)', at({ iat: -300, exp: -40 })],
  ['ended this moment, with no tolerance (R-12)', at({ iat: -300, exp: -1 }), { clockToleranceSeconds: 0 }],
  ['was issued further ahead than clocks differ (R-13)', at({ iat: 40, exp: 400 })],
  ['was issued hours ago and still lives (R-13)', at({ iat: -7200, exp: 7200 })],
  ['counts for later only (R-14)', at({ nbf: 60 })],
  ['ends at no number (F-46)', withClaims({ exp: '9999999999' })],
  ['ends at no time (F-46)', withClaims({ exp: null })],
  ['was issued at no number (F-46)', withClaims({ iat: [1] })],
  ['was issued at a huge number (F-46)', withClaims({ iat: 1e300 })],
  ['says that the person will prove themselves later (R-15, F-46)', at({ auth_time: 120 })],
  ['tells that time in milliseconds (R-15, F-46)', withClaims({ auth_time: Date.now() })],
  ['tells a time beyond all dates (F-46)', withClaims({ auth_time: 1e300 })],
  ['was issued before time began (F-46)', withClaims({ iat: -1 })],
  ['has the hash of another access token (R-17)', withClaims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })],
  ['has a hash that is no text (R-17)', withClaims({ at_hash: 1 })],
  ['has an empty subject (R-18)', withClaims({ sub: '' })],
  ['has a subject that is a number (R-18)', withClaims({ sub: 42 })],
  ['has a subject that is a list (R-18)', withClaims({ sub: ['ada'] })],
  ['has a subject of 256 characters (R-18)', withClaims({ sub: 'a'.repeat(256) })],
  ['has a subject of two lines (R-18, F-107)', withClaims({ sub: 'ada\r\nroot' })],
  ['has a subject beyond ASCII (R-18)', withClaims({ sub: 'adä' })],
  ['answers a list of nonces (R-05)', { claims: (claims) => ({ ...claims, nonce: [claims.nonce] }) }],
  [
    'is signed by a key in its own header (R-25)',
    { key: foreignKey, ...withHeader({ jwk: foreignKey.jwk, kid: undefined }) },
  ],
  [
    'is signed by a key elsewhere (R-25)',
    { key: foreignKey, ...withHeader({ jku: `${op.origin}/evil`, x5u: `${op.origin}/evil` }) },
  ],
  [
    'is signed by a certificate in its header (R-25)',
    { key: foreignKey, ...withHeader({ x5c: ['MIIB'], x5t: 'AA' }) },
  ],
  ['has a critical header nobody knows (R-25)', withHeader({ crit: ['b64', 'exp'], b64: true })],
  ['has an empty list of critical headers (R-25)', withHeader({ crit: [] })],
  ['leaves its payload unencoded (R-25)', withHeader({ crit: ['b64'], b64: false })],
  ...['logout+jwt', 'at+jwt', 'dpop+jwt', 'application/at+jwt', 'secevent+jwt', ''].map(
    (typ): Case => [`has the type "${typ}" (R-26)`, withHeader({ typ })],
  ),
  ['has the events of a logout token (R-26)', withClaims({ events: {} })],
  ['has no three parts (R-23)', { idToken: (jwt) => jwt.split('.').slice(0, 2).join('.') }],
  ['has an empty signature (R-10)', { idToken: (jwt) => jwt.replace(/[^.]*$/, '') }],
  ['has a payload that is no object (R-10)', { idToken: () => signToken({ alg: 'RS256' }, '[1]', op.key) }],
  ['has a payload that is no JSON (R-10)', { idToken: () => signToken({ alg: 'RS256' }, 'ada', op.key) }],
];

const takenTokens: Case[] = [
  ['names us in a list (R-08)', withClaims({ aud: [op.clientId] })],
  [
    'is for an audience we trust as well (R-08)',
    withClaims({ aud: ['api', op.clientId], azp: op.clientId }),
    { trustedAudiences: ['api'] },
  ],
  [
    'is for audiences that a rule trusts (R-08)',
    withClaims({ aud: ['api-1', op.clientId, 'api-2'], azp: op.clientId }),
    { trustedAudiences: (audience) => audience.startsWith('api-') },
  ],
  ['was made for us (R-09)', withClaims({ azp: op.clientId })],
  ['ended half a minute ago, as clocks may differ (R-12)', at({ iat: -300, exp: -20 })],
  [
    'ended two minutes ago, where that is tolerated (R-12)',
    at({ iat: -300, exp: -120 }),
    { clockToleranceSeconds: 180 },
  ],
  ['was issued by a clock ahead of ours (R-13)', at({ iat: 20 })],
  ['counts from a moment ago (R-14)', at({ nbf: -1 })],
  ['has no hash of the access token (R-17)', withClaims({ at_hash: undefined })],
  ['says that it is a JWT (R-26)', withHeader({ typ: 'JWT' })],
  ['says so in small letters (R-26)', withHeader({ typ: 'jwt' })],
  ['has times with fractions (F-46)', withClaims({ exp: Math.floor(Date.now() / 1000) + 100.5 })],
  ['ends beyond all dates, which ends no session later (F-46)', withClaims({ exp: 1e300 })],
  ['claims things nobody knows', withClaims({ ignored_claim: { deep: [1, null] }, _claim_sources: {} })],
];

describe('an ID token', () => {
  it.each(complete(refusedTokens))('is refused when it %s', async (_, script, oidc) => {
    const app = await start({ op, oidc });
    op.script(script);
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    expect(op.requests('jwks').length).toBeLessThanOrEqual(2);
  });

  it.each(complete(takenTokens))('is taken when it %s', async (_, script, oidc) => {
    const app = await start({ op, oidc });
    op.script(script);
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it('is taken with a subject of 255 characters (R-18)', async () => {
    const app = await start({ op });
    const sub = 'a'.repeat(255);
    op.script(withClaims({ sub }));
    expect(await tryLogin(app)).toEqual({ ...loggedIn, user: sub });
  });

  it('is refused when it is encrypted (R-23)', async () => {
    const app = await start({ op });
    const secret = Buffer.alloc(32, op.clientSecret);
    const jwe = await new CompactEncrypt(Buffer.from('{}'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(secret);
    op.script({ idToken: () => jwe });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it('must be there (R-10)', async () => {
    const app = await start({ op });
    op.script({ token: ({ id_token: _, ...answer }) => answer });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });

  it.each<[string, object[]]>([
    ['another kind of key has the same kid', [createScriptedKey('ES256', op.key.kid).jwk, op.key.jwk]],
    ['an encryption key has the same kid', [{ ...foreignKey.jwk, use: 'enc' }, op.key.jwk]],
    ['a stranger has the same kid and comes first', [foreignKey.jwk, op.key.jwk]],
    ['a key has no kty', [{ kid: op.key.kid }, op.key.jwk]],
    ['the key does not say what it is for', [{ ...op.key.jwk, use: undefined, alg: undefined }]],
  ])('is verified by the key that fits, when %s (R-24)', async (_, keys) => {
    const app = await start({ op });
    op.script({ jwks: () => ({ keys }) });
    expect(await tryLogin(app)).toEqual(loggedIn);
  });

  it.each<[string, object]>([
    ['is for encryption', { ...op.key.jwk, use: 'enc' }],
    ['is for another algorithm', { ...op.key.jwk, alg: 'PS512' }],
    ['may not verify', { ...op.key.jwk, key_ops: ['encrypt'] }],
  ])('is refused when the only key that fits %s (R-24)', async (_, key) => {
    const app = await start({ op });
    op.script({ jwks: () => ({ keys: [key] }) });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });
});

describe('what the operator is told', () => {
  it.each<[string, Script, RegExp]>([
    [
      'iss',
      withClaims({ iss: 'https://evil.example' }),
      /iss: expected "http.*", got "https:\/\/evil.example"/,
    ],
    ['azp', withClaims({ azp: 'other' }), /azp/],
    ['iat', at({ iat: 400, exp: 800 }), /iat/],
    ['sub', withClaims({ sub: '' }), /sub/],
    ['nbf', at({ nbf: 400 }), /nbf/],
    ['at_hash', withClaims({ at_hash: 'x' }), /at_hash/],
    ['typ', withHeader({ typ: 'at+jwt' }), /typ/],
  ])('names the claim %s when it is wrong, and nothing of the person or the token', async (_, script, expected) => {
    const app = await start({ op });
    op.script(script);
    await tryLogin(app, { as: 'somebody-secret' });
    expect(app.errors[0]?.error.message).toMatch(expected);
    expect(String(app.errors[0]?.error.stack)).not.toMatch(/somebody-secret|eyJ/);
  });
});

describe('a client secret for HMAC', () => {
  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const)('has at least as many bytes as the hash of %s, %d (R-11, R-30)', (algorithm, bytes) => {
    const create = (clientSecret?: string) =>
      providers.oidc({
        issuer: op.issuer,
        clientId: 'app',
        idTokenSigningAlgorithm: algorithm,
        ...(clientSecret && { clientSecret }),
      });
    expect(() => create('x'.repeat(bytes - 1))).toThrow(/clientSecret/);
    expect(() => create()).toThrow(/clientSecret/);
    expect(create('x'.repeat(bytes)).clientId).toBe('app');
  });

  it('does not make "none" an algorithm (R-11)', () => {
    expect(() =>
      providers.oidc({ issuer: op.issuer, clientId: 'app', idTokenSigningAlgorithm: 'none' as never }),
    ).toThrow(/idTokenSigningAlgorithm/);
  });
});

it('refuses a rule of audiences where the access token is the proof, whose audience is this application', () => {
  const make = (trustedAudiences: NonNullable<OidcOptions['trustedAudiences']>) =>
    providers.oidc({
      ...{ issuer: op.issuer, clientId: 'app', trustedAudiences },
      quirks: { identity: 'access_token' },
    });
  expect(() => make(() => true)).toThrow(/trustedAudiences must be a list/);
  expect(make(['api']).trustedAudiences).toEqual(['api']);
});
