import { createServer } from 'node:http';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import express, { type Express } from 'express';
import {
  type ConnectAuth,
  type ConnectAuthOptions,
  connectAuth,
  type ErrorEvent,
  type LoginEvent,
  LoginRefused,
  type LogoutEvent,
  providers,
  requireAuth,
} from 'express-connect-auth';
import { type AgentLike, createTestClock, type LogInTarget, logInAs } from 'express-connect-auth/testing';
import request from 'supertest';
import { expressVersions } from '../support/express-versions.ts';
import { asOp, useTestProvider } from '../support/kit-provider.ts';
import { useApps, useRedisServer } from '../support/use-apps.ts';

const startApp = useApps();
const provider = await useTestProvider();
const redis = await useRedisServer();

const open: ConnectAuth[] = [];
afterEach(async () => {
  for (const auth of open.splice(0)) await auth.close();
});

/** An application whose provider is nowhere, and what its hooks were told. */
function createApp(options: Partial<ConnectAuthOptions> = {}, createExpress: () => Express = express) {
  const logins: LoginEvent[] = [];
  const logouts: LogoutEvent[] = [];
  const errors: ErrorEvent[] = [];
  const auth = connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'a secret of the tests, long enough to be one',
    redis: 'memory',
    ...(options.providers || options.provider ? {} : { provider: nowhere('a') }),
    onLogin: (event) => void logins.push(event),
    onLogout: (event) => void logouts.push(event),
    onError: (event) => void errors.push(event),
    ...options,
  });
  open.push(auth);
  const app = createExpress();
  app.use(auth);
  app.get('/me', requireAuth, (req, res) => void res.json(req.user));
  app.post('/me', requireAuth, (req, res) => void res.json(req.user));
  app.get('/strong', requireAuth({ acrValues: ['high'] }), (_req, res) => void res.json('strong'));
  app.get('/recent', requireAuth({ maxAgeSeconds: 300 }), (_req, res) => void res.json('recent'));
  app.get('/auth', (req, res) => {
    const { acr, amr, authTime, provider: name, tenant } = req.auth;
    res.json({ acr, amr, authTime, provider: name, tenant });
  });
  app.get('/token', (req, res, next) => {
    req.auth.getAccessToken().then((token) => res.json(token), next);
  });
  app.get('/session', (req, res) => void res.json({ ...req.session, cookie: undefined }));
  return { app, auth, logins, logouts, errors };
}

function nowhere(name: string) {
  return providers.oidc({ issuer: `https://${name}.example`, clientId: 'app', clientSecret: 'the secret' });
}

const api = { accept: 'application/json' };

describe.each(expressVersions)('logInAs() in %s', (_name, createExpress) => {
  it('logs a supertest agent in, with claims, acr, amr, authTime and tokens', async () => {
    const { app } = createApp({}, createExpress);
    const agent = request.agent(app);
    await agent.get('/me').set(api).expect(401);
    const authTime = new Date('2026-01-01T00:00:00Z');
    const tokens = { accessToken: 'a token of the test', expiresIn: 60 };
    await logInAs(agent, { sub: 'eve', roles: ['admin'] }, { acr: 'high', amr: ['otp'], authTime, tokens });
    await agent.get('/me').expect(200, { sub: 'eve', roles: ['admin'] });
    await agent.post('/me').expect(200);
    await agent.get('/token').expect(200, '"a token of the test"');
    const { body } = await agent.get('/auth');
    expect(body).toMatchObject({
      acr: 'high',
      amr: ['otp'],
      authTime: authTime.toISOString(),
      provider: 'default',
    });
  });

  it.each<[string, (parts: ReturnType<typeof createApp>) => LogInTarget]>([
    ['the application', ({ app }) => app],
    ['what connectAuth() returned', ({ auth }) => auth],
    ['a server', ({ app }) => createServer(app)],
  ])('makes a cookie for any client, of %s', async (_title, targetOf) => {
    const parts = createApp({}, createExpress);
    const session = await logInAs(targetOf(parts));
    await request(parts.app)
      .get('/me')
      .set('Cookie', session.cookie)
      .expect(200, /Ada Lovelace/);
    await request(parts.app).get('/me').set(session.headers).expect(200);
  });

  it('finds connectAuth() in a router', async () => {
    const { auth } = createApp({}, createExpress);
    const app = createExpress();
    const router = express.Router();
    router.use(auth);
    app.use(router);
    app.get('/me', requireAuth, (req, res) => void res.json(req.user?.sub));
    const agent = request.agent(app);
    await logInAs(agent);
    await agent.get('/me').expect(200, '"ada"');
  });
});

