import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { LoginRefused } from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, redis: redis.url, ...options });

/** Lets the provider assert these claims beside its own. As JSON, because `__proto__` means something else in code. */
const assert = (json: string) =>
  op.script({ claims: (claims) => ({ ...claims, ...(JSON.parse(json) as Claims) }) });

/** What applications do with claims, at the login and after the way through Redis. */
const addCopyRoute = (server: Express) => {
  server.get('/copies', (req, res) => {
    const claims = req.user as unknown as Record<string, unknown>;
    const copies = [Object.assign({}, claims), { ...claims }, structuredClone({ ...claims })];
    const looped: Record<string, unknown> = {};
    for (const name in claims) looped[name] = claims[name];
    res.json({
      admin: [claims, ...copies, looped].map((each) => (each as { admin?: unknown }).admin ?? null),
      inherited: ['toString', 'constructor', 'hasOwnProperty', '__proto__'].filter(
        (name) => claims[name] !== undefined && !Object.hasOwn(claims, name),
      ),
      polluted: ({} as { admin?: unknown }).admin ?? null,
    });
  });
};

describe('the claims of a person', () => {
  it.each([
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"prototype":{"admin":true}}',
    '{"address":{"__proto__":{"admin":true}}}',
    '{"groups":[{"__proto__":{"admin":true}}]}',
    '{"toString":"x","hasOwnProperty":"y","valueOf":null,"toJSON":"z","then":"t"}',
  ])('reach into no prototype: %s (F-108)', async (json) => {
    assert(json);
    const seen: unknown[] = [];
    const app = await start({
      handlers: addCopyRoute,
      onLogin: ({ user }) => void seen.push(Object.assign({}, user)),
    });
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(303);
    const answer = await (await browser.get('/copies')).json();
    expect(answer).toEqual({ admin: [null, null, null, null, null], inherited: [], polluted: null });
    expect((seen[0] as { admin?: unknown }).admin).toBeUndefined();
    expect(JSON.stringify(await (await browser.get('/me')).json())).not.toContain('admin');
  });

  it.each([
    '{"toString":"x","hasOwnProperty":"y"}',
    '{"email":["a@example.com"],"groups":"admin","roles":{"admin":true},"age":0,"nothing":null,"no":false}',
    '{"name":"😀 \\ud800 \\u202e \\u0000 é\\u0301","given_name":""}',
    '{"level":1e300,"precise":0.1,"big":9007199254740993,"negative":-0.5}',
    '{"https://example.com/claims":{"a":[1,[2,[3]]]},"a.b":"c","":"empty"}',
  ])('come through the login and Redis as they are: %s (F-109)', async (json) => {
    assert(json);
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    const expected = { sub: 'ada', ...JSON.parse(json) };
    expect(await (await browser.get('/me')).json()).toMatchObject(expected);
    expect({ ...app.logins[0]!.claims }).toMatchObject(expected);
  });

  it('that lie elsewhere are not fetched, and do no harm (C-32, C-33, F-119)', async () => {
    const sources = {
      here: { JWT: 'eyJhbGciOiJub25lIn0.e30.' },
      there: { endpoint: `${op.origin}/claims`, access_token: 'x' },
    };
    assert(JSON.stringify({ _claim_names: { age: 'here', rating: 'there' }, _claim_sources: sources }));
    const app = await start();
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(303);
    const me = await (await browser.get('/me')).json();
    expect([me.age, me.rating]).toEqual([undefined, undefined]);
    expect(op.requests().filter(({ url }) => url.endsWith('/claims'))).toEqual([]);
  });

  it('hold nothing that serves the protocol', async () => {
    assert('{"sid":"s","amr":["pwd"],"acr":"1","jti":"j"}');
    const app = await start();
    const browser = app.browser();
    await app.logIn(browser);
    const names = Object.keys(await (await browser.get('/me')).json());
    expect(names).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(iss|aud|exp|iat|nonce|sid|amr|acr|jti)$/)]),
    );
  });

  it.each([
    ['a name of 100 KB', JSON.stringify({ name: 'x'.repeat(100_000) })],
    [
      '20,000 groups',
      JSON.stringify({ groups: Array.from({ length: 20_000 }, (_, index) => `group-${index}`) }),
    ],
  ])('are refused when they are too much: %s (F-109)', async (_name, json) => {
    assert(json);
    const app = await start();
    const browser = app.browser();
    const answer = await app.logIn(browser);
    expect(answer.status).toBe(502);
    expect(await whoIs(browser)).toBeNull();
  });

  it('of 60 KB travel in no cookie (F-47)', async () => {
    assert(
      JSON.stringify({
        groups: Array.from({ length: 500 }, (_, index) => `group-${index}-${'x'.repeat(100)}`),
      }),
    );
    const app = await start();
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(303);
    expect((await (await browser.get('/me')).json()).groups).toHaveLength(500);
    expect(browser.jar.all().map(({ name, value }) => name.length + value.length)).toEqual([
      expect.any(Number),
    ]);
    expect(browser.jar.get('session')!.value.length).toBeLessThan(200);
  });
});

