import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import express from 'express';
import { providers } from 'express-connect-auth';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { withFreePort } from '../support/free-port.ts';
import { exchange } from '../support/http-exchange.ts';
import { holdCallback } from '../support/login-outcome.ts';
import { json } from '../support/scripted-answers.ts';
import { type Claims, createScriptedKey, type ScriptedKey, signToken } from '../support/scripted-keys.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useApps();
const path = '/oauth/global-token-revocation';
beforeEach(() => clock.advance(1000));

const start = (options: Partial<TestAppOptions> = {}) =>
  startApp({
    op,
    redis: redis.url,
    now: clock.now,
    ...options,
    routes: { globalTokenRevocation: path, ...options.routes },
  });

interface Changes {
  claims?: Claims;
  header?: Claims;
  key?: ScriptedKey;
  token?: string;
  body?: unknown;
  type?: string;
  method?: string;
}

const tokenFor = (app: TestApp, { claims, header, key = op.key }: Changes = {}) => {
  const time = Math.floor(clock.now() / 1000);
  const honest = { iss: op.issuer, aud: app.origin + path, iat: time, exp: time + 120, jti: randomUUID() };
  const typed = { alg: key.alg, kid: key.kid, typ: 'global-token-revocation+jwt' };
  return signToken({ ...typed, ...header }, { ...honest, ...claims }, key);
};

const send = async (app: TestApp, changes: Changes = {}) => {
  const { body = { sub_id: { format: 'iss_sub', iss: op.issuer, sub: 'ada' } } } = changes;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await exchange({
    method: changes.method ?? 'POST',
    url: app.origin + path,
    headers: {
      'content-type': changes.type ?? 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      authorization: `Bearer ${changes.token ?? tokenFor(app, changes)}`,
    },
    body: text,
  });
  return answer.status;
};
const who = (...browsers: BrowserClient[]) => Promise.all(browsers.map(whoIs));

