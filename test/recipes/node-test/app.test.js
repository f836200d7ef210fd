import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { createTestClock, logInAs, startTestProvider } from 'express-connect-auth/testing';
import request from 'supertest';
import { createApp } from './app.js';

const clock = createTestClock();
let provider;
let server;
let auth;
before(async () => {
  provider = await startTestProvider({ now: clock.now });
  // The base URL is where the tests find it.
  server = createServer().listen(0, 'localhost');
  await new Promise((resolve) => server.once('listening', resolve));
  const parts = createApp(provider.definition, {
    baseUrl: `http://localhost:${server.address().port}`,
    now: clock.now,
  });
  auth = parts.auth;
  server.on('request', parts.app);
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await auth.close();
  await provider.close();
});

test('a session fetches as its browser', async () => {
  const session = await logInAs(auth, { sub: 'eve', name: 'Eve', role: 'admin' });
  assert.deepEqual(await (await session.fetch('/me')).json(), { hello: 'Eve' });
  assert.equal((await session.fetch('/admin')).status, 200);
  await session.revoke();
  assert.equal((await session.fetch('/me')).status, 401);
});

test('a session is idle after a day', async () => {
  const session = await logInAs(auth);
  clock.advance({ days: 1, minutes: 2 });
  assert.equal((await session.fetch('/me')).status, 401);
});

test('a provider that fails is told to the person, and not the end of the application', async () => {
  const agent = request.agent(server);
  provider.switchOn('server_error', { at: 'token', times: 1 });
  const start = await agent.get('/login').expect(302);
  await agent.get(provider.signIn(start.headers.location).path).expect(503);
  const again = await agent.get('/login').expect(302);
  await agent.get(provider.signIn(again.headers.location).path).expect(303);
});
