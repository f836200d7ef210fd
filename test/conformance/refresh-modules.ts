import type { Claims } from '../support/scripted-keys.ts';
import { ask } from '../support/token-routes.ts';
import { playLogin } from './login-modules.ts';
import { type ConformanceModule, complain, type Stage } from './stage.ts';

const NAME = 'oidcc-client-test-refresh-token';

/** Logs in, lets the access token come to its end, and calls userinfo, which takes a refresh. */
async function refreshAndAsk(stage: Stage, claims: (honest: Claims) => Claims) {
  const { judge, browser, clock } = stage;
  const faults = await playLogin(stage);
  judge.deviate({ claims });
  judge.op.forgetRequests();
  clock.advance(3_600_000);
  const answer = await ask(browser, '/userinfo');
  const sent = judge.op.requests('userinfo').map(({ headers }) => String(headers.authorization));
  return { faults, answer, sent, refreshes: judge.op.requests('token').length };
}

/** A refresh that changes the login: its access token is never sent. */
const refuse = (
  name: string,
  item: string,
  does: string,
  claims: (honest: Claims) => Claims,
): ConformanceModule => ({
  ...{ name: `${NAME}${name}`, item, does, wanted: 'use nothing of it' },
  play: async (stage) => {
    const { faults, sent, refreshes } = await refreshAndAsk(stage, claims);
    return [
      ...faults,
      ...complain({ 'nothing was refreshed': refreshes === 0, 'the new token was used': sent.length > 0 }),
    ];
  },
});

/** The plan Refresh. */
export const REFRESH_MODULES: readonly ConformanceModule[] = [
  {
    name: NAME,
    item: 'C-51',
    does: 'rotates the refresh token, and sends an ID token without nonce',
    wanted: 'refresh, and use the new token',
    play: async (stage) => {
      const { faults, answer, sent, refreshes } = await refreshAndAsk(stage, (honest) => honest);
      const { accessTokens } = stage.judge;
      return [
        ...faults,
        ...complain({
          'there was not exactly one refresh': refreshes !== 1,
          'userinfo was not answered': answer.status !== 200,
          'the new token was not used': sent.join() !== `Bearer ${accessTokens.at(-1)}`,
        }),
      ];
    },
  },
  refuse('-invalid-issuer', 'C-52', 'names another issuer in the ID token of a refresh', (honest) => ({
    ...honest,
    iss: `${honest.iss}INVALID`,
  })),
  refuse('-invalid-sub', 'C-53', 'names another person in the ID token of a refresh', (honest) => ({
    ...honest,
    sub: `${honest.sub}INVALID`,
  })),
];
