import { exchange } from '../support/http-exchange.ts';
import {
  createLogoutToken,
  LOGOUT_EVENT,
  type LogoutTokenChanges,
  postLogoutToken,
  sidOf,
} from '../support/logout-token.ts';
import { createScriptedKey } from '../support/scripted-keys.ts';
import { findPageAfterLogout } from '../support/scripted-provider.ts';
import { playLogin } from './login-modules.ts';
import { type ConformanceModule, complain, findUser, type Stage } from './stage.ts';

const NAME = 'oidcc-client-test-rp-';
const ecKey = createScriptedKey('ES256', 'an EC key of the provider');

/** Begins a logout at the client, and judges how it comes to the provider (C-55). */
async function beginLogout({ judge, client, browser }: Stage) {
  const location = (await browser.post('/logout')).headers.get('location') ?? '';
  const isThere = location.startsWith(`${judge.op.issuer}end_session`);
  const params = isThere ? new URL(location).searchParams : new URLSearchParams();
  const target = params.get('post_logout_redirect_uri') ?? '';
  const faults = complain({
    'the browser was not led to the provider': !isThere,
    'id_token_hint is no token that was given out': !judge.idTokens.includes(
      params.get('id_token_hint') ?? '',
    ),
    'post_logout_redirect_uri is not registered': ![
      `${client.origin}/`,
      `${client.origin}/signed-out`,
    ].includes(target),
  });
  return { faults, params };
}

/** Comes back from the provider. */
async function finishLogout({ client, browser }: Stage, page: string): Promise<readonly string[]> {
  if (!URL.canParse(page) || new URL(page).origin !== client.origin) return ['there is no way back'];
  let answer = await browser.get(page, { 'sec-fetch-site': 'cross-site' });
  for (let hop = 0; hop < 5 && answer.headers.has('location'); hop += 1)
    answer = await browser.get(answer.headers.get('location')!);
  return complain({
    [`the way back ended with ${answer.status}`]: answer.status !== 200,
    'somebody is still logged in': (await findUser(browser)) !== undefined,
  });
}

const rpInitiated = (
  name: string,
  item: string,
  does: string,
  change: (params: URLSearchParams) => void,
): ConformanceModule => ({
  ...{ name: `${NAME}init-logout${name}`, item, does, wanted: 'send what is asked, and be logged out' },
  play: async (stage) => {
    const login = await playLogin(stage);
    const { faults, params } = await beginLogout(stage);
    if (faults.length > 0) return [...login, ...faults];
    change(params);
    return [...login, ...(await finishLogout(stage, findPageAfterLogout(params)))];
  },
});

/** The plan RP-Initiated Logout. */
export const RP_LOGOUT_MODULES: readonly ConformanceModule[] = [
  rpInitiated('', 'C-55', 'is honest', () => undefined),
  rpInitiated('-other-state', 'C-56', 'comes back with another `state`', (params) =>
    params.set('state', 'another'),
  ),
  rpInitiated('-no-state', 'C-57', 'comes back without `state`', (params) => params.delete('state')),
];

/**
 * A logout token that comes during the client's own logout. The person is logged in elsewhere as well: there a good one
 * ends the session, and a bad one does not.
 */
const backChannel = (
  name: string,
  item: string,
  does: string,
  changes: LogoutTokenChanges,
  status: 200 | 400,
): ConformanceModule => ({
  ...{ name: `${NAME}backchannel-rpinitlogout${name}`, item, does, wanted: `answer ${status}` },
  script: () => ({ jwks: ({ keys }) => ({ keys: [...keys, ecKey.jwk] }) }),
  play: async (stage) => {
    const { judge, client, clock } = stage;
    const login = await playLogin(stage);
    const elsewhere = client.browser();
    await client.logIn(elsewhere);
    const { faults, params } = await beginLogout(stage);
    const token = createLogoutToken(judge.op, {
      ...{ sub: 'ada', sid: sidOf('ada'), now: clock.now },
      ...resolve(changes, judge.op.issuer, judge.op.clientId),
    });
    const answer = await postLogoutToken(client, token);
    const remains = (await findUser(elsewhere)) !== undefined;
    const back = faults.length > 0 ? [] : await finishLogout(stage, findPageAfterLogout(params));
    return [
      ...[...login, ...faults, ...back],
      ...complain({
        [`the answer was ${answer.status}`]: answer.status !== status,
        'the answer may be stored': !/\bno-store\b/.test(answer.headers.get('cache-control') ?? ''),
        'the session did not end': status === 200 && remains,
        'the session ended': status === 400 && !remains,
      }),
    ];
  },
});

