import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { forAllPauses, interleave } from '../support/gated-redis.ts';
import { findLivingRecords } from '../support/living-records.ts';
import { signToken } from '../support/scripted-keys.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { ask, type RouteAnswer } from '../support/token-routes.ts';
import { type ExpiredLogin, useTwoProcesses } from '../support/two-processes.ts';

const { clock, op, redis, logIn, processes } = await useTwoProcesses();
const database = redis.client();

/** Ways in which a session ends while its tokens are refreshed. */
const ENDS: Record<string, (browser: BrowserClient) => Promise<unknown>> = {
  'a logout': async (browser) => {
    expect((await browser.post('/logout')).status).toBe(303);
  },
  'a back-channel logout': async (browser) => {
    const answer = await browser.post('/oauth/backchannel-logout', { logout_token: makeLogoutToken() });
    expect(answer.status).toBe(200);
  },
  'the removal of its records': async (browser) => {
    const { record, data, tokens } = redisKeysOfBrowser(processes[0], browser);
    await processes[1].gate.client.sendCommand(['DEL', record, data, tokens], { typeMapping: {} });
  },
};

function makeLogoutToken(): string {
  const iat = Math.floor(clock.now() / 1000);
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const times = { iat, exp: iat + 60, jti: randomUUID() };
  const claims = { iss: op.issuer, aud: op.clientId, sub: 'ada', events, ...times };
  return signToken({ alg: 'RS256', kid: op.key.kid, typ: 'logout+jwt' }, claims, op.key);
}

/** What is wrong when both are done. */
async function findProblems(end: string, { one, two, given }: ExpiredLogin, { status }: RouteAnswer) {
  const used = op.requests('token').map(({ params }) => String(params.get('refresh_token')));
  const revoked = op.requests('revocation').map(({ params }) => String(params.get('token')));
  const living = given.filter((token) => !used.includes(token) && !revoked.includes(token));
  const { key } = redisKeysOfBrowser(processes[0], one);
  const problems = {
    'a record is left': (await findLivingRecords(database, key)).length > 0,
    'somebody is logged in': (await whoIs(one)) !== null || (await whoIs(two)) !== null,
    [`the refresh was answered by ${status}`]: ![200, 401].includes(status),
    'there were several refreshes': used.length > 1,
    // Without the browser nobody can open what was stored, and so nobody can revoke it.
    'a refresh token lives': living.length > (end === 'a logout' ? 0 : 1),
    'a token that was never stored lives': status === 401 && used.length > 0 && living.length > 0,
  };
  return Object.entries(problems).flatMap(([problem, isThere]) => (isThere ? [problem] : []));
}

describe.each(Object.keys(ENDS))('%s, interleaved with a refresh at every command', (end) => {
  it.each(['refresh', 'end'])('leaves no token behind when the %s begins (F-71)', async (begins) => {
    const failures: unknown[] = [];
    const orders = await forAllPauses(async (...pauses) => {
      const login = await logIn();
      let answer!: RouteAnswer;
      const refresh = async () => {
        answer = await ask(login.one);
      };
      const actors = [
        { gate: processes[0].gate, act: refresh },
        { gate: processes[1].gate, act: () => ENDS[end]!(login.two) },
      ];
      if (begins === 'end') actors.reverse();
      const held = await interleave({ ...actors[0]!, pause: pauses[0] }, { ...actors[1]!, pause: pauses[1] });
      const problems = await findProblems(end, login, answer);
      if (problems.length > 0) failures.push({ pauses, problems });
      return held;
    });
    expect(failures).toEqual([]);
    expect(orders).toBeGreaterThan(10);
  });
});
