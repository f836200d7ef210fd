import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import type { Express } from 'express';
import { ConfigurationError, providers } from 'express-connect-auth';
import { createTestClock } from '../support/clock.ts';
import { construct, type OptionChanges } from '../support/construct.ts';
import { createGate } from '../support/gate.ts';
import { createLogoutToken } from '../support/logout-token.ts';
import {
  at,
  lookAround,
  TENANT_HEADER,
  type TenantAppOptions,
  useTenantApps,
} from '../support/tenant-bed.ts';
import { until } from '../support/until.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const acme = await useScriptedProvider({ now: clock.now });
const globex = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const startApp = useTenantApps();

const start = (options: Partial<TenantAppOptions> = {}) =>
  startApp({ ops: { acme, globex }, now: clock.now, ...options });

const nobody = (tenant: string) => ({ status: 200, tenant, isAuthenticated: false, user: null });
const ada = (tenant: string) => ({
  ...{ status: 200, tenant, isAuthenticated: true },
  user: expect.objectContaining({ sub: 'ada' }),
});

describe('tenants', () => {
  it('have providers, callbacks and sessions of their own, and a browser may be at several', async () => {
    const app = await start();
    const browser = app.browser();
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    const answer = await app.logIn(browser, 'acme', '/me');
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me']);
    expect(acme.requests('token')[0]?.params.get('redirect_uri')).toBe(`${app.origin}/oauth/callback/acme`);
    expect(globex.requests()).toEqual([]);
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
    expect(await lookAround(browser, 'globex')).toEqual(nobody('globex'));
    await app.logIn(browser, 'globex');
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
    expect(await lookAround(browser, 'globex')).toEqual(ada('globex'));
    await browser.post('/logout', {}, at('acme'));
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    expect(await lookAround(browser, 'globex')).toEqual(ada('globex'));
    expect(app.logouts.map(({ reason, tenant }) => [reason, tenant])).toEqual([['logout', 'acme']]);
  });

  it('never count in another, whatever of one is brought there, in Redis as well', async () => {
    // The same provider and client for both: only the tenant differs.
    const app = await start({
      ops: { acme, globex: acme },
      redis: redis.url,
      session: { cookieName: 'sid' },
    });
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    const [own] = browser.jar.all().filter(({ name }) => name.startsWith('sid-'));
    const other = app.browser();
    await other.get('/login', at('globex'));
    const foreign = other.jar
      .all()
      .find(({ name }) => name.startsWith('sid-'))!
      .name.replace(/-login-\d$/, '');
    expect(foreign).not.toBe(own!.name);
    const cookie = `${foreign}=${own!.value}; ${own!.name}=${own!.value}`;
    const asked = await app.browser().get('/', { ...at('globex'), cookie });
    expect(await asked.json()).toMatchObject({ tenant: 'globex', user: null });
    // Nor is one found, listed or ended there.
    const user = { issuer: acme.issuer, sub: 'ada' };
    expect(await app.auth.sessionsOf('globex').list(user)).toEqual([]);
    const [listed] = await app.auth.sessionsOf('acme').list(user);
    expect(await app.auth.sessionsOf('globex').revoke(listed!.handle)).toBe(false);
    expect(await app.auth.sessionsOf('globex').revokeAll(user)).toBe(0);
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
    expect(await app.auth.sessionsOf('acme').revokeAll(user)).toBe(1);
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
  });

  it('take no login that began at another, at either callback (R-52)', async () => {
    const app = await start();
    const browser = app.browser();
    const location = (await browser.get('/login', at('acme'))).headers.get('location')!;
    const callback = await acme.signIn(location);
    const moved = { ...callback, url: callback.url.replace('/callback/acme', '/callback/globex') };
    expect((await browser.deliver(moved)).status).toBe(400);
    expect(globex.requests('token')).toEqual([]);
    // The path decides: a proxy that names another tenant for the callback changes nothing.
    expect((await browser.deliver(callback, at('globex'))).status).toBe(303);
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
  });

  it('are told of logouts by their own providers, at paths of their own', async () => {
    const app = await start();
    const browser = app.browser();
    clock.advance(1000);
    await app.logIn(browser, 'acme');
    await app.logIn(browser, 'globex');
    clock.advance(1000);
    const post = async (tenant: string) => {
      const token = createLogoutToken(acme, { sub: 'ada', now: clock.now });
      const body = new URLSearchParams({ logout_token: token }).toString();
      const path = `/oauth/backchannel-logout/${tenant}`;
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return (await app.browser().request('POST', path, { headers, body })).status;
    };
    expect(await post('globex')).toBe(400);
    expect(await post('acme')).toBe(200);
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    expect(await lookAround(browser, 'globex')).toEqual(ada('globex'));
  });

  it('have their keys at paths of their own, where a provider finds them that names no tenant', async () => {
    const jwkOf = (kid: string) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return { ...privateKey.export({ format: 'jwk' }), kid } as never;
    };
    const app = await start({
      routes: { jwks: '/oauth/jwks' },
      load: (tenant) =>
        providers.oidc({ issuer: acme.issuer, clientId: tenant, clientKey: jwkOf(`of ${tenant}`) }),
    });
    const keysAt = async (path: string) => {
      const answer = await app.browser().get(path);
      return answer.status === 200
        ? (await answer.json()).keys.map(({ kid }: { kid: string }) => kid)
        : answer.status;
    };
    expect(await keysAt('/oauth/jwks/acme')).toEqual(['of acme']);
    expect(await keysAt('/oauth/jwks/globex')).toEqual(['of globex']);
    expect(await keysAt('/oauth/jwks')).toBe(404);
  });

  it.each([
    ['that there is not', 'initech'],
    ['without a name', ''],
    ['of a name that is none', 'Acme'],
    ['of a name that is a path', '../acme'],
    ['of an object’s name', '__proto__'],
  ])('%s are answered by 404', async (_what, name) => {
    const app = await start();
    expect((await app.browser().get('/', at(name))).status).toBe(404);
    expect((await app.browser().get('/oauth/callback/initech?code=x&state=y')).status).toBe(404);
    await expect(app.auth.sessionsOf(name).list({ issuer: 'a', sub: 'b' })).rejects.toMatchObject({
      ...{ code: 'tenant_unknown', status: 404 },
    });
  });

  it('are found once for requests that come together, and again after their time', async () => {
    const all = createGate();
    let asked = 0;
    const app = await start({
      tenantCacheSeconds: 60,
      tenant: ({ headers }) => {
        asked += 1;
        if (asked === 8) all.open();
        return headers[TENANT_HEADER] as string;
      },
      load: async (_tenant, found) => {
        await all.opened;
        return found;
      },
    });
    const browser = app.browser();
    const answers = await Promise.all(Array.from({ length: 8 }, () => lookAround(browser, 'acme')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(app.loads).toEqual(['acme']);
    clock.advance(59_000);
    await lookAround(browser, 'acme');
    expect(app.loads).toEqual(['acme']);
    clock.advance(2_000);
    await lookAround(browser, 'acme');
    expect(app.loads).toEqual(['acme', 'acme']);
  });

  it('are as many as are allowed, and the one that was not used for longest is found anew', async () => {
    const app = await start({ ops: { acme, globex, third: acme }, maxTenants: 2 });
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    for (const tenant of ['globex', 'acme', 'third', 'acme', 'globex']) await lookAround(browser, tenant);
    expect(app.loads).toEqual(['acme', 'globex', 'third', 'globex']);
    // Whoever was logged in still is.
    await lookAround(browser, 'third');
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
  });

  it('that are gone, or have another provider, leave nobody logged in there', async () => {
    let given: 'own' | 'none' | 'other' = 'own';
    const other = providers.oidc({ issuer: 'https://other.example.com', clientId: 'app' });
    const load: TenantAppOptions['load'] = (_tenant, found) =>
      ({ own: found, none: undefined, other })[given];
    const app = await start({ tenantCacheSeconds: 1, load });
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    given = 'other';
    clock.advance(2_000);
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    given = 'none';
    clock.advance(2_000);
    expect(await lookAround(browser, 'acme')).toEqual({ status: 404 });
    given = 'own';
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
  });

  it('that cannot be found again are used as they were; the first time the error is the application’s own', async () => {
    let fault: Error | undefined;
    const load: TenantAppOptions['load'] = (_tenant, found) => {
      if (fault) throw fault;
      return found;
    };
    const app = await start({
      ...{ tenantCacheSeconds: 1, load },
      handlers: (server) => void server,
    });
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    fault = Object.assign(new Error('the database is down'), { status: 503 });
    clock.advance(2_000);
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
    expect(app.errors.map(({ error }) => error.code)).toEqual(['tenant_unavailable']);
    expect((await browser.get('/', at('globex'))).status).toBe(503);
  });

  it('whose provider does not come are used as they were, or answered by 503, and asked for again', async () => {
    const waits: AbortController[] = [];
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      if (ms !== 10_000) return timeout(ms);
      const wait = new AbortController();
      waits.push(wait);
      return wait.signal;
    });
    try {
      let hangs = true;
      const load: TenantAppOptions['load'] = (_tenant, found) =>
        hangs ? new Promise(() => undefined) : found;
      const app = await start({ tenantCacheSeconds: 1, load });
      const browser = app.browser();
      const giveUp = async () => {
        const answer = lookAround(browser, 'acme');
        const count = waits.length;
        await until(() => waits.length > count);
        waits.at(-1)!.abort();
        return answer;
      };
      expect(await giveUp()).toEqual({ status: 503 });
      hangs = false;
      expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
      hangs = true;
      clock.advance(2_000);
      expect(await giveUp()).toEqual(nobody('acme'));
      expect(app.errors.map(({ error, tenant }) => [error.code, tenant])).toEqual([
        ['tenant_unavailable', 'acme'],
      ]);
    } finally {
      spy.mockRestore();
    }
  });

  it('that there are not are asked for once in a while, and never without bound at once', async () => {
    const gate = createGate();
    let waits = false;
    const app = await start({
      load: async (_tenant, found) => {
        if (waits) await gate.opened;
        return found;
      },
    });
    const browser = app.browser();
    for (let each = 0; each < 3; each += 1) {
      expect((await browser.get('/oauth/callback/initech')).status).toBe(404);
    }
    expect(app.loads).toEqual(['initech']);
    clock.advance(10_001);
    expect(await lookAround(browser, 'initech')).toEqual({ status: 404 });
    expect(app.loads).toEqual(['initech', 'initech']);
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    waits = true;
    const codes: unknown[] = [];
    const asked = Array.from({ length: 300 }, (_, index) =>
      app.auth
        .sessionsOf(`none-${index}`)
        .list({ issuer: 'a', sub: 'b' })
        .catch(({ code }) => void codes.push(code)),
    );
    await until(() => codes.length === 44);
    expect([...new Set(codes)]).toEqual(['tenant_unavailable']);
    expect(app.loads).toHaveLength(3 + 256);
    // Who is kept is there all the same.
    expect(await lookAround(browser, 'acme')).toEqual(nobody('acme'));
    gate.open();
    await Promise.all(asked);
  });

  it('that nobody names in time are answered by 503', async () => {
    const waits: AbortController[] = [];
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const spy = jest.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      if (ms !== 10_000) return timeout(ms);
      const wait = new AbortController();
      waits.push(wait);
      return wait.signal;
    });
    try {
      const app = await start({ tenant: () => new Promise(() => undefined) });
      const answer = lookAround(app.browser(), 'acme');
      await until(() => waits.length === 1);
      waits[0]!.abort();
      expect(await answer).toEqual({ status: 503 });
    } finally {
      spy.mockRestore();
    }
  });

  it('are the same on Express 4, and so is what is said of other libraries (F-124)', async () => {
    const app = await start({
      createApp: createRequire(import.meta.url)('express4') as () => Express,
      handlers: (server) => {
        server.get('/old', (req, res) => void res.json((req as unknown as { oidc: object }).oidc));
      },
    });
    const browser = app.browser();
    await app.logIn(browser, 'acme');
    expect(await lookAround(browser, 'acme')).toEqual(ada('acme'));
    expect(await lookAround(browser, 'globex')).toEqual(nobody('globex'));
    expect(await lookAround(browser, 'initech')).toEqual({ status: 404 });
    const old = await browser.get('/old', at('acme'));
    expect([old.status, await old.text()]).toEqual([
      500,
      expect.stringContaining('req.oidc is of express-openid-connect'),
    ]);
  });

  it('are named to onError, also where no request of theirs is at fault', async () => {
    let isDown = false;
    const app = await start({
      tenantCacheSeconds: 1,
      load: (_tenant, found) => {
        if (isDown) throw new Error('the database is down');
        return found;
      },
    });
    await lookAround(app.browser(), 'acme');
    // Nobody awaits it, and there is no such tenant.
    void app.auth.sessionsOf('initech').revoke('x');
    await until(() => app.errors.length === 1);
    isDown = true;
    clock.advance(2_000);
    await lookAround(app.browser(), 'acme');
    expect(app.errors.map(({ error, tenant }) => [error.code, tenant])).toEqual([
      ['not_awaited', 'initech'],
      ['tenant_unavailable', 'acme'],
    ]);
  });

  it('that take their time to be found harm nobody when a socket hangs up meanwhile (F-118)', async () => {
    const gate = createGate();
    const app = await start({
      tenant: async () => {
        await gate.opened;
        return 'acme';
      },
    });
    const refused: unknown[] = [];
    const upgrades = once(app.server, 'upgrade');
    app.server.on('upgrade', (req) => {
      app.auth.authenticateUpgrade(req).catch((error: { code: string }) => refused.push(error.code));
    });
    const socket = connect(Number(new URL(app.origin).port), 'localhost');
    await once(socket, 'connect');
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
    const [, serverSide] = (await upgrades) as [unknown, Socket];
    const listeners = serverSide.listenerCount('error');
    // Else a fault here would end the tests themselves.
    serverSide.on('error', () => undefined);
    const gone = new Promise((resolve) => serverSide.once('close', resolve));
    socket.resetAndDestroy();
    await gone;
    gate.open();
    await until(() => refused.length === 1);
    expect([listeners > 0, refused]).toEqual([true, ['login_required']]);
  });

  it('keep their sessions to be asked for while a request lasts, also when their provider is given anew', async () => {
    const gate = createGate();
    let waiting = false;
    const { issuer, clientId, clientSecret } = acme;
    const app = await start({
      tenantCacheSeconds: 1,
      load: () => providers.oidc({ issuer, clientId, clientSecret }),
      handlers: (server) => {
        server.get('/slow', async (req, res) => {
          waiting = true;
          await gate.opened;
          res.json(await app.auth.sessionsOf('acme').revokeOthers(req));
        });
      },
    });
    const [one, two] = [app.browser(), app.browser()];
    await app.logIn(one, 'acme');
    clock.advance(1000);
    await app.logIn(two, 'acme');
    const slow = two.get('/slow', at('acme'));
    await until(() => waiting);
    clock.advance(2_000);
    await lookAround(one, 'acme');
    gate.open();
    const answer = await slow;
    expect([answer.status, await answer.text()]).toEqual([200, '1']);
  });

  it('have sessions that are asked for by the tenant', async () => {
    const app = await start({
      handlers: (server) => {
        server.get('/others/:tenant', async (req, res) => {
          try {
            res.json(await app.auth.sessionsOf(req.params.tenant).revokeOthers(req));
          } catch (error) {
            res.json((error as Error).message);
          }
        });
      },
    });
    const [one, two] = [app.browser(), app.browser()];
    await app.logIn(one, 'acme');
    clock.advance(1000);
    await app.logIn(two, 'acme');
    await expect(app.auth.sessions.revokeAll({ issuer: acme.issuer, sub: 'ada' })).rejects.toThrow(
      'auth.sessionsOf(tenant)',
    );
    expect(await (await two.get('/others/globex', at('acme'))).json()).toContain('of this tenant');
    expect(await (await two.get('/others/acme', at('acme'))).json()).toBe(1);
    expect(await lookAround(one, 'acme')).toEqual(nobody('acme'));
  });
});