/** The suite spoils a name by writing something behind it. */
function resolve(changes: LogoutTokenChanges, iss: string, aud: string): LogoutTokenChanges {
  const spoilt = { iss: `${iss}INVALID`, aud: `${aud}INVALID` };
  const claims = Object.entries(changes.claims ?? {}).map(([name, value]) => [
    name,
    value === SPOILT ? spoilt[name as keyof typeof spoilt] : value,
  ]);
  return { ...changes, claims: Object.fromEntries(claims) };
}

const SPOILT = Symbol('spoilt');

/** The plan Back-Channel Logout. */
export const BACK_CHANNEL_MODULES: readonly ConformanceModule[] = [
  backChannel('', 'C-58', 'sends a logout token during the client’s own logout', {}, 200),
  backChannel('-alg-none', 'C-59', 'does not sign the logout token', { header: { alg: 'none' } }, 400),
  backChannel('-wrong-alg', 'C-60', 'signs it by another algorithm', { key: ecKey }, 400),
  backChannel('-wrong-iss', 'C-61', 'names another issuer', { claims: { iss: SPOILT } }, 400),
  backChannel('-wrong-aud', 'C-62', 'names another audience', { claims: { aud: SPOILT } }, 400),
  backChannel('-no-event', 'C-63', 'tells of no event', { claims: { events: undefined } }, 400),
  backChannel(
    '-wrong-event',
    'C-64',
    'tells of another event',
    { claims: { events: { [`${LOGOUT_EVENT}/foobar`]: {} } } },
    400,
  ),
  backChannel('-with-nonce', 'C-65', 'puts a nonce into it', { claims: { nonce: 'n' } }, 400),
];

/** Loads the client's page in a frame of the provider's, and judges whether that could show it. */
async function loadFrame({ judge, client }: Stage): Promise<readonly string[]> {
  const query = new URLSearchParams({ iss: judge.op.issuer, sid: sidOf('ada') });
  const answer = await exchange({
    method: 'GET',
    url: `${client.origin}/oauth/frontchannel-logout?${query}`,
    headers: {
      ...{ accept: 'text/html', 'sec-fetch-site': 'cross-site' },
      ...{ 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    },
  });
  const policy = answer.headers.get('content-security-policy') ?? '';
  const ancestors = /frame-ancestors ([^;]*)/.exec(policy)?.[1];
  return complain({
    [`the frame answered ${answer.status}`]: answer.status !== 200,
    'the frame may not be shown':
      answer.headers.has('x-frame-options') || ancestors?.includes(judge.op.origin) === false,
  });
}

/** The plan Front-Channel Logout. */
export const FRONT_CHANNEL_MODULES: readonly ConformanceModule[] = [
  {
    name: `${NAME}frontchannel-rpinitlogout`,
    item: 'C-66',
    does: 'loads the client’s frame during the client’s own logout',
    wanted: 'be logged out in every browser of that session',
    play: async (stage) => {
      const login = await playLogin(stage);
      const elsewhere = stage.client.browser();
      await stage.client.logIn(elsewhere);
      const { faults, params } = await beginLogout(stage);
      const framed = await loadFrame(stage);
      const back = faults.length > 0 ? [] : await finishLogout(stage, findPageAfterLogout(params));
      const remains = (await findUser(elsewhere)) !== undefined;
      return [...login, ...faults, ...framed, ...back, ...complain({ 'the session did not end': remains })];
    },
  },
];

/** The whole test plan has it as well: a logout that begins at the provider. */
export const FRONT_CHANNEL_FROM_PROVIDER: ConformanceModule = {
  name: `${NAME}frontchannel-opinitlogout`,
  item: 'C-67',
  does: 'loads the client’s frame in a logout of its own',
  wanted: 'be logged out',
  play: async (stage) => {
    const login = await playLogin(stage);
    const framed = await loadFrame(stage);
    const remains = (await findUser(stage.browser)) !== undefined;
    return [...login, ...framed, ...complain({ 'the session did not end': remains })];
  },
};