describe('a global token revocation', () => {
  it.each([
    ['iss_sub', { sub_id: { format: 'iss_sub', iss: op.issuer, sub: 'ada' } }],
    ['opaque', { sub_id: { format: 'opaque', id: 'ada' } }],
    [
      'the name that the first drafts have for it',
      { subject: { format: 'iss_sub', iss: op.issuer, sub: 'ada' } },
    ],
  ])('ends all sessions of the person it names by %s, and of nobody else', async (_, body) => {
    const app = await start();
    const [one, two, grace] = [
      await logInWith(op, app, { sid: 'one' }),
      await logInWith(op, app, { sid: undefined }),
      await logInWith(op, app, { as: 'grace' }),
    ];
    clock.advance(2000);
    expect(await send(app, { body })).toBe(204);
    expect(await who(one, two, grace)).toEqual([null, null, 'grace']);
    expect(app.logouts.map(({ reason, sub }) => [reason, sub])).toEqual([
      ['back_channel', 'ada'],
      ['back_channel', 'ada'],
    ]);
  });

  it('ends a login that was under way, and leaves one that begins later', async () => {
    const app = await start();
    const browser = app.browser();
    const callback = await holdCallback(op, browser);
    clock.advance(2000);
    expect(await send(app)).toBe(204);
    await browser.deliver(callback);
    expect(await whoIs(browser)).toBeNull();
    clock.advance(2000);
    expect(await whoIs(await logInWith(op, app))).toBe('ada');
  });

  it('ends the sessions of all clients of the issuer', async () => {
    const app = await startTwoClients();
    const [one, two] = [app.browser(), app.browser()];
    await app.logIn(one, { path: '/login?provider=a' });
    await app.logIn(two, { path: '/login?provider=b' });
    expect(await who(one, two)).toEqual(['ada', 'ada']);
    clock.advance(2000);
    expect(await send(app)).toBe(204);
    expect(await who(one, two)).toEqual([null, null]);
  });

  it('takes what any client of the issuer would, where they expect other algorithms', async () => {
    const app = await startTwoClients({ a: 'ES256' });
    const browser = app.browser();
    await app.logIn(browser, { path: '/login?provider=b' });
    clock.advance(2000);
    expect(await send(app)).toBe(204);
    expect(await whoIs(browser)).toBeNull();
    expect(await send(app, { claims: { aud: 'another' } })).toBe(401);
  });

  it('has done its work for somebody without a session, and for a token that comes again', async () => {
    const app = await start();
    const token = tokenFor(app);
    expect([await send(app, { token }), await send(app, { token })]).toEqual([204, 204]);
  });

  it('reads what the application has parsed before', async () => {
    const app = await start({ before: (web) => web.use(express.json()) });
    const browser = await logInWith(op, app);
    clock.advance(2000);
    expect(await send(app)).toBe(204);
    expect(await whoIs(browser)).toBeNull();
  });

  const stranger = createScriptedKey('RS256', 'a key of somebody else');
  const secondsAgo = (seconds: number) => Math.floor(clock.now() / 1000) - seconds;
  it.each<[string, (app: TestApp) => Changes, number?]>([
    // It may be a new one: another look at the keys of the provider says so, and not for every stranger at once.
    ['another key', () => ({ key: stranger }), 503],
    ['another key under the name of a good one', () => ({ key: stranger, header: { kid: op.key.kid } }), 503],
    [
      'no signature',
      (app) => ({ token: `${tokenFor(app, { header: { alg: 'none' } }).replace(/[^.]+$/, '')}` }),
    ],
    ['another algorithm', () => ({ header: { alg: 'PS256' } })],
    ['no type', () => ({ header: { typ: undefined } })],
    ['the type of an access token', () => ({ header: { typ: 'at+jwt' } })],
    ['the type of a logout token', () => ({ header: { typ: 'logout+jwt' } })],
    ['another issuer', () => ({ claims: { iss: 'https://id.example.com' } })],
    ['the client as its audience, as an ID token has', () => ({ claims: { aud: op.clientId } })],
    ['the application as its audience, as an access token has', (app) => ({ claims: { aud: app.origin } })],
    ['others beside us as its audience', (app) => ({ claims: { aud: [app.origin + path, 'other'] } })],
    ['no audience', () => ({ claims: { aud: undefined } })],
    ['no jti', () => ({ claims: { jti: undefined } })],
    ['no iat', () => ({ claims: { iat: undefined } })],
    ['an iat in the future', () => ({ claims: { iat: secondsAgo(-3600) } })],
    ['an iat of an hour ago', () => ({ claims: { iat: secondsAgo(3600) } })],
    ['no end', () => ({ claims: { exp: undefined } })],
    ['an end that has come', () => ({ claims: { exp: secondsAgo(60) } })],
    ['no form', () => ({ token: 'none' })],
  ])('is refused whose token has %s', async (_, change, status = 401) => {
    const app = await start();
    const browser = await logInWith(op, app);
    clock.advance(2000);
    expect(await send(app, change(app))).toBe(status);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is refused whose token was used for another person', async () => {
    const app = await start();
    const grace = await logInWith(op, app, { as: 'grace' });
    clock.advance(2000);
    const token = tokenFor(app);
    expect(await send(app, { token })).toBe(204);
    expect(await send(app, { token, body: { sub_id: { format: 'opaque', id: 'grace' } } })).toBe(401);
    expect(await whoIs(grace)).toBe('grace');
  });

  it.each<[string, unknown, number, string?]>([
    [
      'an address, which finds nobody for sure',
      { sub_id: { format: 'email', email: 'ada@example.com' } },
      400,
    ],
    [
      'a person of another issuer',
      { sub_id: { format: 'iss_sub', iss: 'https://x.example', sub: 'ada' } },
      403,
    ],
    ['no person', {}, 400],
    ['two', { sub_id: { format: 'opaque', id: 'ada' }, subject: { format: 'opaque', id: 'ada' } }, 400],
    ['a person who is null', { sub_id: null }, 400],
    ['a number', { sub_id: { format: 'opaque', id: 7 } }, 400],
    ['a name longer than any', { sub_id: { format: 'opaque', id: 'a'.repeat(256) } }, 400],
    ['a list', [], 400],
    ['half of it', '{"sub_id":', 400],
    ['more than anybody', { sub_id: { format: 'opaque', id: 'a'.repeat(70_000) } }, 413],
    ['a form', 'sub_id=ada', 415, 'application/x-www-form-urlencoded'],
  ])('is refused that names %s', async (_, body, status, type = 'application/json') => {
    const app = await start();
    const browser = await logInWith(op, app);
    clock.advance(2000);
    expect(await send(app, { body, type })).toBe(status);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('is to come again while the keys of the provider cannot be had', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    // Its keys are kept for five minutes.
    clock.advance(2000);
    const fresh = await start();
    op.script({ jwks: () => json(500, {}) });
    expect(await send(fresh)).toBe(503);
    expect(await whoIs(browser)).toBe('ada');
  });

  it('takes no GET, and is nowhere unless asked for', async () => {
    expect(await send(await start(), { method: 'GET', body: '' })).toBe(405);
    const off = await start({ routes: { globalTokenRevocation: false } });
    expect(await send(off)).toBe(404);
  });
});

function startTwoClients(algorithms: Record<string, 'ES256'> = {}): Promise<TestApp> {
  return withFreePort(async (port) => {
    const define = async (name: string) =>
      providers.oidc({
        ...(await op.registerApp(`http://localhost:${port}`, {
          callbackPath: `/oauth/callback/${name}`,
          clientId: `client ${name}`,
        })),
        ...(algorithms[name] && { idTokenSigningAlgorithm: algorithms[name] }),
      });
    return start({ port, providers: { a: await define('a'), b: await define('b') } });
  });
}
