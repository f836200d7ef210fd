import { send } from '../support/scripted-answers.ts';
import { breakSignature, type Claims, createScriptedKey, signToken } from '../support/scripted-keys.ts';
import type { Script } from '../support/scripted-provider.ts';
import { type ConformanceModule, complain, findUser, type Stage } from './stage.ts';

const LOGIN = 'log in';
const REFUSE = 'refuse';

const ecKey = createScriptedKey('ES256', 'the EC key that signs');
const rsaKey = createScriptedKey('RS256', 'a second RSA key');

const without = (name: string) => (claims: Claims) => {
  const { [name]: _, ...others } = claims;
  return others;
};
const spoilt = (name: string) => (claims: Claims) => ({ ...claims, [name]: `${claims[name]}1` });
const withoutKid = ({ kid: _, ...header }: Claims) => header;
const nameless = ({ keys }: { keys: object[] }) => ({
  keys: keys.map((key) => without('kid')(key as Claims)),
});

/** A login to its end: the keys are fetched, then userinfo is asked, and the person is there. */
export async function playLogin({ judge, client, browser }: Stage): Promise<readonly string[]> {
  const { status } = await client.logIn(browser);
  const asked = judge.op.requests().map(({ endpoint }) => endpoint);
  return complain({
    [`the callback answered ${status}`]: status !== 303,
    'nobody is logged in': (await findUser(browser)) !== 'ada',
    'userinfo was not asked, or more than once': asked.filter((name) => name === 'userinfo').length !== 1,
    'the keys were not fetched before userinfo':
      !asked.includes('jwks') || asked.indexOf('jwks') > asked.indexOf('userinfo'),
  });
}

/** A login that must end before userinfo is asked, and leave nobody logged in. */
export async function playRefusal({ judge, client, browser }: Stage): Promise<readonly string[]> {
  const { status } = await client.logIn(browser);
  return complain({
    [`the callback answered ${status}`]: status < 400,
    'somebody is logged in': (await findUser(browser)) !== undefined,
    'userinfo was asked': judge.op.requests('userinfo').length > 0,
  });
}

const accept = (name: string, item: string, does: string, script: Script = {}): ConformanceModule => ({
  ...{ name: `oidcc-client-test${name}`, item, does, wanted: LOGIN, play: playLogin },
  script: () => script,
});

const refuse = (name: string, item: string, does: string, script: Script): ConformanceModule => ({
  ...{ name: `oidcc-client-test${name}`, item, does, wanted: REFUSE, play: playRefusal },
  script: () => script,
});

/** The suite passes whoever takes an unsigned token, and skips the module for whoever does not. */
export const SIGNATURE_NONE: ConformanceModule = {
  ...refuse('-idtoken-sig-none', 'C-22', 'gives an ID token without a signature', {
    header: () => ({ alg: 'none' }),
    idToken: (jwt) => jwt.replace(/[^.]*$/, ''),
  }),
  verdict: 'SKIPPED',
};

