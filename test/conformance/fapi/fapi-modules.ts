import type { OidcOptions } from 'express-connect-auth';
import { breakSignature, type Claims, createScriptedKey } from '../../support/scripted-keys.ts';
import { ask } from '../../support/token-routes.ts';
import { complain, findUser, type ModuleFacts, type Stage } from '../stage.ts';
import type { FapiProvider, FapiScript } from './fapi-provider.ts';

/** A module of the plans for FAPI 2.0. */
export interface FapiModule extends ModuleFacts {
  readonly script?: (op: FapiProvider) => FapiScript;
  play(stage: FapiStage): Promise<readonly string[]>;
}

/** One of them at work. */
export interface FapiStage extends Omit<Stage, 'judge'> {
  readonly op: FapiProvider;
}

const SECURITY = 'fapi2-security-profile-final-client-test-';
/** Their names in the suite are longer; these say the same. */
const SIGNING = 'signed answer';
const ecKey = createScriptedKey('ES256', 'an EC key');

/** A client under a profile, which has a key and no secret. */
export function strictOptions(
  op: Pick<FapiProvider, 'clientKeyPem'>,
  profile: NonNullable<OidcOptions['profile']>,
): Partial<OidcOptions> {
  return { profile, clientSecret: undefined, clientKey: op.clientKeyPem, userinfoAtLogin: true } as never;
}

async function playLogin({ client, browser, op }: FapiStage): Promise<readonly string[]> {
  const { status } = await client.logIn(browser);
  return complain({
    [`the callback answered ${status}`]: status !== 303,
    'nobody is logged in': (await findUser(browser)) !== 'ada',
    'userinfo was not asked': op.requests('userinfo').length === 0,
  });
}

/** Nothing of the answer is used: no session, and no userinfo. */
async function playRefusal({ client, browser, op }: FapiStage): Promise<readonly string[]> {
  const { status } = await client.logIn(browser);
  return complain({
    [`the callback answered ${status}`]: status < 400,
    'somebody is logged in': (await findUser(browser)) !== undefined,
    'userinfo was asked': op.requests('userinfo').length > 0,
  });
}

/** The answer to the login itself is bad: the code is not sent either. */
async function playBadAnswer(stage: FapiStage): Promise<readonly string[]> {
  const faults = await playRefusal(stage);
  return [...faults, ...complain({ 'the code was sent': stage.op.requests('token').length > 0 })];
}

const accept = (name: string, does: string, script: FapiScript = {}): FapiModule => ({
  ...{ name: SECURITY + name, item: 'C-69', does, wanted: 'log in', play: playLogin },
  script: () => script,
});
const refuse = (name: string, does: string, script: FapiScript): FapiModule => ({
  ...{ name: SECURITY + name, item: 'C-70', does, wanted: 'refuse', play: playRefusal },
  script: () => script,
});
const refuseAnswer = (
  name: string,
  does: string,
  change: (answer: Record<string, string>) => Record<string, string>,
): FapiModule => ({
  ...{ name: SECURITY + name, item: 'C-71', does, wanted: 'call no other endpoint', play: playBadAnswer },
  script: () => ({ authorization: change }),
});
const refuseSigned = (name: string, does: string, script: FapiScript): FapiModule => ({
  ...{
    name: `${SIGNING}: ${name}`,
    item: 'C-73',
    does,
    wanted: 'call no other endpoint',
    play: playBadAnswer,
  },
  script: () => script,
});

const claims = (changed: Claims): FapiScript => ({ claims: (honest) => ({ ...honest, ...changed }) });
const answerClaims = (change: (honest: Claims) => Claims): FapiScript => ({ answerClaims: change });
const without = (name: string, answer: Record<string, string>) => {
  const { [name]: _, ...others } = answer;
  return others;
};
const unsigned = (jwt: string) => {
  const header = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
  return `${header}.${jwt.split('.')[1]}.`;
};

