import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import express from 'express';
import { connectAuth, providers } from '../../src/index.ts';

async function listen() {
  const auth = connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'a secret of the tests, long enough to be one',
    redis: 'memory',
    provider: providers.oidc({ issuer: 'http://localhost:9', clientId: 'app', clientSecret: 'secret' }),
  });
  const app = express().use(auth);
  app.get('/', (_req, res) => void res.send('here'));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { auth, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

it('a server that is closed tells of its end once, and keeps its own ways', async () => {
  const { auth, server } = await listen();
  let ends = 0;
  server.on('close', () => {
    ends += 1;
  });
  await auth.close({ server });
  await wait(50);
  expect(ends).toBe(1);
  expect(Object.hasOwn(server, 'closeIdleConnections')).toBe(false);
});

it('a request on a connection that was idle when the server began to close is answered, as its last', async () => {
  const { auth, server, url } = await listen();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async () => {
    const [answer] = (await once(get(url, { agent }), 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer;
  };
  expect((await ask()).headers.connection).not.toBe('close');
  const closing = auth.close({ server });
  while (server.listening) await wait(10);
  const last = await ask();
  expect([last.statusCode, last.headers.connection]).toEqual([200, 'close']);
  await closing;
  agent.destroy();
});
