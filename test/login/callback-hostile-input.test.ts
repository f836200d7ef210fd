import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import type { ErrorEvent } from 'express-connect-auth';
import type { BrowserClient } from '../support/browser-client.ts';
import {
  beginLogin,
  followToCallback,
  loggedIn,
  lookAt,
  readAnswer,
  refused,
  withAnswer,
} from '../support/login-outcome.ts';
import { openConnection, sendRaw, statusOf } from '../support/raw-request.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const start = useApps();
const FORM = 'application/x-www-form-urlencoded';
const parsers: Record<string, (app: Express) => void> = {
  'no body parser': () => undefined,
  'the simple form parser': (app) => app.use(express.urlencoded({ extended: false })),
  'the extended form parser': (app) => app.use(express.urlencoded({ extended: true })),
  'a parser of JSON alone': (app) => app.use(express.json()),
  'a parser of raw bytes': (app) => app.use(express.raw({ type: FORM })),
  'a parser of text': (app) => app.use(express.text({ type: FORM })),
};

const post = async (browser: BrowserClient, body: string, headers = {}) =>
  followToCallback(
    browser,
    await browser.request('POST', '/oauth/callback', {
      body,
      headers: { 'content-type': FORM, 'sec-fetch-site': 'cross-site', ...headers },
    }),
  );

describe.each(Object.entries(parsers))('a callback by form, behind %s', (_, before) => {
  const startHere = () => start({ op, oidc: { responseMode: 'form_post' }, before });

  it('logs in (R-47)', async () => {
    const app = await startHere();
    const browser = app.browser();
    const answer = await app.logIn(browser);
    expect(await lookAt(app, browser, answer)).toEqual(loggedIn);
  });

  it.each([
    ['two states', 'code=x&state=a&state=b'],
    ['two states in the way of PHP', 'code=x&state[]=a&state[]=b'],
    ['a state with members', 'code=x&state[a]=b&state[toString]=c'],
    ['prototypes', 'code=x&state=a&__proto__[state]=b&constructor[prototype][x]=1'],
    ['nothing', ''],
    ['separators alone', '&&==&=&'],
    ['broken escapes', 'code=%&state=%zz&iss=%E0%A4%A'],
    ['NUL, newlines and glob characters', 'code=%00%0d%0a&state=*?%5B%5D%00'],
    ['deep brackets', `state=a&a${'[b]'.repeat(200)}=c`],
  ])('is refused with %s, and sends no code (F-104, F-105, R-42)', async (_name, body) => {
    const app = await startHere();
    const browser = app.browser();
    await beginLogin(browser);
    const answer = await post(browser, body);
    expect(await lookAt(app, browser, answer)).toMatchObject({ status: 400, user: undefined });
    expect(op.requests('token')).toEqual([]);
    expect(({} as { state?: unknown }).state).toBeUndefined();
  });

  it.each([
    ['100 KB', 'x'.repeat(100_000), 413],
    ['1,100 parameters', 'a=b&'.repeat(1100), 413],
    ['another charset', 'code=x&state=y', 415, `${FORM}; charset=utf-16`],
    ['JSON', '{"code":"x","state":"y"}', 415, 'application/json'],
    ['JSON that is none', '{', 415, 'application/json'],
    ['plain text', 'code=x&state=y', 415, 'text/plain'],
    ['several parts', '--x\r\n', 415, 'multipart/form-data; boundary=x'],
    ['no type', 'code=x&state=y', 415, ''],
  ])('is refused with %s (F-104, R-47)', async (_name, body, status, type = FORM) => {
    const app = await startHere();
    const browser = app.browser();
    await beginLogin(browser);
    const answer = await post(browser, body, { 'content-type': type });
    // A parser of the application may be the first to refuse.
    expect(Math.floor(answer.status / 100)).toBe(4);
    if (before === parsers['no body parser']) expect(answer.status).toBe(status);
    expect(op.requests('token')).toEqual([]);
  });
});

