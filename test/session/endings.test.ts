import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LogoutReason } from 'express-connect-auth';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { type GatedRedis, gateRedis } from '../support/gated-redis.ts';
import { createLogoutToken, postLogoutToken, sidOf } from '../support/logout-token.ts';
import { json } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const HOUR = 3_600_000;

/** Somebody who is logged in, in one browser. */
interface Person {
  readonly app: TestApp;
  readonly browser: BrowserClient;
  readonly sub: string;
  /** The refresh token that the login brought. */
  readonly refreshToken: string;
}

/** One way to end a session. What comes of a call is looked at afterwards. */
interface Ending {
  readonly reason: LogoutReason;
  /** What is told where only the retry came through. */
  readonly retryReason?: LogoutReason;
  /** Whether its tokens are revoked. */
  readonly revokes: boolean;
  /** What must be so before. */
  prepare?(): void;
  end(person: Person): Promise<unknown>;
  /** How it is tried again, where that is another way. */
  retry?(person: Person): Promise<unknown>;
}

/** A provider sends the same token again when it was answered by 503. */
const logoutTokens = new Map<string, string>();
const logoutTokenOf = (sub: string) => {
  const token = logoutTokens.get(sub) ?? createLogoutToken(op, { sub, sid: sidOf(sub), now: clock.now });
  logoutTokens.set(sub, token);
  return token;
};
const frontChannelOf = (sub: string) =>
  `/oauth/frontchannel-logout?${new URLSearchParams({ iss: op.issuer, sid: sidOf(sub) })}`;

const ENDINGS: Record<string, Ending> = {
  'a logout': { reason: 'logout', revokes: true, end: ({ browser }) => browser.post('/logout') },
  'req.session.destroy()': {
    reason: 'destroyed',
    retryReason: 'logout',
    revokes: true,
    end: ({ browser }) => browser.get('/destroy'),
    retry: ({ browser }) => browser.post('/logout'),
  },
  'a logout token': {
    reason: 'back_channel',
    revokes: false,
    end: ({ app, sub }) => postLogoutToken(app, logoutTokenOf(sub)),
  },
  'the front channel': {
    reason: 'front_channel',
    revokes: false,
    end: ({ app, sub }) => app.browser().get(frontChannelOf(sub)),
  },
  'auth.sessions': {
    reason: 'revoked',
    revokes: false,
    end: ({ app, sub }) => app.auth.sessions.revokeAll({ issuer: op.issuer, sub }).catch(() => undefined),
  },
  'a refused refresh': {
    reason: 'refresh_refused',
    revokes: false,
    prepare: () => {
      clock.advance(HOUR);
      op.script({ token: noteAnswer, refresh: () => json(400, { error: 'invalid_grant' }) });
    },
    end: ({ browser }) => ask(browser),
  },
  'the end of its time': {
    reason: 'idle_timeout',
    revokes: false,
    prepare: () => clock.advance(25 * HOUR),
    end: ({ browser }) => browser.get('/'),
  },
  'a login of somebody else': {
    reason: 'replaced',
    retryReason: 'logout',
    revokes: true,
    end: ({ app, browser, sub }) => app.logIn(browser, { as: `after-${sub}` }).catch(() => undefined),
  },
};

/** How a command fails: before Redis has it, or after it was done. */
const FAULTS = ['refused', 'done, and its reply lost'] as const;

let refreshToken = '';
const noteAnswer = (answer: Claims) => {
  refreshToken = String(answer.refresh_token);
  return answer;
};

describe('each way to end a session', () => {
  let gate: GatedRedis;
  let app: TestApp;
  let people = 0;

  beforeAll(async () => {
    gate = gateRedis(redis.client());
    app = await startApp({
      op,
      redis: gate.client,
      now: clock.now,
      handlers: (server) => {
        addTokenRoutes(server);
        server.get('/destroy', (req, res, next) => {
          req.session.destroy((error) => (error ? next(error) : res.send('destroyed')));
        });
      },
    });
  });
  afterAll(() => app.close());

  const logIn = async (): Promise<Person> => {
    people += 1;
    op.script({ token: noteAnswer });
    const person = { app, browser: app.browser(), sub: `person-${people}` };
    await app.logIn(person.browser, { as: person.sub });
    return { ...person, refreshToken };
  };

  /** Lets the command of this number fail, once. Returns whether it came to that. */
  const failAt = (number: number, fault: (typeof FAULTS)[number]) => {
    let left = number;
    let failed = false;
    const strike = () => {
      left -= 1;
      if (left !== -1) return;
      failed = true;
      throw new Error('a fault of the store');
    };
    if (fault === 'refused') gate.onCommand = strike;
    else gate.onAnswer = strike;
    return () => {
      gate.onCommand = () => undefined;
      gate.onAnswer = () => undefined;
      return failed;
    };
  };

  const told = (sub: string) => app.logouts.filter((event) => event.sub === sub).map(({ reason }) => reason);
  const revoked = () => op.requests('revocation').map(({ params }) => params.get('token'));

  it.each(Object.keys(ENDINGS).flatMap((name) => FAULTS.map((fault) => [name, fault] as const)))(
    '%s, whichever of its commands is %s: told once, and revoked what may be (N-22, N-23)',
    async (name, fault) => {
      const { reason, retryReason = reason, revokes, prepare, end, retry = end } = ENDINGS[name]!;
      const outcomes: unknown[] = [];
      const expected: unknown[] = [];
      for (let number = 0, reached = true; reached; number += 1) {
        const person = await logIn();
        prepare?.();
        const stop = failAt(number, fault);
        await end(person);
        reached = stop();
        if (reached) await retry(person);
        await until(() => told(person.sub).length > 0).catch(() => undefined);
        if (revokes) await until(() => revoked().includes(person.refreshToken)).catch(() => undefined);
        const isRevoked = revoked().includes(person.refreshToken);
        const whose = await whoIs(person.browser);
        const reasons = told(person.sub).map((each) => (each === retryReason ? reason : each));
        outcomes.push([number, reasons, isRevoked, whose === person.sub]);
        expected.push([number, [reason], revokes, false]);
      }
      expect(outcomes).toEqual(expected);
      expect(outcomes.length).toBeGreaterThan(2);
    },
    120_000,
  );

  it('has told of nobody twice in the end (N-22)', async () => {
    const subs = app.logouts.map(({ sub }) => sub);
    expect(subs.filter((sub, index) => subs.indexOf(sub) !== index)).toEqual([]);
  });
});
