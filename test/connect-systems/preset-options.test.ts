import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, providers } from 'express-connect-auth';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createRsaKey } from '../emulators/signing.ts';

const certificate = createSelfSignedCertificate('broker', await createRsaKey());
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ecKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const secret = 'a client secret that nobody may print';
const complete = {
  oidc: { issuer: 'https://id.example', clientId: 'app', clientSecret: secret },
  fewlines: { origin: 'https://tenant.example', clientId: 'app', clientSecret: secret },
  telenor: { clientId: 'app', clientSecret: secret },
  connectis: {
    ...{ baseUrl: 'https://broker.example', issuer: 'https://broker.example', certificate },
    ...{ clientId: 'app', clientSecret: secret },
  },
  did: { clientId: 'app', clientSecret: secret },
};

type Preset = keyof typeof complete;

const make = (preset: Preset, change: Record<string, unknown>) =>
  (providers[preset] as (options: unknown) => unknown)({ ...complete[preset], ...change });

/** Preset, the option that is wrong or missing, and what is given for it. */
const wrong: [preset: Preset, field: string, value: unknown][] = [
  ['fewlines', 'origin', undefined],
  ['fewlines', 'origin', 'tenant.example'],
  ['fewlines', 'origin', 'http://tenant.example'],
  ['fewlines', 'origin', 'https://tenant.example/oauth'],
  ['fewlines', 'clientId', undefined],
  ['fewlines', 'clientSecret', undefined],
  ['fewlines', 'clientSecret', 'too short for HS256'],
  ['fewlines', 'scope', ''],
  ['fewlines', 'clientAuthentication', 'client_secret_post'],
  ['fewlines', 'accessTokenAlgorithm', 'none'],
  ['fewlines', 'accessTokenAlgorithm', 'HS512'],
  ['fewlines', 'decryptionKey', 'not a key'],
  ['fewlines', 'decryptionKey', ecKey],
  ['fewlines', 'encryptedContent', 'bare'],
  ['fewlines', 'audience', ['connect-account']],
  ['fewlines', 'issuer', 7],
  ['fewlines', 'pkce', 'S256'],
  ['telenor', 'clientId', undefined],
  ['telenor', 'clientSecret', ''],
  ['telenor', 'clientSecret', undefined],
  ['did', 'clientSecret', undefined],
  ['oidc', 'clientSecret', undefined],
  ['oidc', 'issuer', 'https://id.example/.well-known/openid-configuration'],
  ['oidc', 'issuer', 'https://id.example\n'],
  ['connectis', 'issuer', ' https://broker.example'],
  ['did', 'issuer', 'https://did.app\t'],
  ['telenor', 'origin', 'https://connect.telenordigital.com/oauth'],
  ['telenor', 'scope', 'profile'],
  ['telenor', 'refuseMissingScopes', 'yes'],
  ['telenor', 'singleSignOnLogout', true],
  ['telenor', 'minimumKeyBits', 512],
  ['connectis', 'baseUrl', undefined],
  ['connectis', 'baseUrl', 'ftp://broker.example'],
  ['connectis', 'baseUrl', 'https://broker.example/?a=b'],
  ['connectis', 'issuer', undefined],
  ['connectis', 'issuer', 'broker'],
  ['connectis', 'certificate', undefined],
  ['connectis', 'certificate', 'not a certificate'],
  ['connectis', 'clientId', undefined],
  ['connectis', 'clientSecret', undefined],
  ['connectis', 'scope', 'email'],
  ['connectis', 'tokenParams', 'both'],
  ['connectis', 'expiresInUnit', 'minutes'],
  ['connectis', 'dangerouslyUseImplicitFlow', 'true'],
  ['did', 'clientId', undefined],
  ['did', 'clientSecret', 5],
  ['did', 'origin', 'https://auth.did.app/oidc'],
  ['did', 'issuer', 'did.app'],
  ['did', 'responseMode', 'fragment'],
  ['did', 'authorizationRequest', 'full'],
  ...(['fewlines', 'telenor', 'connectis', 'did'] as const).flatMap((preset): [Preset, string, unknown][] => [
    [preset, 'authorizationParams', { state: 'mine' }],
    [preset, 'authorizationParams', 'prompt=login'],
    [preset, 'userinfoAtLogin', 'yes'],
    [preset, 'clockToleranceSeconds', -1],
    [preset, 'defaultExpiresInSeconds', 0],
    [preset, 'timeoutMs', '5000'],
  ]),
];

