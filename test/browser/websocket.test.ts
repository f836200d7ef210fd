import { STATUS_CODES } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';

const bed = setUpChromiumBed();

/** Opens a WebSocket in a page and returns what it says first, or that it was refused. */
const openIn = (page: Page, origin: string) =>
  page.evaluate(
    (address) =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(address);
        socket.onmessage = ({ data }) => {
          resolve(data);
          socket.close();
        };
        socket.onerror = () => resolve('refused');
      }),
    origin.replace('http', 'ws'),
  );

describe('in Chromium, a WebSocket', () => {
  it('opens for a page of the application, and for no other though the cookie comes along (R-120, R-135)', async () => {
    const app = await bed.start();
    const sockets = new WebSocketServer({ noServer: true });
    const seen: { cookie: boolean; status: number }[] = [];
    app.server.on('upgrade', (req, socket, head) => {
      const note = (status: number) =>
        seen.push({ cookie: req.headers.cookie?.includes('session=') ?? false, status });
      app.auth.authenticateUpgrade(req).then(
        (login) => {
          note(101);
          sockets.handleUpgrade(req, socket, head, (webSocket) => webSocket.send(login.user.sub));
        },
        ({ status }) => {
          note(status);
          socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n\r\n`);
        },
      );
    });
    const page = await bed.newPage();
    await page.goto(`${app.origin}/me`);
    await signInAs(page, 'Ada Lovelace', '/me');
    expect(await openIn(page, app.origin)).toBe('ada');
    // A neighbour on another port is the same site: SameSite keeps no cookie from it.
    for (const host of ['localhost', '127.0.0.1']) {
      await page.goto(await bed.serve('<title>elsewhere</title>', host));
      expect(await openIn(page, app.origin)).toBe('refused');
    }
    expect(seen).toEqual([
      { cookie: true, status: 101 },
      { cookie: true, status: 403 },
      { cookie: false, status: 403 },
    ]);
  });
});