/** The plan Basic, which is the plan Form Post as well. */
export const BASIC_MODULES: readonly ConformanceModule[] = [
  accept('', 'C-11', 'is honest'),
  refuse('-invalid-iss', 'C-12', 'names another issuer in the ID token', { claims: spoilt('iss') }),
  refuse('-missing-sub', 'C-13', 'names no subject', { claims: without('sub') }),
  refuse('-invalid-aud', 'C-14', 'names another audience', { claims: spoilt('aud') }),
  refuse('-missing-iat', 'C-16', 'does not say when the ID token was issued', { claims: without('iat') }),
  refuse('-nonce-invalid', 'C-17', 'answers another nonce', { claims: spoilt('nonce') }),
  {
    ...accept('-kid-absent-single-jwks', 'C-19', 'publishes one key, without `kid`'),
    script: (op) => ({ header: withoutKid, jwks: () => nameless({ keys: [op.key.jwk] }) }),
  },
  accept('-kid-absent-multiple-jwks', 'C-20', 'publishes many keys, all without `kid`', {
    header: withoutKid,
    jwks: ({ keys }) => nameless({ keys: [rsaKey.jwk, ...keys] }),
  }),
  accept('-idtoken-sig-rs256', 'C-21', 'signs by RS256'),
  SIGNATURE_NONE,
  refuse('-invalid-sig-rs256', 'C-23', 'breaks an RS256 signature', { idToken: breakSignature }),
  {
    ...refuse('-userinfo-invalid-sub', 'C-26', 'speaks of somebody else in userinfo', {
      userinfo: () => ({ sub: 'eve', email: 'eve@example.com' }),
    }),
    play: async ({ client, browser }) => {
      const { status } = await client.logIn(browser);
      return complain({
        [`the callback answered ${status}`]: status < 400,
        'somebody is logged in': (await findUser(browser)) !== undefined,
      });
    },
  },
  {
    ...accept('-scope-userinfo-claims', 'C-27', 'gives claims by scope', {
      userinfo: (answer) => ({ ...answer, nickname: 'the first' }),
    }),
    wanted: 'ask for a scope, and read its claims',
    play: async (stage) => {
      const faults = await playLogin(stage);
      const scope = stage.judge.op.requests('authorization')[0]?.params.get('scope') ?? '';
      const { user } = await (await stage.browser.get('/')).json();
      return [
        ...faults,
        ...complain({
          'no scope was asked for that stands for claims': !/\b(profile|email|phone|address)\b/.test(scope),
          'a claim of userinfo is not there': user?.nickname !== 'the first',
        }),
      ];
    },
  },
  {
    ...accept('-client-secret-basic', 'C-28', 'takes HTTP Basic alone'),
    oidc: () => ({ clientAuthentication: 'client_secret_basic' }),
  },
];

/** What the whole test plan has beside the plans for certification. */
export const OTHER_MODULES: readonly ConformanceModule[] = [
  refuse('-missing-aud', 'C-15', 'names no audience', { claims: without('aud') }),
  {
    ...refuse('-invalid-sig-es256', 'C-24', 'breaks an ES256 signature', {
      ...{ key: ecKey, idToken: breakSignature },
      jwks: ({ keys }) => ({ keys: [...keys, ecKey.jwk] }),
    }),
    oidc: () => ({ idTokenSigningAlgorithm: 'ES256' }),
  },
  {
    ...refuse('-invalid-sig-hs256', 'C-25', 'breaks an HS256 signature', {}),
    oidc: () => ({ idTokenSigningAlgorithm: 'HS256' }),
    script: (op) => ({ key: op.clientSecret, idToken: breakSignature }),
  },
  accept('-userinfo-bearer-header', 'C-29', 'takes the access token in the header alone'),
  accept('-aggregated-claims', 'C-32', 'sends claims that somebody else signed', {
    userinfo: (answer) => ({
      ...answer,
      _claim_names: { address: 'src1' },
      _claim_sources: {
        src1: { JWT: signToken({ alg: 'RS256' }, { address: { country: 'NO' } }, rsaKey) },
      },
    }),
  }),
  accept('-ignores-unparseable-key-in-jwks', 'C-42', 'publishes keys that nobody can read', {
    jwks: ({ keys }) => ({
      keys: [
        { kty: 'AKP', alg: 'ML-DSA-65', pub: '%%% not base64 %%%' },
        { kty: 'made-up', kid: 'x' },
        ...keys,
      ],
    }),
  }),
];

/** Only by form: the plain plan has no such module. */
export const FORM_POST_ERROR: ConformanceModule = {
  ...refuse('-form-post-error', 'C-34', 'answers an error by a form', {
    authorization: ({ code: _, ...answer }) => ({ ...answer, error: 'login_required' }),
  }),
  wanted: 'show it, and log nobody in',
};

/** Of the plan Dynamic, the one that needs no registration. */
export const SIGNED_USERINFO: ConformanceModule = {
  ...accept('-userinfo-signed', 'C-31', 'signs userinfo by RS256, with `iss` and `aud`'),
  script: (op) => ({
    discovery: (document) => ({ ...document, userinfo_signing_alg_values_supported: ['RS256'] }),
    userinfo: () => {
      const claims = { iss: op.issuer, aud: op.clientId, sub: 'ada' };
      const jwt = signToken({ alg: 'RS256', kid: op.key.kid }, claims, op.key);
      return send(200, jwt, { 'content-type': 'application/jwt' });
    },
  }),
};
