import { describe, expect, it } from '@jest/globals';
import { breakSignature } from '../../support/scripted-keys.ts';
import { type FapiModule, SECURITY_MODULES, SIGNING_MODULES } from './fapi-modules.ts';
import { type Laxness, startLaxClient } from './lax-client.ts';
import { runFapiModule } from './run-fapi-module.ts';

const PLANS = [
  { profile: 'fapi2', modules: SECURITY_MODULES },
  { profile: 'fapi2-message-signing', modules: SIGNING_MODULES },
] as const;
const isRefusal = ({ wanted }: FapiModule) => /^(refuse$|call no other|start no)/.test(wanted);

describe.each(PLANS)('a client that checks nothing, under $profile', ({ profile, modules }) => {
  it.each(modules.filter(isRefusal))('is failed by $name ($item)', async (module) => {
    const { verdict, faults } = await runFapiModule(module, profile, startLaxClient);
    expect(verdict).toBe('FAILED');
    // For what it took, and for nothing that it did besides.
    const expected = {
      refuse: ['the callback answered 303', 'somebody is logged in', 'userinfo was asked'],
      'start no login': ['a login was begun'],
    }[module.wanted] ?? [
      ...['the callback answered 303', 'somebody is logged in', 'userinfo was asked'],
      'the code was sent',
    ];
    expect(faults).toEqual(expected);
  });

  it('has nothing held against it where the provider is honest', async () => {
    const { faults } = await runFapiModule(modules[0]!, profile, startLaxClient);
    expect(faults).toEqual([]);
  });
});

/** What a client does wrong, what is held against it, and how it does it. */
type Wrong = readonly [does: string, fault: string, lax: Laxness];

const set = (name: string, value: unknown) => (claims: object) =>
  void Object.assign(claims, { [name]: value });
const put = (name: string, value: string) => (params: URLSearchParams | Headers) => params.set(name, value);
const drop = (name: string) => (params: URLSearchParams | Headers) => params.delete(name);
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

const WRONGS: readonly Wrong[] = [
  ['asks for a token without PKCE', 'token: code_verifier does not fit', { token: drop('code_verifier') }],
  [
    'sends another verifier',
    'token: code_verifier does not fit',
    { token: put('code_verifier', 'x'.repeat(43)) },
  ],
  [
    'uses plain PKCE',
    'pushed request: the method of PKCE is not S256',
    { push: put('code_challenge_method', 'plain') },
  ],
  [
    'names no method of PKCE',
    'pushed request: the method of PKCE is not S256',
    { push: drop('code_challenge_method') },
  ],
  [
    'asks for more than a code',
    'pushed request: response_type is not "code"',
    { push: put('response_type', 'code id_token') },
  ],
  [
    'has a long nonce',
    'pushed request: the nonce is longer than 64 characters',
    { push: put('nonce', 'n'.repeat(65)) },
  ],
  ['pushes a request_uri', 'pushed request: request_uri is there', { push: put('request_uri', 'urn:x') }],
  [
    'pushes an address that is not registered',
    'pushed request: redirect_uri is not registered',
    { push: (body) => body.set('redirect_uri', `${body.get('redirect_uri')}?x=1`) },
  ],
  [
    'pushes no request',
    'authorization: request_uri is unknown, or comes twice',
    { authorize: drop('request_uri') },
  ],
  [
    'does not prove itself',
    'POST /test/a/fapi/par: Invalid Compact JWS',
    { identified: drop('client_assertion') },
  ],
  [
    'breaks the signature of its assertion',
    'POST /test/a/fapi/par: signature verification failed',
    {
      identified: (body) => body.set('client_assertion', breakSignature(body.get('client_assertion') ?? '')),
    },
  ],
  [
    'says more than it pushed',
    'authorization: there is more than client_id and request_uri',
    { authorize: put('scope', 'openid') },
  ],
  [
    'sends another redirect_uri',
    'token: redirect_uri differs',
    { token: put('redirect_uri', 'https://x.example/') },
  ],
  ['sends a code twice', 'token: the code is unknown, or comes twice', { sendsCodeTwice: true }],
  ['has no key for its token', 'token: there is no proof of possession', { tokenHeaders: drop('dpop') }],
  ['proves another request', 'DPoP: it is for another request', { proof: set('htu', 'https://x.example/') }],
  ['proves itself late', 'DPoP: it is not of this moment', { proof: set('iat', inSeconds(-3600)) }],
  [
    'proves itself twice by one jti',
    'DPoP: jti is missing, or comes twice',
    { proof: set('jti', 'the same') },
  ],
  [
    'proves the use of another token',
    'DPoP: it is for another access token',
    { proof: (claims) => void (claims.ath && set('ath', 'another')(claims)) },
  ],
  [
    'uses its token without its key',
    'userinfo: the token comes by another scheme, or without its key',
    { userinfo: drop('dpop') },
  ],
  [
    'uses its token as a bearer',
    'userinfo: the token comes by another scheme, or without its key',
    {
      userinfo: (headers) =>
        headers.set('authorization', String(headers.get('authorization')).replace('DPoP', 'Bearer')),
    },
  ],
  [
    'uses a token of its own',
    'userinfo: the access token is unknown',
    { userinfo: put('authorization', 'DPoP x') },
  ],
  [
    'asserts to be another',
    'client assertion: it is not by the client',
    { assertion: set('sub', 'another') },
  ],
  [
    'asserts to an endpoint',
    'client assertion: aud is not the issuer, as a text',
    { assertion: (claims) => set('aud', `${claims.aud}token`)(claims) },
  ],
  [
    'asserts for an hour',
    'client assertion: it lives for more than five minutes',
    { assertion: set('exp', inSeconds(3600)) },
  ],
  [
    'asserts twice by one jti',
    'client assertion: jti is missing, or comes twice',
    { assertion: set('jti', 'the same') },
  ],
  ['sends a secret', 'client assertion: a secret is there', { token: put('client_secret', 'x') }],
  [
    'calls what is not advertised',
    'a request to GET /test/a/fapi/introspect, which is not advertised',
    { calls: 'introspect' },
  ],
];

const SIGNING_WRONGS: readonly Wrong[] = [
  ['signs for another', 'request object: it is not by the client', { request: set('iss', 'another') }],
  [
    'signs to another',
    'request object: aud is not the issuer',
    { request: set('aud', 'https://x.example/') },
  ],
  [
    'signs without a beginning',
    'request object: it does not end within an hour',
    { request: set('nbf', undefined) },
  ],
  [
    'signs for a day',
    'request object: it does not end within an hour',
    { request: set('exp', inSeconds(86_400)) },
  ],
];

describe('the judge of FAPI 2.0 (C-69, C-73)', () => {
  const judge = async (lax: Laxness, plan: (typeof PLANS)[number]) => {
    const { profile, modules } = plan;
    return runFapiModule(modules[0]!, profile, (settings) => startLaxClient(settings, lax));
  };

  it.each(WRONGS)('fails a client that %s', async (_, fault, lax) => {
    const { verdict, faults } = await judge(lax, PLANS[0]);
    expect(verdict).toBe('FAILED');
    expect(faults).toContain(fault);
  });

  it.each(SIGNING_WRONGS)('fails a client that %s', async (_, fault, lax) => {
    const { verdict, faults } = await judge(lax, PLANS[1]);
    expect(verdict).toBe('FAILED');
    expect(faults).toContain(fault);
  });
});
