import { afterEach, describe, expect, it } from '@jest/globals';
import { whoIs } from '../support/bed.ts';
import { createTestClock } from '../support/clock.ts';
import {
  createLogoutToken,
  done,
  failedLogout,
  postLogoutToken,
  readLogoutAnswer,
  refusedLogout,
  sendLogout,
} from '../support/logout-token.ts';
import { json, send } from '../support/scripted-answers.ts';
import { createScriptedKey } from '../support/scripted-keys.ts';
import { logInWith } from '../support/scripted-logins.ts';
import type { Script } from '../support/scripted-provider.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const startApp = useApps();
const start = (options: object = {}) => startApp({ op, now: clock.now, ...options });
const stranger = createScriptedKey('RS256', 'a key of nobody');

/** What passes every check but that of the signature: with a key that nobody knows, under a new name each time. */
const forge = (kid?: string) => {
  const header = kid === undefined ? {} : { kid };
  return createLogoutToken(op, { sub: 'ada', key: stranger, header, now: clock.now });
};
const post = async (app: { origin: string }, token: string) =>
  readLogoutAnswer(await postLogoutToken(app, token));

describe('a flood of tokens that are no logout tokens', () => {
  it('costs no question to the provider and few words to the operator (F-87, F-41)', async () => {
    const app = await start();
    const rubbish = [
      'x',
      'a.b.c',
      '....',
      `${'A'.repeat(10_000)}.e30.x`,
      'eyJhbGciOiJub25lIn0.e30.',
      '{"a":1}',
    ];
    const tokens = Array.from({ length: 300 }, (_, index) => rubbish[index % rubbish.length]!);
    const begun = performance.now();
    const answers = await Promise.all(tokens.map((token) => post(app, token)));
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(answers).toEqual(tokens.map(() => refusedLogout));
    expect(op.requests()).toEqual([]);
    expect(app.errors).toHaveLength(1);
    clock.advance(1000);
    await post(app, 'x');
    expect(app.errors).toHaveLength(2);
  });

  it('hides no fault of another kind from the operator (F-87)', async () => {
    const app = await start();
    await post(app, 'x');
    op.script({ jwks: () => json(500, {}) });
    await post(app, forge());
    expect(app.errors.map(({ error }) => error.code)).toEqual(['login_invalid', 'provider_unavailable']);
  });
});