describe('a person', () => {
  it('is who the issuer and the subject say, whatever the e-mail address (R-19, GHSA-g38m-r43w-p2q7)', async () => {
    const app = await start();
    const browser = app.browser();
    op.script({
      claims: (claims) => ({ ...claims, sub: 'first', email: 'same@example.com', email_verified: true }),
    });
    await app.logIn(browser);
    await browser.get('/save?draft=of-the-first');
    op.script({
      claims: (claims) => ({ ...claims, sub: 'second', email: 'same@example.com', email_verified: true }),
    });
    await app.logIn(browser);
    expect(await whoIs(browser)).toBe('second');
    expect(await (await browser.get('/save')).json()).toEqual({});
    expect(app.logouts.map(({ sub }) => sub)).toEqual(['first']);
  });

  it.each([
    ['of one user and of many', 'ada', 'ada '],
    ['in one case of letters and another', 'ada', 'Ada'],
    ['that look alike', 'ada', 'аda'],
    ['in one form of Unicode and another', 'é', 'e\u0301'],
  ])('is somebody else with a subject that only looks the same: %s (R-19)', async (_name, first, second) => {
    const app = await start();
    const browser = app.browser();
    for (const sub of [first, second]) {
      op.script({ claims: (claims) => ({ ...claims, sub }) });
      if ((await app.logIn(browser)).status === 303)
        await browser.get(`/save?${new URLSearchParams({ of: sub })}`);
    }
    const data = await (await browser.get('/save')).json();
    const sub = await whoIs(browser);
    expect([data.of ?? null, sub]).toEqual([sub, sub]);
  });
});

describe('mapUser', () => {
  it('makes req.user, once per login, and sees where the login came from', async () => {
    const calls: unknown[] = [];
    const app = await start({
      mapUser: async ({ sub, name }, login) => {
        calls.push(login);
        return { sub: `mapped-${sub}`, name: `${name}!` };
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    await browser.get('/me');
    expect(await (await browser.get('/me')).json()).toEqual({
      sub: 'mapped-ada',
      name: expect.stringMatching(/!$/),
    });
    const fetch = expect.any(Function);
    expect(calls).toEqual([
      expect.objectContaining({ provider: 'default', issuer: op.issuer, unverified: {}, fetch }),
    ]);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['false', false],
    ['a string', 'ada'],
    ['a list', ['ada']],
    ['what JSON cannot express', { sub: 'ada', big: 1n }],
  ])('fails the login when it returns %s, and says what is wrong', async (_name, user) => {
    const app = await start({ mapUser: () => user as never });
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(500);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.message)).toEqual([
      expect.stringMatching(/^What mapUser returns/),
    ]);
  });

  it('refuses the login when it throws a refusal', async () => {
    const app = await start({
      mapUser: () => {
        throw new LoginRefused('unknown here');
      },
    });
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(403);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.code)).toEqual(['login_refused']);
  });
});
