import { describe, expect, it } from '@jest/globals';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import type { ProviderFaults } from '../support/provider-faults.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
const LIFE = 300_000;
const XHR = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

const logIn = async (app: TestApp, as?: string) => {
  const browser = app.browser();
  await app.logIn(browser, { as });
  bed.op.resetRequests();
  return browser;
};
const refreshes = () => bed.op.requests().token;

const UNAVAILABLE = { status: 503, error: 'provider_unavailable' };
const INVALID = { status: 502, error: 'provider_invalid_response' };
const refusal = (oauthError: string) => ({ status: 502, error: 'provider_refused', oauthError });
const BASIC = { 'www-authenticate': 'Basic realm="token"' };
const DATES = { date: 'Wed, 21 Oct 2026 07:28:00 GMT', 'retry-after': 'Wed, 21 Oct 2026 07:28:20 GMT' };
const wait = (retryAfterSeconds: number) => ({ ...UNAVAILABLE, retryAfterSeconds });
const oauth = (error: string, status = 400, headers = {}) => ({ status, body: { error }, headers });
const busy = (retryAfter: string, status = 503) => ({ status, headers: { 'retry-after': retryAfter } });

/** What a provider may answer, and what the application is told when there is no token left to use. */
const FAULTS: [string, (op: ProviderFaults) => unknown, object][] = [
  ['500', (op) => op.answerNext('token', { status: 500 }), UNAVAILABLE],
  ['503 and a time', (op) => op.answerNext('token', busy('7')), wait(7)],
  ['429 and a time', (op) => op.answerNext('token', busy('9', 429)), wait(9)],
  ['429 and a date', (op) => op.answerNext('token', { status: 429, headers: DATES }), wait(20)],
  ['an OAuth error with 503', (op) => op.answerNext('token', oauth('invalid_grant', 503)), UNAVAILABLE],
  [
    'invalid_client',
    (op) => op.answerNext('token', oauth('invalid_client', 401, BASIC)),
    refusal('invalid_client'),
  ],
  [
    'unauthorized_client',
    (op) => op.answerNext('token', oauth('unauthorized_client')),
    refusal('unauthorized_client'),
  ],
  [
    'an error of its own',
    (op) => op.answerNext('token', oauth('computer says no')),
    refusal('computer says no'),
  ],
  ['an error in a 200', (op) => op.answerNext('token', oauth('invalid_grant', 200)), INVALID],
  ['an empty 200', (op) => op.answerNext('token', { status: 200 }), INVALID],
  ['a redirect', (op) => op.answerNext('token', { status: 302, headers: { location: '/' } }), INVALID],
  ['silence', (op) => op.ignoreNext('token'), UNAVAILABLE],
];