describe('a flood of tokens by keys that nobody knows', () => {
  it('asks a provider we have not met once for its addresses and once for its keys (F-41, F-87)', async () => {
    const app = await start();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, kid) => post(app, forge(`kid-${kid}`))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 503]));
    for (let kid = 100; kid < 120; kid += 1) await post(app, forge(`kid-${kid}`));
    expect(op.requests().map(({ endpoint }) => endpoint)).toEqual(['discovery', 'jwks']);
  });

  it('asks nothing when the keys are known, and the honest token among them counts (F-41)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    op.forgetRequests();
    const tokens = Array.from({ length: 50 }, (_, kid) => forge(`kid-${kid}`));
    tokens.splice(25, 0, createLogoutToken(op, { sub: 'ada', now: clock.now }));
    const answers = await Promise.all(tokens.map((token) => post(app, token)));
    expect(answers.filter(({ status }) => status === 200)).toEqual([done]);
    expect(op.requests()).toEqual([]);
    expect(await whoIs(browser)).toBeNull();
  });

  it.each([
    ['fails', () => json(500, {})],
    ['is a page', () => send(200, '<html>', { 'content-type': 'text/html' })],
    ['holds no keys', () => json(200, {})],
  ])('asks once in five seconds while the set of keys %s, and is told to come again (F-41, F-42)', async (_, jwks) => {
    const app = await start();
    op.script({ jwks });
    for (let kid = 0; kid < 20; kid += 1) expect(await post(app, forge(`kid-${kid}`))).toEqual(failedLogout);
    expect(op.requests('jwks')).toHaveLength(1);
    clock.advance(5000);
    await Promise.all(Array.from({ length: 20 }, () => post(app, forge())));
    expect(op.requests('jwks')).toHaveLength(2);
    op.script();
    clock.advance(5000);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
  });

  it('is told to come again while the provider itself is away (F-41)', async () => {
    const app = await start();
    op.script({ discovery: () => json(503, {}) });
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(failedLogout);
    op.script();
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
  });

  it.each<[string, Script['discovery']]>([
    ['fails', () => json(500, {})],
    ['is a page', () => send(200, '<html>', { 'content-type': 'text/html' })],
    ['names another issuer', (document) => ({ ...document, issuer: 'https://evil.example' })],
    ['names no keys', ({ jwks_uri: _, ...document }) => document],
  ])('asks twice in five seconds while discovery %s, and is told to come again (F-41)', async (_, discovery) => {
    const app = await start();
    op.script({ discovery: discovery! });
    for (let kid = 0; kid < 20; kid += 1) expect(await post(app, forge(`kid-${kid}`))).toEqual(failedLogout);
    for (let count = 0; count < 20; count += 1)
      await app.browser().get('/logout', { 'sec-fetch-site': 'cross-site' });
    expect(op.requests('discovery')).toHaveLength(2);
    // Who is about to log in is no stranger: the provider may be back.
    op.script();
    expect((await app.browser().get('/login')).status).toBe(302);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
  });

  it('hands on when the provider wants to be asked again (F-41)', async () => {
    const app = await start();
    op.script({ discovery: () => json(429, {}, { 'retry-after': '77' }) });
    expect((await postLogoutToken(app, forge())).headers.get('retry-after')).toBe('77');
  });

  it('asks again after five seconds, as seldom (F-41)', async () => {
    const app = await start();
    op.script({ discovery: () => json(500, {}) });
    for (let round = 1; round <= 3; round += 1) {
      for (let kid = 0; kid < 10; kid += 1) await post(app, forge());
      expect(op.requests('discovery')).toHaveLength(2 * round);
      clock.advance(5000);
    }
  });

  it('is no worse where weak keys are allowed (F-41)', async () => {
    const app = await start({ oidc: { quirks: { minimumKeyBits: 1024 } } });
    expect(await post(app, forge())).toEqual(refusedLogout);
    for (let kid = 0; kid < 20; kid += 1) expect(await post(app, forge(`kid-${kid}`))).toEqual(failedLogout);
    expect(op.requests('jwks')).toHaveLength(1);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(op.requests('jwks')).toHaveLength(1);
  });
});

describe.each([
  1024, 2048,
] as const)('a provider that changes its keys, of at least %s bits,', (minimumKeyBits) => {
  const first = op.key;
  afterEach(() => {
    op.key = first;
  });

  it('is asked again at most every half minute; a token by its new key is to come again until then (F-41, F-87)', async () => {
    const app = await start({ oidc: { quirks: { minimumKeyBits } } });
    await post(app, forge());
    op.key = createScriptedKey('RS256', 'the next key');
    const sendHonest = () => sendLogout(app, op, { sub: 'ada', now: clock.now });
    expect(await sendHonest()).toEqual(failedLogout);
    clock.advance(29_000);
    expect(await sendHonest()).toEqual(failedLogout);
    expect(op.requests('jwks')).toHaveLength(1);
    clock.advance(1_000);
    expect(await sendHonest()).toEqual(done);
    for (let kid = 0; kid < 20; kid += 1) await post(app, forge(`kid-${kid}`));
    expect(op.requests('jwks')).toHaveLength(2);
  });

  it('is asked no oftener when it does not answer, and its known keys go on counting (F-41, F-42)', async () => {
    const app = await start({ oidc: { quirks: { minimumKeyBits } } });
    await post(app, forge());
    clock.advance(31_000);
    op.script({ jwks: () => json(500, {}) });
    for (let kid = 0; kid < 20; kid += 1) await post(app, forge(`kid-${kid}`));
    expect(op.requests('jwks')).toHaveLength(2);
    expect(await sendLogout(app, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(op.requests('jwks')).toHaveLength(2);
  });

  it('has its withdrawn key refused when five minutes are over (F-43)', async () => {
    const app = await start({ oidc: { quirks: { minimumKeyBits } } });
    const sendWith = (key: typeof first) => sendLogout(app, op, { sub: 'ada', key, now: clock.now });
    expect(await sendWith(first)).toEqual(done);
    op.key = createScriptedKey('RS256', 'the next key');
    clock.advance(299_000);
    expect(await sendWith(first)).toEqual(done);
    clock.advance(1_000);
    expect(await sendWith(first)).toEqual(refusedLogout);
    expect(await sendWith(op.key)).toEqual(done);
  });
});
