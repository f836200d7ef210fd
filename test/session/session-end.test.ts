import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createBrowserSession } from '../../src/session/browser-session.ts';
import { onSessionEnd } from '../../src/user/session-end.ts';

/** A request whose response and connection the test closes, and a count of those who watch its session. */
function createBed(headers: Record<string, string> = {}) {
  let watching = 0;
  const watch = {
    watch: () => {
      watching += 1;
      return () => {
        watching -= 1;
      };
    },
    isIdle: () => watching === 0,
    close: () => undefined,
  };
  const [socket, response] = [new EventEmitter(), new EventEmitter()];
  const req = { headers, socket } as unknown as IncomingMessage;
  const start = (res?: EventEmitter) =>
    onSessionEnd(
      { watch, browser: createBrowserSession(), req, ...(res && { res: res as unknown as ServerResponse }) },
      () => undefined,
    );
  return { start, socket, response, count: () => watching };
}

const close = (carrier: EventEmitter) => Object.assign(carrier, { destroyed: true }).emit('close');

describe('a session is watched', () => {
  it('until the response closes, and leaves nothing on its connection', () => {
    const { start, socket, response, count } = createBed();
    start(response);
    expect([count(), socket.listenerCount('close')]).toEqual([1, 0]);
    close(response);
    expect([count(), response.listenerCount('close')]).toEqual([0, 0]);
  });

  it('until the connection of a WebSocket closes', () => {
    const { start, socket, count } = createBed({ upgrade: 'websocket' });
    start();
    expect(count()).toBe(1);
    close(socket);
    expect([count(), socket.listenerCount('close')]).toEqual([0, 0]);
  });

  it('until whoever watches has enough', () => {
    const { start, response, count } = createBed();
    start(response)();
    expect([count(), response.listenerCount('close')]).toEqual([0, 0]);
  });

  it('not at all once the response has closed', () => {
    const { start, response, count } = createBed();
    close(response);
    start(response)();
    expect([count(), response.listenerCount('close')]).toEqual([0, 0]);
  });
});