describe.each(['redis', 'memory'] as const)('a refresh, with sessions in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    bed.start({
      redis: kind === 'redis' ? bed.redis.url : 'memory',
      now: bed.clock.now,
      handlers: addTokenRoutes,
      ...options,
    });

  it('is one for fifty requests at the moment of expiry, and all get its token (F-66)', async () => {
    const browser = await logIn(await start());
    const { token } = await ask(browser);
    bed.clock.advance(LIFE);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(browser)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const tokens = new Set(answers.map((answer) => answer.token));
    expect(tokens.size).toBe(1);
    expect(tokens).not.toContain(token);
    expect(refreshes()).toBe(1);
  });

  it('that the provider refuses ends the session: a page logs in again, a script gets 401 (R-59, R-95, F-73)', async () => {
    const app = await start();
    const browser = await logIn(app);
    bed.clock.advance(LIFE);
    bed.op.answerNext('token', { status: 400, body: { error: 'invalid_grant' } });
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused', sub: 'ada', provider: 'default' }]);

    expect((await browser.get('/me', XHR)).status).toBe(401);
    expect((await app.logIn(browser, { path: '/me' })).status).toBe(303);
    expect(await ask(browser)).toMatchObject({ status: 200 });
    expect(app.errors).toEqual([]);
  });

  it('that is refused while others wait for it ends once for all of them (F-66, F-73)', async () => {
    const app = await start();
    const browser = await logIn(app);
    bed.clock.advance(LIFE);
    bed.op.answerNext('token', { status: 400, body: { error: 'invalid_grant' } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(browser)));
    expect(new Set(answers.map(({ error }) => error))).toEqual(new Set(['login_required']));
    expect(refreshes()).toBe(1);
    expect(app.logouts).toHaveLength(1);
  });

  it.each(
    FAULTS,
  )('that is answered by %s keeps the session, and a token that lives is used (R-59, F-39, F-73)', async (_, fail, error) => {
    const app = await start({ oidc: { timeoutMs: 700 } });
    const browser = await logIn(app);
    const { token } = await ask(browser);
    bed.clock.advance(LIFE - 20_000);
    fail(bed.op);
    expect(await ask(browser)).toMatchObject({ status: 200, token });
    bed.clock.advance(20_000);
    await forgetBackOff(app, browser);
    fail(bed.op);
    expect(await ask(browser)).toMatchObject({ ...error, name: 'ProviderError' });
    expect(await whoIs(browser)).toBe('ada');
    expect(app.logouts).toEqual([]);

    await forgetBackOff(app, browser);
    expect((await ask(browser)).status).toBe(200);
  });

  it('does not come for each of many requests while the provider is away (F-39)', async () => {
    const browser = await logIn(await start());
    bed.clock.advance(LIFE);
    bed.op.answerNext('token', { status: 502 });
    const together = await Promise.all(Array.from({ length: 20 }, () => ask(browser)));
    const inTurn = [await ask(browser), await ask(browser)];
    for (const answer of [...together, ...inTurn]) expect(answer).toMatchObject(UNAVAILABLE);
    expect(refreshes()).toBe(1);
  });

  it('whose answer was lost is tried once more, and then ends in one clean login (F-70)', async () => {
    const app = await start();
    const browser = await logIn(app);
    bed.clock.advance(LIFE);
    bed.op.loseNextAnswer('token');
    expect(await ask(browser)).toMatchObject(UNAVAILABLE);
    await forgetBackOff(app, browser);
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'login_required' });
    expect(refreshes()).toBe(2);
    await app.logIn(browser);
    expect((await ask(browser)).status).toBe(200);
  });

  it('that ends late harms no newer login: neither its cookie nor its tokens (F-74)', async () => {
    const app = await start();
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    bed.clock.advance(LIFE);
    const held = bed.op.holdNext('token');
    const slow = browser.get('/token');
    await held.arrived;
    // At the provider it is the same grant, which a revocation would end.
    await app.logIn(browser, { jar });
    held.release();
    const late = await slow;
    expect(late.status).toBe(401);
    expect(late.headers.getSetCookie()).toEqual([]);
    expect(await whoIs(browser)).toBe('ada');
    bed.clock.advance(LIFE);
    expect((await ask(browser)).status).toBe(200);
  });

  /** In memory notes live by our clock, in Redis by that of the server. */
  async function forgetBackOff(app: TestApp, browser: BrowserClient) {
    bed.clock.advance(kind === 'memory' ? 60_000 : 0);
    await bed.redis.client().del(lockOf(app, browser));
  }
});

describe('a refresh in one process', () => {
  it('asks Redis once for all who wait for it (F-66)', async () => {
    const app = await bed.start({ redis: bed.redis.url, now: bed.clock.now, handlers: addTokenRoutes });
    const browser = await logIn(app);
    bed.clock.advance(LIFE);
    await bed.redis.resetCommandCounts();
    await Promise.all(Array.from({ length: 50 }, () => ask(browser)));
    // The lock, the tokens, the claims and the lock again; and a touch of the session.
    expect((await bed.redis.commandCounts()).evalsha).toBeLessThanOrEqual(5);
  });
});

describe('a refresh before the end of a token', () => {
  it('comes at different moments for sessions that began together, and the same for each (F-76)', async () => {
    const app = await bed.start({ now: bed.clock.now, handlers: addTokenRoutes });
    const browsers = await Promise.all(Array.from({ length: 40 }, () => logIn(app)));
    bed.clock.advance(LIFE - 45_000);
    await Promise.all(browsers.map((browser) => ask(browser)));
    const early = refreshes();
    expect(early).toBeGreaterThanOrEqual(8);
    expect(early).toBeLessThanOrEqual(32);
    await Promise.all(browsers.map((browser) => ask(browser)));
    expect(refreshes()).toBe(early);
  });
});

describe('a failed refresh', () => {
  it.each([
    ['nothing', 5_000, { status: 500 }],
    ['a time', 9_000, busy('9')],
    ['no time at all', 1_000, busy('0')],
    ['a day', 60_000, busy('86400')],
    ['nonsense', 5_000, busy('a while')],
  ])('is not repeated by any process for a while, when the provider says %s (F-39, F-73)', async (_, life, fault) => {
    const app = await bed.start({ redis: bed.redis.url, now: bed.clock.now, handlers: addTokenRoutes });
    const browser = await logIn(app);
    bed.clock.advance(LIFE);
    bed.op.answerNext('token', fault);
    expect((await ask(browser)).status).toBe(503);
    const left = await bed.redis.client().pttl(lockOf(app, browser));
    expect(left).toBeGreaterThan(life - 800);
    expect(left).toBeLessThanOrEqual(life);
  });
});

const lockOf = (app: TestApp, browser: BrowserClient) => redisKeysOfBrowser(app, browser).lock;