describe('a callback by form', () => {
  const startHere = () => start({ op, oidc: { responseMode: 'form_post' } });
  const head = (origin: string, length: string) =>
    `POST /oauth/callback HTTP/1.1\r\nHost: ${new URL(origin).host}\r\nConnection: close\r\n` +
    `Content-Type: ${FORM}\r\n${length}\r\n\r\n`;

  it.each([
    ['says it is large', 'Content-Length: 10000000', 'x'.repeat(1000)],
    [
      'does not say how large it is',
      'Transfer-Encoding: chunked',
      `19000\r\n${'x'.repeat(0x19000)}\r\n0\r\n\r\n`,
    ],
    ['never ends', 'Transfer-Encoding: chunked', `11000\r\n${'x'.repeat(0x11000)}\r\n`],
  ])('is answered by 413 when it %s (F-104)', async (_, length, body) => {
    const app = await startHere();
    const answer = await sendRaw(app.origin, head(app.origin, length) + body);
    expect(statusOf(answer)).toBe(413);
  });

  it('leaves a hook that is told of one too large the whole request (F-104)', async () => {
    const seen: (string | undefined)[] = [];
    const onError = ({ req }: ErrorEvent) => void seen.push(req?.ip);
    const app = await start({ op, oidc: { responseMode: 'form_post' }, onError });
    const body = `19000\r\n${'x'.repeat(0x19000)}\r\n0\r\n\r\n`;
    const answer = await sendRaw(app.origin, head(app.origin, 'Transfer-Encoding: chunked') + body);
    expect(statusOf(answer)).toBe(413);
    expect(seen).toEqual([expect.stringMatching(/127\.0\.0\.1|::1/)]);
  });

  it('may come in pieces (R-47)', async () => {
    const app = await startHere();
    const body = ['code=', 'x&sta', 'te=unknown'].map(
      (piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`,
    );
    const answer = await sendRaw(
      app.origin,
      `${head(app.origin, 'Transfer-Encoding: chunked')}${body.join('')}0\r\n\r\n`,
    );
    expect(statusOf(answer)).toBe(400);
    expect(app.errors[0]?.error.code).toBe('login_not_found');
  });

  it('may break off without harm to anybody (F-104)', async () => {
    let arrived = () => {};
    const begun = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const app = await start({
      op,
      oidc: { responseMode: 'form_post' },
      before: (server) =>
        server.use((_req, _res, next) => {
          arrived();
          next();
        }),
    });
    const socket = await openConnection(app.origin);
    socket.write(`${head(app.origin, 'Content-Length: 1000')}code=x`);
    await begun;
    socket.destroy();
    await once(socket, 'close');
    expect((await app.browser().get('/')).status).toBe(200);
  });
});

describe('a callback by query', () => {
  const nasty = [
    ...[
      '',
      ' ',
      '0',
      'a',
      'x'.repeat(4000),
      'ж😀',
      '\u0000',
      "' OR 1=1 --",
      '../../etc/passwd',
      '*',
      '[a-z]*',
      '{}',
    ],
    ...[
      '%00',
      '%2e%2e%2f',
      '\r\nSet-Cookie: a=b',
      '<script>',
      '__proto__',
      'constructor',
      '[object Object]',
      'null',
    ],
  ];

  it.each(nasty)('is refused with the state %j (F-105)', async (state) => {
    const app = await start({ op });
    const browser = app.browser();
    await beginLogin(browser);
    const answer = await browser.get(
      `/oauth/callback?${new URLSearchParams({ code: 'x', state, iss: op.issuer })}`,
    );
    expect(await lookAt(app, browser, answer)).toEqual(refused('login_not_found', 400));
    expect(op.requests('token')).toEqual([]);
  });

  it.each(nasty)('is refused with the code %j, which only the provider may judge (F-105)', async (code) => {
    const app = await start({ op });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href);
    const answer = readAnswer(callback);
    answer.set('code', code);
    const result = await browser.deliver(withAnswer(callback, answer));
    expect(await lookAt(app, browser, result)).toMatchObject({ user: undefined, hasSessionCookie: false });
    expect(result.status).toBeGreaterThanOrEqual(400);
    expect(op.requests('token').map(({ params }) => params.get('code'))).toEqual(code === '' ? [] : [code]);
    expect(op.requests('token').every(({ params }) => [...params.keys()].length <= 5)).toBe(true);
  });

  it.each([
    'code=a&code=b&state=c',
    'state[]=a',
    '__proto__[x]=1',
    '',
    '?',
    '&',
    '=',
    '%',
    'code',
    'a=b&'.repeat(101),
  ])('is refused as %p (F-104)', async (query) => {
    const app = await start({ op, before: (server) => server.set('query parser', 'extended') });
    const answer = await app.browser().get(`/oauth/callback?${query}`);
    expect(Math.floor(answer.status / 100)).toBe(4);
  });
});

describe('what an attacker writes into an error', () => {
  const payloads = [
    '<script>alert(1)</script>',
    '"onmouseover="alert(1)',
    "'><img src=x onerror=alert(1)>",
    'javascript:alert(1)',
    '\u202egnp.exe',
    '\r\nSet-Cookie: evil=1\r\n\r\n<h1>',
    '\u001b[2J\u001b[31mALERT',
    'x'.repeat(3000),
  ];

  it.each(payloads)('reaches neither page nor headers nor log: %j (F-106, F-107)', async (payload) => {
    const app = await start({ op });
    const browser = app.browser();
    const callback = await op.signIn((await beginLogin(browser)).href, { cancel: true });
    const answer = readAnswer(callback);
    for (const name of ['error', 'error_description', 'error_uri']) answer.set(name, payload);
    const result = await browser.deliver(withAnswer(callback, answer), {
      'user-agent': payload.replace(/[^ -~]/g, ''),
    });
    expect(result.status).toBe(403);
    // The cookie's name is random, and now and then has one of the words in it.
    const headers = JSON.stringify([...result.headers]).replace(/session-login-[\w-]{16}/g, '');
    const seen = (await result.text()) + headers;
    expect(seen).not.toContain(payload);
    expect(seen).not.toMatch(/alert|onerror|evil|gnp|xxxx/i);

    const { error } = app.errors[0]!;
    expect([error.message, String((error as { oauthError?: string }).oauthError)].join('')).toMatch(
      /^[ -~]{0,300}$/,
    );
    expect(String(error.cause)).toMatch(/^[ -~]*$/);
  });
});