/** FAPI 2.0 Security Profile Final, the plan for clients. */
export const SECURITY_MODULES: readonly FapiModule[] = [
  accept('happy-path', 'is honest, and wants a nonce in each proof'),
  accept('happy-path-no-dpop-nonce', 'wants no nonce', { wantsNonce: false }),
  {
    ...accept('valid-aud-as-array', 'names the audience in a list'),
    script: (op) => claims({ aud: [op.clientId] }),
  },
  accept('token-endpoint-response-without-expires_in', 'does not say how long a token lives', {
    token: ({ expires_in: _, ...answer }) => answer,
  }),
  accept('token-type-case-insensitivity', 'writes the type of a token in another case', {
    token: (answer) => ({ ...answer, token_type: String(answer.token_type).toUpperCase() }),
  }),
  accept('rs-dpop-auth-scheme-case-insensitivity', 'writes the scheme of a challenge in another case', {
    challengeScheme: 'dPoP',
  }),
  {
    ...accept('refresh-token-test', 'gives a refresh token'),
    wanted: 'refresh, and use the new token',
    play: async (stage) => {
      const faults = await playLogin(stage);
      stage.clock.advance(290_000);
      stage.op.forgetRequests();
      const { status } = await ask(stage.browser, '/userinfo');
      const refreshed = stage.op.requests('token').length > 0;
      return [
        ...faults,
        ...complain({ [`it ended with ${status}`]: status !== 200, 'nothing was refreshed': !refreshed }),
      ];
    },
  },
  refuse('invalid-iss', 'names another issuer', claims({ iss: 'https://another.example/' })),
  refuse('invalid-aud', 'names another audience', claims({ aud: 'another client' })),
  {
    ...refuse('invalid-secondary-aud', 'names a second audience', {}),
    script: (op) => claims({ aud: [op.clientId, 'another client'] }),
  },
  refuse('invalid-null-alg', 'does not sign the ID token', { idToken: unsigned }),
  refuse('invalid-alternate-alg', 'signs it by another algorithm', {
    ...{ key: ecKey, jwks: ({ keys }) => ({ keys: [...keys, ecKey.jwk] }) },
  }),
  refuse('invalid-expired-exp', 'gives one that has ended', {
    claims: (honest) => ({ ...honest, exp: Number(honest.iat) - 301 }),
  }),
  refuse('invalid-missing-exp', 'does not say when it ends', claims({ exp: undefined })),
  refuse('invalid-missing-aud', 'names no audience', claims({ aud: undefined })),
  refuse('invalid-missing-iss', 'names no issuer', claims({ iss: undefined })),
  refuse('invalid-nonce', 'answers another nonce', claims({ nonce: 'another' })),
  refuse('invalid-missing-nonce', 'answers no nonce', claims({ nonce: undefined })),
  refuseAnswer('invalid-authorization-response-iss', 'names another issuer in the answer', (answer) => ({
    ...answer,
    iss: 'https://another.example/',
  })),
  refuseAnswer('remove-authorization-response-iss', 'names no issuer in the answer', (answer) =>
    without('iss', answer),
  ),
  refuseAnswer(
    'ensure-authorization-response-with-invalid-state-fails',
    'answers another state',
    (answer) => ({
      ...answer,
      state: 'another',
    }),
  ),
  refuseAnswer(
    'ensure-authorization-response-with-invalid-missing-state-fails',
    'answers no state',
    (answer) => without('state', answer),
  ),
  {
    ...{ name: `${SECURITY}discovery-issuer-mismatch`, item: 'C-72', wanted: 'start no login' },
    does: 'names another issuer in its document',
    script: (op) => ({ discovery: (document) => ({ ...document, issuer: `${op.issuer}INVALID` }) }),
    play: async ({ browser, op }) => {
      const location = (await browser.get('/login')).headers.get('location');
      return complain({ 'a login was begun': location !== null || op.requests('par' as never).length > 0 });
    },
  },
];

/** FAPI 2.0 Message Signing Final: what it has beside the Security Profile. */
export const SIGNING_MODULES: readonly FapiModule[] = [
  { ...accept('', 'is honest, and signs its answer'), name: `${SIGNING}: happy path`, item: 'C-73' },
  refuseSigned(
    'invalid iss',
    'names another issuer',
    answerClaims((honest) => ({ ...honest, iss: 'https://another.example/' })),
  ),
  refuseSigned(
    'missing iss',
    'names no issuer',
    answerClaims((honest) => ({ ...honest, iss: undefined })),
  ),
  refuseSigned(
    'invalid aud',
    'names another audience',
    answerClaims((honest) => ({ ...honest, aud: 'another' })),
  ),
  refuseSigned(
    'missing aud',
    'names no audience',
    answerClaims((honest) => ({ ...honest, aud: undefined })),
  ),
  refuseSigned(
    'expired',
    'gives an answer that has ended',
    answerClaims((honest) => ({ ...honest, exp: Number(honest.exp) - 900 })),
  ),
  refuseSigned(
    'missing exp',
    'does not say when it ends',
    answerClaims((honest) => ({ ...honest, exp: undefined })),
  ),
  refuseSigned('invalid signature', 'breaks its signature', { answerJwt: breakSignature }),
  refuseSigned('alg none', 'does not sign it', { answerJwt: unsigned }),
];
