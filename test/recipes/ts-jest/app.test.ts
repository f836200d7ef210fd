import { afterAll, beforeAll, test } from '@jest/globals';
import type { Express } from 'express';
import type { ConnectAuth } from 'express-connect-auth';
import { logInAs, startTestProvider, type TestProvider } from 'express-connect-auth/testing';
import request from 'supertest';
import { createApp } from './app';

let provider: TestProvider;
let app: Express;
let auth: ConnectAuth;
beforeAll(async () => {
  provider = await startTestProvider();
  ({ app, auth } = createApp(provider.definition));
});
afterAll(async () => {
  await auth.close();
  await provider.close();
});

test('a stranger is sent to the provider, and comes back logged in', async () => {
  const agent = request.agent(app);
  await agent.get('/me').set('Accept', 'application/json').expect(401);
  const start = await agent.get('/login?returnTo=/me').expect(302);
  const back = provider.signIn(start.get('Location') ?? '', { as: 'grace' });
  await agent.get(back.path).expect(303).expect('Location', '/me');
  await agent.get('/me').expect(200, { hello: 'Grace Hopper' });
});

test('a route asks for a role', async () => {
  const agent = request.agent(app);
  await logInAs(agent, { sub: 'eve', role: 'admin' });
  await agent.get('/admin').expect(200);
  await logInAs(agent, { sub: 'ada', role: 'reader' });
  await agent.get('/admin').expect(403);
});