const wrongQuirks: [name: string, value: unknown][] = [
  ['basicEncoding', 'RAW'],
  ['tokenParams', 'both'],
  ['tokenType', null],
  ['expiresInUnit', 1000],
  ['errorFormat', 'json'],
  ['authorizationRequest', false],
  ['pkce', 'plain'],
  ['nonce', 'no'],
  ['minimumKeyBits', 512],
  ['acr', 'maximum'],
  ['maxStateLength', 43],
  ['maxStateLength', 99.5],
  ['browserSessionClaim', true],
  ['refreshScope', 1],
  ['revocationHint', 'never'],
  ['logoutHint', 0],
  ['userinfo', 'nowhere'],
  ['identity', 'userinfo'],
  ['popupRedirectUri', '/oauth/popup/callback'],
  ['silentLogin', 'yes'],
  ['dangerouslyUseImplicitFlow', 1],
];

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  return 'no error';
}

describe('the options of a preset', () => {
  it.each(Object.keys(complete) as Preset[])('are right for %s as the other tests change them', (preset) => {
    expect(make(preset, {})).toMatchObject({ preset, clientId: 'app' });
  });

  it.each(wrong)('name %s and %s when that is wrong (case %#)', (preset, field, value) => {
    const message = messageOf(() => make(preset, { [field]: value }));
    expect(message).toContain(`providers.${preset}()`);
    expect(message).toMatch(new RegExp(`\\b${field}\\b`));
    expect(message).not.toContain(secret);
    if (typeof value === 'string' && value.includes('KEY')) expect(message).not.toContain(value);
  });

  it.each(wrongQuirks)('name the quirk %s when it is %j, which is no choice', (name, value) => {
    const message = messageOf(() => make('oidc', { quirks: { [name]: value } }));
    expect(message).toMatch(new RegExp(`^providers\\.oidc\\(\\): quirks\\.${name} must `));
  });

  it.each([
    ['telenor', 'clientID', 'clientId'],
    ['telenor', 'singleSignonLogout', 'singleSignOnLogout'],
    ['fewlines', 'audiences', 'audience'],
    ['connectis', 'baseURL', 'baseUrl'],
    ['connectis', 'useImplicitFlow', 'dangerouslyUseImplicitFlow'],
    ['did', 'responsemode', 'responseMode'],
  ] as const)('of %s have no %s, and the message knows which is meant', (preset, given, meant) => {
    const message = messageOf(() => make(preset, { [given]: 'x' }));
    expect(message).toContain(`providers.${preset}() has no option "${given}"`);
    expect(message).toContain(meant);
  });

  it.each([
    'oidc',
    'fewlines',
    'telenor',
    'connectis',
    'did',
  ] as const)('of %s are needed at all', (preset) => {
    const message = messageOf(() => (providers[preset] as (options?: unknown) => unknown)());
    expect(message).toContain(`providers.${preset}()`);
  });

  it('point at production where that is documented', () => {
    expect(make('telenor', {})).toMatchObject({
      issuer: 'https://connect.telenordigital.com/oauth',
      metadata: { jwks_uri: 'https://connect.telenordigital.com/oauth/public_keys.jwks' },
    });
    expect(make('did', {})).toMatchObject({
      issuer: 'https://did.app',
      metadata: {
        token_endpoint: 'https://auth.did.app/oidc/token',
        jwks_uri: 'https://auth.did.app/oidc/jwks',
      },
    });
  });
});