const provider = providers.oidc({ issuer: 'https://id.example.com', clientId: 'app' });
const good = { tenant: () => 'a', provider: () => provider };

describe('tenants', () => {
  it.each<[string, OptionChanges, string]>([
    [
      'providers that are no function',
      { tenant: () => 'a' },
      'where tenant is given, either provider or providers must be a function',
    ],
    [
      'nothing that names them',
      { provider: () => provider },
      'tenant must be given where provider or providers is a function',
    ],
    ['one name', { tenant: 'acme', provider: () => provider }, 'tenant must be a function; it is a string'],
    [
      'providers of both kinds',
      { tenant: () => 'a', provider: () => provider, providers: { a: provider } },
      'either provider or providers must be a function',
    ],
    ['no room', { ...good, maxTenants: 0 }, 'maxTenants must be a number from 1'],
    ['no time', { ...good, tenantCacheSeconds: 'x' }, 'tenantCacheSeconds must be a number from 1'],
    ['a short secret', { ...good, secret: 'short' }, 'secret must have at least 32'],
    ['an option that there is not', { ...good, cookies: {} }, 'has no option "cookies"'],
    ['a mapUser that is none', { ...good, mapUser: {} }, 'mapUser must be a function; it is an object'],
    ['an onLogin that is none', { ...good, onLogin: 3 }, 'onLogin must be a function; it is 3'],
    ['an onLogout that is none', { ...good, onLogout: false }, 'onLogout must be a function; it is false'],
    ['an onError that is none', { ...good, onError: 'x' }, 'onError must be a function; it is a string'],
    ['a list for the session', { ...good, session: [] }, 'session must be an object; it is an array'],
    ['a list of routes', { ...good, routes: [] }, 'routes must be an object; it is an array'],
    ['a cookie without a name', { ...good, session: { cookieName: '' } }, 'session.cookieName must be'],
    ['a route without a path', { ...good, routes: { callback: '' } }, 'routes.callback must be a string'],
    ['an application without a name', { ...good, application: '' }, 'application must be a string'],
  ])('cannot be had with %s (F-123)', (_what, changes, message) => {
    expect(construct(changes)).toContain(message);
  });

  it('are none where there are none', () => {
    const auth = construct({}) as unknown as { sessionsOf(tenant: string): unknown };
    expect(() => auth.sessionsOf('acme')).toThrow(ConfigurationError);
  });
});