describe('a session of logInAs()', () => {
  it('is the one that a login makes, to the last member', async () => {
    const stores = ['memory', redis.url] as const;
    for (const store of stores) {
      const app = await startApp({ op: asOp(provider), redis: store });
      const browser = app.browser();
      await app.logIn(browser, { as: 'ada' });
      const [ada] = provider.people;
      const session = await logInAs(app.auth, ada, { acr: '1', amr: ['pwd'], baseUrl: app.origin });
      const [byHand, atProvider] = await app.auth.sessions.list({ sub: 'ada', issuer: provider.issuer });
      expect(Object.keys(byHand!)).toEqual(Object.keys(atProvider!));
      const asked = await fetch(`${app.origin}/me`, { headers: session.headers });
      expect(await asked.json()).toEqual(await (await browser.get('/me')).json());
      const told = app.logins.map(({ req, res, claims, user, authTime, returnTo, ...others }) => others);
      expect(told[1]).toEqual(told[0]);
      expect(app.logins[1]!.claims).toEqual(app.logins[0]!.claims);
      const jar = browser.jar.header(new URL(app.origin), { crossSite: false, method: 'GET' });
      expect(session.cookie.split('=')[0]).toBe(jar?.split('=')[0]);
    }
  });

  it('comes through mapUser and onLogin, whose work in req.session stays', async () => {
    const { app, logins } = createApp({
      mapUser: (claims, login) => ({ ...claims, by: login.provider, acr: login.acr }) as Express.User,
      onLogin: ({ req, user }) => {
        req.session.cart = [`of ${user.sub}`];
      },
    });
    const agent = request.agent(app);
    await logInAs(agent, { sub: 'eve' }, { acr: 'high' });
    await agent.get('/me').expect(200, { sub: 'eve', by: 'default', acr: 'high' });
    await agent.get('/session').expect(200, { cart: ['of eve'] });
    expect(logins).toEqual([]);
  });

  it('is refused as a login is', async () => {
    const refusal = new LoginRefused('Not you.');
    const { app } = createApp({ mapUser: () => refusal });
    await expect(logInAs(app)).rejects.toBe(refusal);
  });

  it('gives onLogin a request of the application', async () => {
    let found: unknown;
    const { app } = createApp({
      onLogin: ({ req }) => {
        found = req.app.locals.accounts;
      },
    });
    app.locals.accounts = 'the accounts';
    await logInAs(app);
    expect(found).toBe('the accounts');
  });

  it('replaces who was logged in there before, and tells', async () => {
    const { app, logouts } = createApp();
    const agent = request.agent(app);
    await logInAs(agent, { sub: 'ada' });
    await logInAs(agent, { sub: 'eve' });
    await agent.get('/me').expect(200, { sub: 'eve' });
    expect(logouts.map(({ sub, reason }) => [sub, reason])).toEqual([['ada', 'replaced']]);
  });

  it('is of the provider, the tenant and the base URL that are named', async () => {
    const several = createApp({ providers: { one: nowhere('one'), two: nowhere('two') } });
    const ofTwo = request.agent(several.app);
    await logInAs(ofTwo, { sub: 'ada' }, { provider: 'two' });
    expect((await ofTwo.get('/auth')).body.provider).toBe('two');
    await expect(logInAs(several.app, { sub: 'ada' }, { provider: 'three' })).rejects.toThrow(
      'there is no provider "three". Providers are: one, two.',
    );

    const tenants = createApp({
      baseUrl: ['https://a.example', 'https://b.example'],
      application: 'shop',
      tenant: ({ headers }) => headers['x-tenant'] as string | undefined,
      provider: (name) => (name === 'acme' || name === 'zeta' ? nowhere(name) : undefined),
    });
    const session = await logInAs(
      tenants.app,
      { sub: 'ada' },
      { tenant: 'acme', baseUrl: 'https://b.example/' },
    );
    expect(session.cookies[0]).toMatchObject({ domain: 'b.example', secure: true });
    const ask = (tenant: string) =>
      request(tenants.app)
        .get('/me')
        .set({ ...api, host: 'b.example', 'x-tenant': tenant, ...session.headers });
    await ask('acme').expect(200, { sub: 'ada' });
    await ask('zeta').expect(401);
    await expect(logInAs(tenants.app, { sub: 'ada' }, { baseUrl: 'https://c.example' })).rejects.toThrow(
      'baseUrl must be one of https://a.example, https://b.example; it is https://c.example.',
    );
    await expect(logInAs(tenants.app, { sub: 'ada' }, { tenant: 'nobody' })).rejects.toMatchObject({
      code: 'tenant_unknown',
    });
    await expect(logInAs(several.app, { sub: 'ada' }, { tenant: 'acme' })).rejects.toThrow('has none');
  });

  it('can be made by another process, for the application that has the same options and Redis', async () => {
    const [here, there] = [createApp({ redis: redis.url }), createApp({ redis: redis.url })];
    const session = await logInAs(here.auth, { sub: 'eve' });
    await request(there.app).get('/me').set(session.headers).expect(200, { sub: 'eve' });
  });

  it('is made while the timers of the test runner stand still', async () => {
    jest.useFakeTimers();
    try {
      const { app } = createApp();
      expect((await logInAs(app)).cookie).toContain('=');
    } finally {
      jest.useRealTimers();
    }
  });

  it('works in a supertest agent also where the base URL is on https', async () => {
    const { app } = createApp({ baseUrl: 'https://app.example' });
    const agent = request.agent(app);
    const { cookies } = await logInAs(agent);
    expect(cookies[0]).toMatchObject({
      name: '__Host-Http-session',
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
    });
    await agent.get('/me').expect(200);
  });

  it('has what Playwright takes', async () => {
    const { app } = createApp({ session: { persistent: true, absoluteTimeoutSeconds: 3600 } });
    const { cookies, storageState } = await logInAs(app);
    expect(storageState).toEqual({ cookies, origins: [] });
    const [cookie] = cookies;
    expect(cookie).toMatchObject({
      domain: 'localhost',
      path: '/',
      httpOnly: true,
      secure: false,
      sameSite: 'Lax',
    });
    expect(Math.abs(cookie!.expires - Date.now() / 1000 - 3600)).toBeLessThan(60);
  });

  it('fetches as its browser, and keeps what answers set', async () => {
    const app = await startApp({
      op: asOp(provider),
      handlers: (server) =>
        server.post('/renew', (req, res, next) => {
          req.auth.renew().then(() => res.json('renewed'), next);
        }),
    });
    const session = await logInAs(app.auth, { sub: 'eve' });
    const before = session.cookie;
    expect(await (await session.fetch('/me')).json()).toEqual({ sub: 'eve' });
    expect((await session.fetch('/renew', { method: 'POST' })).status).toBe(200);
    expect(session.cookie).not.toBe(before);
    expect((await session.fetch(new URL('/me', app.origin))).status).toBe(200);
    const logout = await session.fetch('/logout', { method: 'POST' });
    expect(logout.status).toBe(200);
    expect(session.cookies).toEqual([]);
  });

  it('refreshes real tokens of a test provider', async () => {
    const app = await startApp({
      op: asOp(provider),
      handlers: (server) =>
        server.get('/token', (req, res, next) => {
          req.auth.getAccessToken().then((token) => res.json(token), next);
        }),
    });
    const tokens = await provider.issueTokens('ada');
    const session = await logInAs(app.auth, { sub: 'ada' }, { tokens: { ...tokens, expiresIn: 0 } });
    const answer = await session.fetch('/token');
    expect(answer.status).toBe(200);
    expect(await answer.json()).not.toBe(tokens.accessToken);
  });
});

