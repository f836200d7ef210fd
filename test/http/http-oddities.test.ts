import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { sendRaw, statusOf } from '../support/raw-request.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();

describe('a request that no browser sends', () => {
  let app: TestApp;
  let browser: BrowserClient;
  let session: string;
  beforeAll(async () => {
    app = await startApp({ op });
    browser = app.browser();
    await app.logIn(browser);
    session = `session=${browser.jar.get('session')!.value}`;
  });
  afterAll(() => app.close());

  const send = (target: string, lines: string[] = [], { method = 'GET', version = '1.1', body = '' } = {}) =>
    sendRaw(
      app.origin,
      [
        `${method} ${target} HTTP/${version}`,
        `Host: ${new URL(app.origin).host}`,
        'Connection: close',
        ...lines,
        '',
        body,
      ].join('\r\n'),
    );
  const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1] ?? '';

  it('with two Cookie headers is read as one with both (F-118)', async () => {
    const answer = await send('/', ['Cookie: a=b', `Cookie: ${session}`, 'Cookie: c=d']);
    expect(bodyOf(answer)).toContain('"sub":"ada"');
  });

  it('with two sessions is whoever comes first (F-101, F-118)', async () => {
    const other = app.browser();
    await app.logIn(other, { as: 'eve' });
    const second = `session=${other.jar.get('session')!.value}`;
    expect(bodyOf(await send('/', [`Cookie: ${session}; ${second}`]))).toContain('"sub":"ada"');
    expect(bodyOf(await send('/', [`Cookie: ${second}`, `Cookie: ${session}`]))).toContain('"sub":"eve"');
    expect(bodyOf(await send('/', [`Cookie: session=junk; ${session}`]))).toBe('{"user":null}');
  });

  it('with two hundred cookies, prototypes among them, is read all the same (F-101)', async () => {
    const others = Array.from({ length: 200 }, (_, at) => `c${at}=${'x'.repeat(20)}`);
    const cookie = ['__proto__=x', 'constructor=y', '=z', 'toString', ';', ...others, session].join('; ');
    expect(bodyOf(await send('/', [`Cookie: ${cookie}`]))).toContain('"sub":"ada"');
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it.each([
    ['begins with half a cookie', 'Cookie: session'],
    ['has a cookie of 15,000 characters', `Cookie: session=${'x'.repeat(15_000)}`],
    ['has bytes beyond ASCII', 'Cookie: session=ÿþ'],
    ['has a cookie of login without end', `Cookie: session-login-${'x'.repeat(3000)}=1.s.y`],
    ['has an empty cookie', 'Cookie:'],
  ])('is nobody’s when it %s (F-101, F-118)', async (_, line) => {
    const answer = await send('/', [line]);
    expect([statusOf(answer), bodyOf(answer)]).toEqual([200, '{"user":null}']);
    expect(statusOf(await send('/login', [line]))).toBe(302);
    expect(statusOf(await send('/oauth/callback?state=x', [line]))).toBe(400);
  });

  it.each([
    ['says its length twice', ['Content-Length: 5', 'Content-Length: 6']],
    ['says its length and comes in pieces', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['comes in pieces of an unknown kind', ['Transfer-Encoding: xchunked']],
    ['comes in pieces twice', ['Transfer-Encoding: chunked, chunked']],
    ['has a length that is none', ['Content-Length: -1']],
    ['has a header without a name', [': x']],
    ['folds a header', ['X-A: b', ' c']],
  ])('is answered when it %s, and harms nobody (F-118)', async (_, lines) => {
    for (const target of ['/oauth/callback', '/logout', '/login']) {
      const form = ['Content-Type: application/x-www-form-urlencoded', ...lines];
      const answer = await send(target, form, {
        method: 'POST',
        body: '0\r\n\r\nGET /logout HTTP/1.1\r\n\r\n',
      });
      expect(answer === '' || statusOf(answer) < 500 || statusOf(answer) === 501).toBe(true);
    }
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each([
    '*',
    'http://evil.example/login',
    '//evil.example/login',
    '/login%00',
    '/%2e%2e/login',
    '/LOGIN',
    '/login/',
    '/%',
    '/\\login',
  ])('for %j leads nowhere but to our provider (F-98, F-118, R-121)', async (target) => {
    for (const version of ['1.0', '1.1']) {
      const answer = await send(target, [], { version });
      const location = /^location: (.*)\r$/im.exec(answer)?.[1] ?? op.issuer;
      expect(location.startsWith(op.issuer)).toBe(true);
      expect(statusOf(answer)).toBeLessThan(500);
    }
  });

  it('with an address of a million characters is refused before it comes to us (F-96, F-105)', async () => {
    const answer = await send(`/oauth/callback?state=${'x'.repeat(1_000_000)}`).catch(() => 'HTTP/1.1 431');
    expect([431, Number.NaN]).toContain(statusOf(answer));
    expect(await whoIs(browser)).toBe('ada');
  });

  it('without a host is served as any other (F-98)', async () => {
    const answer = await sendRaw(app.origin, 'GET /login HTTP/1.0\r\n\r\n');
    expect(statusOf(answer)).toBe(302);
    const location = new URL(/^location: (.*)\r$/im.exec(answer)![1]!);
    expect(location.searchParams.get('redirect_uri')).toBe(`${app.origin}/oauth/callback`);
  });
});
