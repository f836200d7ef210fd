import { once } from 'node:events';
import { ServerResponse, STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { done, sendLogout } from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const op = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const sockets: WebSocket[] = [];
beforeEach(() => clock.advance(1000));
// Before those of the applications, which wait for their connections.
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.terminate();
});
const startApp = useApps();

/** An application whose WebSocket says who it is, and closes with the session. */
async function start(options: Partial<TestAppOptions> = {}): Promise<TestApp> {
  const app = await startApp({ op, redis: redis.url, now: clock.now, ...options });
  const server = new WebSocketServer({ noServer: true });
  app.server.on('upgrade', (req, socket, head) => {
    app.auth.authenticateUpgrade(req).then(
      (login) =>
        server.handleUpgrade(req, socket, head, (webSocket) => {
          login.onEnd(() => webSocket.close(4401, 'signed out'));
          const { onEnd, getAccessToken, fetch, fetchUserInfo, ...said } = login;
          webSocket.send(JSON.stringify(said));
          webSocket.on('message', async () => webSocket.send(String((await getAccessToken()).length)));
        }),
      ({ status }) => socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n\r\n`),
    );
  });
  return app;
}

interface Opened {
  readonly socket: WebSocket;
  /** What it said first. */
  readonly said: Record<string, unknown>;
  readonly closed: Promise<number>;
}

/** Opens a WebSocket as a page of `origin` would, or as a client that is no browser. Rejects with the status. */
function open(
  app: TestApp,
  browser: BrowserClient,
  origin: string | undefined = app.origin,
): Promise<Opened> {
  const cookie = browser.jar.header(app.origin);
  const socket = new WebSocket(app.origin.replace('http', 'ws'), {
    headers: { ...(cookie && { cookie }), ...(origin && { origin }) },
  });
  sockets.push(socket);
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  return new Promise((resolve, reject) => {
    socket.once('message', (data: RawData) => resolve({ socket, closed, said: JSON.parse(String(data)) }));
    socket.once('unexpected-response', (_, { statusCode }) => reject(statusCode));
    socket.once('error', reject);
  });
}

describe('a WebSocket', () => {
  it('knows who opens it, by the session of the browser (R-113)', async () => {
    const app = await start();
    const { socket, said } = await open(app, await logInWith(op, app, { acr: 'gold' }));
    expect(said).toMatchObject({
      ...{
        user: { sub: 'ada' },
        claims: { sub: 'ada' },
        provider: 'default',
        issuer: op.issuer,
        acr: 'gold',
      },
      expiresAt: expect.stringMatching(/^\d{4}-/),
    });
    const answer = new Promise((resolve) => socket.once('message', resolve));
    socket.send('how long is the access token?');
    expect(Number(String(await answer))).toBeGreaterThan(5);
  });

  it('knows the user that mapUser made', async () => {
    const app = await start({ mapUser: ({ sub }) => ({ sub: `local ${sub}` }) });
    const { said } = await open(app, await logInWith(op, app));
    expect(said).toMatchObject({ user: { sub: 'local ada' }, claims: { sub: 'ada' } });
  });

  it('is refused without a session, or with one that has ended', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const old = app.browser(browser.jar.clone());
    await browser.post('/logout');
    for (const nobody of [app.browser(), browser, old]) await expect(open(app, nobody)).rejects.toBe(401);
  });

  it('is refused to pages of other origins, siblings as well, unless they are trusted (R-135)', async () => {
    const trusted = 'https://admin.example.com';
    const app = await start({ trustedOrigins: [trusted] });
    const browser = await logInWith(op, app);
    for (const origin of [
      'https://evil.example',
      'http://localhost:1',
      `${app.origin}.evil.example`,
      'null',
    ]) {
      await expect(open(app, browser, origin)).rejects.toBe(403);
    }
    for (const origin of [app.origin, trusted, '']) {
      expect((await open(app, browser, origin)).said.user).toMatchObject({ sub: 'ada' });
    }
  });

  it('is refused by 503 while the store is away, and not told that a session has ended (F-31)', async () => {
    const app = await start({ storeTimeoutMs: 1000 });
    const browser = await logInWith(op, app);
    const { closed } = await open(app, browser);
    redis.pause();
    await expect(open(app, browser)).rejects.toBe(503);
    redis.resume();
    await until(() =>
      app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' }).then(
        () => true,
        () => false,
      ),
    );
    expect(await closed).toBe(4401);
  });

  it('harms nobody when its client hangs up before it is known who that is (F-118)', async () => {
    const app = await start({ storeTimeoutMs: 1000 });
    const browser = await logInWith(op, app);
    redis.pause();
    const socket = connect(Number(new URL(app.origin).port), 'localhost');
    await once(socket, 'connect');
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const asked = once(app.server, 'upgrade');
    socket.write(
      `GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}${key}Cookie: ${browser.jar.header(app.origin)}\r\n\r\n`,
    );
    const [, serverSide] = (await asked) as [unknown, Socket];
    const gone = new Promise((resolve) => serverSide.once('close', resolve));
    socket.resetAndDestroy();
    await gone;
    redis.resume();
    await until(async () => (await browser.get('/')).status === 200);
  });

  it('can close with its session, whatever ends that in whichever process; others stay (F-31)', async () => {
    const app = await start();
    const other = await start({ baseUrl: app.origin });
    const [ada, grace] = [await logInWith(op, app), await logInWith(op, app, { as: 'grace', sid: 'grace' })];
    const [ending, staying] = [await open(app, ada), await open(app, grace)];
    expect(await sendLogout(other, op, { sub: 'ada', now: clock.now })).toEqual(done);
    expect(await ending.closed).toBe(4401);
    expect(staying.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('that an application leads through its routes is not opened to other origins by requireAuth (R-120)', async () => {
    const app = await startApp({
      ...{ op, redis: redis.url, now: clock.now },
      handlers: (server) => void server.all('/', requireAuth, (_req, res) => void res.status(418).end()),
    });
    app.server.on('upgrade', (req, socket) => {
      const res = new ServerResponse(req);
      res.assignSocket(socket as Socket);
      res.once('finish', () => socket.end());
      app.server.emit('request', req, res);
    });
    const browser = await logInWith(op, app);
    await expect(open(app, browser, 'https://evil.example')).rejects.toBe(403);
    await expect(open(app, browser)).rejects.toBe(418);
  });
});