describe('one call', () => {
  it('steps a session up', async () => {
    const { app, logouts } = createApp();
    const agent = request.agent(app);
    const session = await logInAs(
      agent,
      { sub: 'ada' },
      { acr: 'low', authTime: new Date(Date.now() - 3_600_000) },
    );
    await agent.get('/strong').set(api).expect(401);
    await agent.get('/recent').set(api).expect(401);
    const before = session.cookie;
    await session.stepUp({ acr: 'high', authTime: new Date() });
    await agent.get('/strong').expect(200);
    await agent.get('/recent').expect(200);
    expect(session.cookie).not.toBe(before);
    expect(logouts).toEqual([]);
  });

  it.each(['memory', 'Redis'])('lets a session have ended, in %s', async (store) => {
    const { app, logouts } = createApp({ redis: store === 'Redis' ? redis.url : 'memory' });
    const agent = request.agent(app);
    const session = await logInAs(agent);
    await session.expire();
    expect(logouts).toEqual([]);
    await agent.get('/me').set(api).expect(401);
    expect(logouts.map(({ reason, sub }) => [reason, sub])).toEqual([['absolute_timeout', 'ada']]);
    await expect(session.expire()).rejects.toThrow('This session has ended already.');
  });

  it('revokes a session', async () => {
    const { app, logouts } = createApp({ redis: redis.url });
    const session = await logInAs(app);
    await session.revoke();
    await request(app).get('/me').set(session.headers).set(api).expect(401);
    expect(logouts.map(({ reason }) => reason)).toEqual(['revoked']);
  });

  it('moves a clock, by which a session is idle', async () => {
    const clock = createTestClock();
    const { app, logouts } = createApp({ now: clock.now, redis: redis.url });
    const agent = request.agent(app);
    await logInAs(agent);
    clock.advance({ hours: 23 });
    await agent.get('/me').expect(200);
    clock.advance({ days: 1, minutes: 2 });
    await agent.get('/me').set(api).expect(401);
    expect(logouts.map(({ reason }) => reason)).toEqual(['idle_timeout']);
  });
});

describe('logInAs() says what is wrong', () => {
  it.each<[string, object, RegExp]>([
    ['an application without connectAuth()', express(), /No connectAuth\(\) was found .* logInAs\(auth, …\)/],
    ['an agent of a URL', request.agent('http://localhost:1'), /no Express application, .*\{ auth \}/],
    ['anything else', {}, /no Express application/],
  ])('with %s', async (_title, target, message) => {
    await expect(logInAs(target as AgentLike)).rejects.toThrow(message);
  });

  it('where there are two', async () => {
    const [one, two] = [createApp(), createApp()];
    one.app.use('/two', two.auth);
    await expect(logInAs(one.app)).rejects.toThrow('2 of connectAuth() were found');
    const agent = request.agent(one.app);
    await logInAs(agent, { sub: 'eve' }, { auth: one.auth });
    await agent.get('/me').expect(200, { sub: 'eve' });
  });

  it('with claims that name nobody', async () => {
    const { app } = createApp();
    await expect(logInAs(app, { name: 'Eve' } as never)).rejects.toThrow('claims must have a sub');
  });
});

declare module 'express-session' {
  interface SessionData {
    cart: string[];
  }
}
