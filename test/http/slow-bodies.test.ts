import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import express, { type Express } from 'express';
import type { TestApp } from '../support/app.ts';
import { openConnection, statusOf } from '../support/raw-request.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const start = (options = {}) => startApp({ op, oidc: { responseMode: 'form_post' }, ...options });

const FORM = 'application/x-www-form-urlencoded';
const ROUTES = ['/oauth/callback', '/oauth/backchannel-logout'];

/** Only what waits is faked: sockets are real, and nothing else of time is touched. */
beforeEach(() => {
  const clocks = ['Date', 'hrtime', 'performance', 'nextTick', 'queueMicrotask'] as const;
  const others = ['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'] as const;
  jest.useFakeTimers({ doNotFake: [...clocks, ...others] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Sends this much, and collects what comes back. */
async function post(app: TestApp, path: string, lines: string[], body = '') {
  const socket = await openConnection(app.origin);
  const received = { text: '' };
  socket.on('data', (chunk) => {
    received.text += chunk;
  });
  const head = [`POST ${path} HTTP/1.1`, `Host: ${new URL(app.origin).host}`, ...lines, '', ''];
  socket.write(head.join('\r\n') + body);
  return { socket, received };
}

const nextTurn = () => new Promise(setImmediate);

/** Until the application waits for a body, and for nothing else. */
async function untilWaiting(): Promise<void> {
  while (jest.getTimerCount() === 0) await nextTurn();
}

async function untilNobodyWaits(): Promise<void> {
  while (jest.getTimerCount() > 0) await nextTurn();
}

const closed = async (socket: Socket) => {
  if (!socket.closed) await once(socket, 'close');
};

const untilAnswered = async (received: { text: string }) => {
  while (!received.text.includes('\r\n\r\n')) await nextTurn();
};

describe.each(ROUTES)('a body for %s', (path) => {
  it.each<[string, string[], string, string[]]>([
    ['never comes', ['Content-Length: 1000'], '', []],
    ['never comes, and whose client asks first', ['Content-Length: 1000', 'Expect: 100-continue'], '', []],
    ['comes by half', ['Content-Length: 1000'], 'state=', []],
    ['drips', ['Content-Length: 1000'], 's', [...'tate=aaaaaaaaaaaaaa']],
    ['drips in pieces without end', ['Transfer-Encoding: chunked'], '', Array(20).fill('1\r\na\r\n')],
  ])('is waited for no longer than ten seconds when it %s (N-21)', async (_, lines, body, drops) => {
    const told: unknown[] = [];
    const onError = ({ req, error }: { req?: { ip?: string | undefined }; error: { code: string } }) =>
      void told.push(req?.ip, error.code);
    const app = await start({ onError });
    const { socket, received } = await post(app, path, [`Content-Type: ${FORM}`, ...lines], body);
    await untilWaiting();
    for (const drop of drops) {
      socket.write(drop);
      jest.advanceTimersByTime(450);
    }
    jest.advanceTimersByTime(9_999 - 450 * drops.length);
    expect((await app.browser().get('/')).status).toBe(200);
    expect(received.text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')).toBe('');

    jest.advanceTimersByTime(1);
    await closed(socket);
    const answer = received.text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
    expect(statusOf(answer)).toBe(408);
    expect(answer).toMatch(/^connection: close\r$/im);
    expect(answer).toMatch(/^cache-control: no-store\r$/im);
    expect(told).toEqual([expect.stringMatching(/127\.0\.0\.1|::1/), 'login_invalid']);
    await untilNobodyWaits();
  });

  it('is read when it is in time, and leaves nothing that waits (N-21)', async () => {
    const app = await start();
    const { socket, received } = await post(
      app,
      path,
      [`Content-Type: ${FORM}`, 'Content-Length: 7'],
      'state',
    );
    await untilWaiting();
    jest.advanceTimersByTime(9_999);
    socket.write('=x');
    await untilAnswered(received);
    expect(statusOf(received.text)).toBe(400);
    expect(jest.getTimerCount()).toBe(0);
    socket.destroy();
  });

  it.each([
    ['before it comes', ''],
    ['in the midst of it', 'state=x'],
  ])('leaves nothing that waits when its client hangs up %s (N-21)', async (_, body) => {
    const app = await start();
    const { socket } = await post(app, path, [`Content-Type: ${FORM}`, 'Content-Length: 1000'], body);
    await untilWaiting();
    socket.destroy();
    await untilNobodyWaits();
    expect(app.errors.map(({ error }) => error.message)).toEqual([expect.stringContaining('broke off')]);
    expect((await app.browser().get('/')).status).toBe(200);
  });

  it('is not what comes after the ten seconds: that is no next request either (N-21)', async () => {
    const app = await start();
    const { socket, received } = await post(app, path, [`Content-Type: ${FORM}`, 'Content-Length: 9']);
    await untilWaiting();
    jest.advanceTimersByTime(10_000);
    socket.write('state=abcGET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await closed(socket);
    expect(received.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it.each([
    ['of another type', 'text/plain', 'Content-Length: 1000', '', 415],
    ['that is too large by its length', FORM, 'Content-Length: 10000000', 'x', 413],
    [
      'that has become too large',
      FORM,
      'Transfer-Encoding: chunked',
      `11000\r\n${'x'.repeat(0x11000)}\r\n`,
      413,
    ],
  ])('%s is refused at once, and its rest is cut off after ten seconds (N-21)', async (_, type, length, body, status) => {
    const app = await start();
    const { socket, received } = await post(app, path, [`Content-Type: ${type}`, length], body);
    await untilAnswered(received);
    // A back-channel logout has no other word for it.
    expect(statusOf(received.text)).toBe(path === ROUTES[0] ? status : 400);
    expect([jest.getTimerCount(), socket.closed]).toEqual([1, false]);
    jest.advanceTimersByTime(10_000);
    await closed(socket);
    await untilNobodyWaits();
  });

  it('that is refused and ends is followed by other requests on the same connection (N-21)', async () => {
    const app = await start();
    const { socket, received } = await post(
      app,
      path,
      ['Content-Type: text/plain', 'Content-Length: 5'],
      'a',
    );
    await untilAnswered(received);
    socket.write('bcdeGET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await closed(socket);
    expect(received.text).toContain('{"user":null}');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that the application gives up sooner harms nobody (N-21)', async () => {
    const before = (server: Express) =>
      server.use((_req, res, next) => {
        setTimeout(() => res.status(503).end(), 5_000);
        next();
      });
    const app = await start({ before });
    const lines = [`Content-Type: ${FORM}`, 'Content-Length: 1000'];
    const { socket, received } = await post(app, path, lines);
    while (jest.getTimerCount() < 2) await nextTurn();
    jest.advanceTimersByTime(5_000);
    await untilAnswered(received);
    expect(statusOf(received.text)).toBe(503);
    jest.advanceTimersByTime(5_000);
    await untilWaiting();
    jest.advanceTimersByTime(10_000);
    await closed(socket);
    await untilNobodyWaits();
    expect(received.text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  it('that the application has read is waited for by nobody (N-21)', async () => {
    const before = (server: Express) => server.use(express.urlencoded({ extended: false }));
    const app = await start({ before });
    const lines = [`Content-Type: ${FORM}`, 'Content-Length: 7', 'Connection: close'];
    const { socket, received } = await post(app, path, lines, 'state=x');
    await closed(socket);
    expect(statusOf(received.text)).toBe(400);
    expect(jest.getTimerCount()).toBe(0);
  });
});
