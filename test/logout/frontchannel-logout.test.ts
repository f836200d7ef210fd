import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import helmet from 'helmet';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import { exchange } from '../support/http-exchange.ts';
import { sidOf } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const database = redis.client();
const startApp = useApps();
const sid = sidOf('ada');
beforeEach(async () => {
  await database.flushall();
  clock.advance(1000);
});

/** What the frame of a provider's page asks for: another site, and no cookie of ours. */
function loadFrame(app: TestApp, query: Record<string, string> | string): Promise<Response> {
  const url = `${app.origin}/oauth/frontchannel-logout?${new URLSearchParams(query)}`;
  const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  return exchange({ method: 'GET', url, headers: { ...headers, 'sec-fetch-dest': 'iframe' } });
}

const directivesOf = (answer: Response) =>
  Object.fromEntries(
    (answer.headers.get('content-security-policy') ?? '')
      .split(';')
      .map((directive) => directive.trim().split(/ (.*)/s))
      .map(([name, value]) => [name, value]),
  );

describe.each([
  'redis',
  'memory',
] as const)('the frame of a provider’s logout, with sessions in %s', (kind) => {
  const start = (options: Partial<TestAppOptions> = {}) =>
    startApp({ op, redis: kind === 'redis' ? redis.url : 'memory', now: clock.now, ...options });

  it('ends the session found by iss and sid, since no cookie comes, and revokes nothing (C-66, C-67, R-88)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const same = await logInWith(op, app);
    const others = [
      await logInWith(op, app, { sid: 'another' }),
      await logInWith(op, app, { sid: undefined }),
    ];
    const answer = await loadFrame(app, { iss: op.issuer, sid });
    expect(answer.status).toBe(200);
    expect(await whoIs(browser)).toBeNull();
    expect(await whoIs(same)).toBeNull();
    expect(await Promise.all(others.map(whoIs))).toEqual(['ada', 'ada']);
    expect(op.requests('revocation')).toEqual([]);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([
      ['front_channel', 'ada'],
      ['front_channel', 'ada'],
    ]);
  });

  it.each<[string, Record<string, string> | string]>([
    ['no parameters', {}],
    ['no sid', { iss: op.issuer }],
    ['an empty sid', { iss: op.issuer, sid: '' }],
    ['no iss', { sid }],
    ['another issuer', { iss: 'https://evil.example', sid }],
    ['an issuer without its slash', { iss: op.issuer.slice(0, -1), sid }],
    ['another sid', { iss: op.issuer, sid: `${sid}x` }],
    ['two sids', `iss=${encodeURIComponent(op.issuer)}&sid=x&sid=${encodeURIComponent(sid)}`],
    ['a sub', { iss: op.issuer, sub: 'ada' }],
    ['a sid of five kilobytes', { iss: op.issuer, sid: sid.padEnd(5000, 'x') }],
  ])('does nothing with %s, and says the same (R-88)', async (_, query) => {
    const app = await start();
    const browser = await logInWith(op, app);
    const answer = await loadFrame(app, query);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('The session here has ended, if there was one.');
    expect(await whoIs(browser)).toBe('ada');
    expect(app.logouts).toEqual([]);
  });

  it('ends a login that is still under way, and none that begins later (F-80, R-88)', async () => {
    const app = await start();
    const browser = app.browser();
    const callback = await op.signIn((await browser.get('/login')).headers.get('location')!);
    await loadFrame(app, { iss: op.issuer, sid });
    expect((await browser.deliver(callback)).status).toBe(403);
    expect(await whoIs(browser)).toBeNull();
    clock.advance(1);
    expect(await whoIs(await logInWith(op, app))).toBe('ada');
  });

  it('fills nothing, whoever loads it how often: of its marks the newest thousand stay (N-07)', async () => {
    if (kind === 'memory') return;
    const app = await start();
    await loadFrame(app, { iss: op.issuer, sid: 'one' });
    const keys = await database.dbsize();
    const invented = Array.from({ length: 1100 }, (_, index) => `sid-${index}`);
    for (let at = 0; at < invented.length; at += 100)
      await Promise.all(
        invented.slice(at, at + 100).map((one) => loadFrame(app, { iss: op.issuer, sid: one })),
      );
    expect(await database.dbsize()).toBe(keys);
    const [key] = await database.keys('*mark:*');
    expect(await database.zcard(key!)).toBe(1000);
    expect(await database.memory('USAGE', key!, 'SAMPLES', 0)).toBeLessThan(200_000);
  });

  it('is kept by nobody, sets no cookie, and is answered to GET alone (R-88)', async () => {
    const app = await start();
    const answer = await loadFrame(app, { iss: op.issuer, sid });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
    const url = `${app.origin}/oauth/frontchannel-logout`;
    expect((await exchange({ method: 'POST', url, headers: {} })).status).toBe(405);
  });
});

describe('the frame of a provider’s logout', () => {
  const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, now: clock.now, ...options });

  it.each<[string, ((app: Express) => unknown) | undefined]>([
    ['by itself', undefined],
    ['in an application with helmet', (app) => app.use(helmet())],
  ])('may be shown by that provider alone, %s (R-88)', async (_, before) => {
    const app = await start(before && { before: (server) => void before(server) });
    const answer = await loadFrame(app, { iss: op.issuer, sid });
    expect(directivesOf(answer)).toMatchObject({ 'default-src': "'none'", 'frame-ancestors': op.origin });
    expect(answer.headers.get('x-frame-options')).toBeNull();
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  });

  it('may be shown by the pages that its metadata names, when they are elsewhere (R-88)', async () => {
    const elsewhere = 'http://localhost:1';
    op.script({ discovery: (document) => ({ ...document, end_session_endpoint: `${elsewhere}/end` }) });
    const app = await start();
    await app.browser().get('/login');
    const answer = await loadFrame(app, { iss: op.issuer, sid });
    expect(directivesOf(answer)['frame-ancestors']).toBe(`${op.origin} ${elsewhere}`);
  });

  it('may be shown by nobody when it names no provider of ours, as all our other pages (R-88, F-117)', async () => {
    const app = await start();
    const answers = [
      await loadFrame(app, { iss: 'https://evil.example', sid }),
      await app.browser().get('/signed-out'),
    ];
    for (const answer of answers) {
      expect(directivesOf(answer)['frame-ancestors']).toBe("'none'");
      expect(answer.headers.get('x-frame-options')).toBe('DENY');
    }
  });

  it('says that the store failed, where it did', async () => {
    const app = await start({ redis: redis.url, storeTimeoutMs: 1000 });
    redis.pause();
    const answer = await loadFrame(app, { iss: op.issuer, sid });
    redis.resume();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
  });

  it('may be switched off', async () => {
    const app = await start({ routes: { frontchannelLogout: false } });
    expect((await loadFrame(app, { iss: op.issuer, sid })).status).toBe(404);
  });
});
