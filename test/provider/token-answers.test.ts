import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { createTestClock } from '../support/clock.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { cut, flood, hang, json, type RawAnswer, send } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({ op, now: clock.now, handlers: addTokenRoutes, ...options });

const refreshes = () => op.requests('token').length - 1;
const YEAR = 365 * 24 * 3600;

describe('a token answer', () => {
  it.each([
    ['the number 3600', 3600, 3600],
    ['the text "3600"', '3600', 3600],
    ['a fraction', 600.75, 600.75],
    ['more than any date holds', 1e300, YEAR],
    ['nothing', undefined, 1200],
    ['null', null, 1200],
    ['a word', 'soon', 1200],
    ['an empty text', '', 1200],
    ['a list', [60], 1200],
    ['an object', { seconds: 60 }, 1200],
    ['true', true, 1200],
  ])('whose expires_in is %s is understood, by default or within bounds (R-22, F-45, F-46)', async (_, expires_in, life) => {
    op.script({ token: (answer) => ({ ...answer, expires_in }) });
    const app = await start({
      oidc: { defaultExpiresInSeconds: 1200 },
      session: { idleTimeoutSeconds: YEAR, absoluteTimeoutSeconds: YEAR },
    });
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser);
    clock.advance((Math.min(life, YEAR - 60) - 61) * 1000);
    expect(await ask(browser)).toMatchObject({ status: 200, token });
    expect(refreshes()).toBe(0);
    if (life === YEAR) return;
    clock.advance(32_000);
    expect((await ask(browser)).token).not.toBe(token);
    expect(refreshes()).toBe(1);
  });

  it.each([
    ['a line break', 'a secret\nof two lines'],
    ['a zero', 'a secret\0'],
    ['letters that no header has', 'a secret of 10 €'],
  ])('whose access token has %s is refused, and the token is in no message (F-122)', async (_, access_token) => {
    op.script({
      token: (answer) => ({ ...answer, access_token }),
      claims: (claims) => ({ ...claims, at_hash: undefined }),
    });
    const app = await start();
    expect(await tryLogin(app)).toMatchObject(refused('provider_invalid_response'));
    const { error } = app.errors.at(-1)!;
    expect(error).toMatchObject({ fault: { member: 'access_token' } });
    expect(inspect(error)).not.toContain('a secret');
  });

  it.each([
    0,
    '0',
    -1,
    -1e300,
  ])('whose expires_in is %j has ended already: it is refreshed when it is needed (F-45, F-75)', async (expires_in) => {
    op.script({ token: (answer) => ({ ...answer, expires_in }) });
    const browser = await logIn();
    expect((await ask(browser)).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it('is understood whatever words in whatever letters stand beside its status', async () => {
    const say =
      (status: number, reason: string, body: unknown): RawAnswer =>
      (res) => {
        const text = JSON.stringify(body);
        const head = [
          `HTTP/1.1 ${status} ${reason}`,
          'content-type: application/json',
          `content-length: ${Buffer.byteLength(text)}`,
        ];
        res.socket!.end([...head, 'connection: close', '', text].join('\r\n'));
      };
    op.script({
      token: (answer) => say(200, 'V\u0159e v po\u0159\u00e1dku', answer),
      refresh: () => say(400, '\u041e\u0442\u043a\u0430\u0437', { error: 'invalid_grant' }),
    });
    const browser = await logIn();
    expect((await ask(browser)).status).toBe(200);
    clock.advance(3_700_000);
    // Its no is understood, so that this session ends.
    expect((await ask(browser)).status).toBe(401);
  });

  it('whose tokens are always born dead does not cost a refresh for each request (F-75)', async () => {
    op.script({
      token: (answer) => ({ ...answer, expires_in: 0 }),
      refresh: (answer) => ({ ...answer, expires_in: 0 }),
    });
    const browser = await logIn();
    for (let request = 0; request < 5; request += 1) expect((await ask(browser)).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it('without a refresh token or a life is good for the configured default and not for ever (R-22)', async () => {
    op.script({ token: ({ refresh_token: _, expires_in: __, ...answer }) => answer });
    const browser = await logIn();
    clock.advance(3_599_000);
    expect((await ask(browser)).status).toBe(200);
    clock.advance(1000);
    expect(await ask(browser)).toMatchObject({ status: 401, error: 'token_expired' });
  });

  it.each(['bearer', 'BEARER', 'Bearer'])('of the type %s is taken (R-22, F-45)', async (token_type) => {
    op.script({ token: (answer) => ({ ...answer, token_type }) });
    expect(await tryLogin(await start())).toMatchObject({ status: 303, user: 'ada' });
  });

  it.each([
    'DPoP',
    'mac',
    'N_A',
    '',
    7,
    null,
    undefined,
  ])('of the type %j is refused (R-22)', async (token_type) => {
    op.script({ token: (answer) => ({ ...answer, token_type }) });
    expect(await tryLogin(await start())).toEqual(refused('provider_invalid_response'));
  });

  const asText =
    (change: (text: string) => string, headers = {}) =>
    (answer: Claims) =>
      send(200, change(JSON.stringify(answer)), { 'content-type': 'application/json', ...headers });

  it.each<[string, (answer: Claims) => Claims | RawAnswer]>([
    ['members of its own', (answer) => ({ ...answer, foo: 'bar', user: { deep: { list: [1, [2]] } } })],
    ['a byte order mark', asText((text) => `\ufeff${text}`)],
    ['another content type', asText((text) => text, { 'content-type': 'text/html' })],
    ['white space around it', asText((text) => `\r\n\t ${text}\n`)],
    ['null for what is not there', (answer) => ({ ...answer, refresh_token: null, scope: null })],
    ['no refresh token', ({ refresh_token: _, ...answer }) => answer],
    ['no access token', ({ access_token: _, ...answer }) => answer],
    ['null for an access token', (answer) => ({ ...answer, access_token: null })],
    ['no access token and no type', ({ access_token: _, token_type: __, ...answer }) => answer],
  ])('with %s is taken (F-45)', async (_, token) => {
    op.script({ token });
    expect(await tryLogin(await start())).toMatchObject({ status: 303, user: 'ada' });
  });

  it.each<[string, (answer: Claims) => Claims | RawAnswer, string?]>([
    ['no ID token', ({ id_token: _, ...answer }) => answer],
    ['no token at all', () => ({ token_type: 'Bearer', expires_in: 60 })],
    ['an access token that is a list', (answer) => ({ ...answer, access_token: [answer.access_token] })],
    ['a scope that is a list', (answer) => ({ ...answer, scope: ['openid'] })],
    ['a list around it', (answer) => json(200, [answer])],
    ['half of it', asText((text) => text.slice(0, -20))],
    ['nothing in it', () => send(200, '')],
    [
      '100 MB of nothing, compressed',
      () => send(200, BOMB, { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
    ],
    ['100 MB', () => flood(100 * 1024 * 1024)],
    ['no end', () => flood()],
    ['no end, drop by drop', () => drip, 'provider_unavailable'],
    ['its connection cut in the middle', () => cut(), 'provider_unavailable'],
    ['silence', () => hang(), 'provider_unavailable'],
  ])('with %s is refused, soon and in bounded memory (F-45)', async (_, token, error = 'provider_invalid_response') => {
    const app = await start({ oidc: { timeoutMs: 700 } });
    await tryLogin(app);
    op.script({ token });
    const [begin, memory] = [performance.now(), process.memoryUsage().rss];
    expect(await tryLogin(app)).toEqual(refused(error, error === 'provider_unavailable' ? 503 : 502));
    expect(performance.now() - begin).toBeLessThan(2000);
    expect(process.memoryUsage().rss - memory).toBeLessThan(64 * 1024 * 1024);
  });

  it('with tokens of 64 KB and 500 groups is stored whole, and the cookie is as small as ever (F-47)', async () => {
    // Nothing that packs well.
    const big = randomBytes(48 * 1024).toString('base64url');
    const groups = Array.from({ length: 500 }, (_, index) => `the group number ${index}`);
    const app = await start({ redis: redis.url });
    const small = app.browser();
    await app.logIn(small);
    op.script({
      claims: ({ at_hash: _, ...claims }) => ({ ...claims, groups }),
      token: (answer) => ({ ...answer, access_token: big, refresh_token: big }),
    });
    const browser = app.browser();
    await app.logIn(browser);
    const answer = await ask(browser);
    expect(answer.token).toBe(big);
    expect(answer.user).toMatchObject({ groups });
    expect(decodeURIComponent(browser.jar.get('session')!.value)).toHaveLength(
      decodeURIComponent(small.jar.get('session')!.value).length,
    );
    const { tokens } = redisKeysOfBrowser(app, browser);
    expect(await redis.client().strlen(tokens)).toBeGreaterThan(big.length);
  });

  async function logIn() {
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    return browser;
  }
});

const BOMB = gzipSync(Buffer.alloc(100 * 1024 * 1024, ' '));

/** A byte now and then, so that no time-out between two of them ever fires. */
const drip: RawAnswer = (res) => {
  res.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => res.write(' '), 20);
  res.once('close', () => clearInterval(timer));
};
