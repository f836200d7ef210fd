import { describe, expect, it } from '@jest/globals';
import { connectAuth, providers } from 'express-connect-auth';
import { setUpBed } from '../support/bed.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const bed = setUpBed();
const op = await useScriptedProvider();

describe('auth.health()', () => {
  it('says of each provider whether people can log in, and why not', async () => {
    const app = await bed.start({
      redis: bed.redis.url,
      providers: {
        good: providers.oidc({ issuer: op.issuer, clientId: 'app' }),
        gone: providers.oidc({ issuer: `${op.issuer}nowhere/`, clientId: 'app' }),
        fixed: providers.oidc({
          ...{ issuer: op.issuer, clientId: 'app' },
          metadata: {
            authorization_endpoint: `${op.issuer}authorize`,
            token_endpoint: `${op.issuer}token`,
            jwks_uri: `${op.issuer}jwks`,
          },
        }),
      },
    });
    const { ok, logins } = await app.auth.health();
    expect(ok).toBe(true);
    expect(logins).toEqual({
      good: { ok: true },
      gone: {
        ok: false,
        reason: expect.stringContaining('nowhere/.well-known/openid-configuration: expected status 200'),
      },
      fixed: { ok: true },
    });
    // The scripted provider takes note of a request to what it does not advertise.
    op.violations.splice(0);
  });

  it('stays well while a provider is away: whoever is logged in goes on', async () => {
    const app = await bed.start({ redis: bed.redis.url, routes: { health: '/healthz' } });
    const browser = app.browser();
    await app.logIn(browser);
    await bed.op.down();
    try {
      expect(await app.auth.health()).toMatchObject({
        ok: true,
        logins: { default: { ok: false, reason: expect.stringContaining('a fault of the network') } },
      });
      expect((await browser.get('/healthz')).status).toBe(200);
      expect((await browser.get('/me')).status).toBe(200);
    } finally {
      await bed.op.up();
    }
  });

  it('waits for no provider that hangs, and tells what it knew before', async () => {
    let isHanging = false;
    const app = await bed.start({
      now: bed.clock.now,
      fetch: (url, init) => (isHanging ? new Promise(() => {}) : fetch(url, init)),
    });
    expect((await app.auth.health()).logins).toEqual({ default: { ok: true } });
    isHanging = true;
    bed.clock.advance(61_000);
    const before = performance.now();
    expect((await app.auth.health()).logins).toEqual({ default: { ok: true } });
    expect(performance.now() - before).toBeLessThan(4_000);
  });

  it('looks at a provider once a minute, however often it is asked', async () => {
    const app = await bed.start({ op, now: bed.clock.now });
    for (let count = 0; count < 5; count += 1) await app.auth.health();
    expect(op.requests('discovery')).toHaveLength(1);
    bed.clock.advance(61_000);
    await Promise.all([app.auth.health(), app.auth.health()]);
    expect(op.requests('discovery')).toHaveLength(2);
  });

  it('looks sooner at one that was away', async () => {
    const app = await bed.start({ op, now: bed.clock.now });
    op.script({ discovery: () => (res) => void res.writeHead(503).end() });
    expect((await app.auth.health()).logins.default!.ok).toBe(false);
    op.script();
    expect((await app.auth.health()).logins.default!.ok).toBe(false);
    bed.clock.advance(11_000);
    expect((await app.auth.health()).logins.default!.ok).toBe(true);
  });

  it('tells nothing of the providers of tenants, which are many', async () => {
    const auth = connectAuth({
      ...{
        baseUrl: 'http://localhost:3000',
        secret: 'a secret of the tests, long enough to be one',
        redis: 'memory',
      },
      tenant: () => 'acme',
      provider: () => undefined,
    });
    expect(await auth.health()).toMatchObject({ ok: true, logins: {} });
    await auth.close();
  });
});

describe('the probe route', () => {
  it('answers 503 while sessions do not work, and says nothing of why', async () => {
    const app = await bed.start({
      redis: bed.redis.url,
      routes: { health: '/healthz' },
      storeTimeoutMs: 300,
      now: { now: Date.now, monotonic: bed.clock.now, store: undefined },
    });
    const answer = async () => {
      // What was found holds for a second.
      bed.clock.advance(1_001);
      const response = await app.browser().get('/healthz');
      return [response.status, await response.text(), response.headers.get('cache-control')];
    };
    expect(await answer()).toEqual([200, '{"ok":true}', 'no-store']);
    bed.redis.pause();
    expect(await answer()).toEqual([503, '{"ok":false}', 'no-store']);
    bed.redis.resume();
    expect(await answer()).toEqual([200, '{"ok":true}', 'no-store']);
  });

  it('is answered at any host, and without a look at anybody', async () => {
    const app = await bed.start({
      ...{ baseUrl: ['https://shop.example.com', 'https://shop.example.org'], application: 'shop' },
      routes: { health: '/healthz' },
    });
    expect((await app.browser().get('/healthz', { host: '10.0.0.7:3000' })).status).toBe(200);
    expect((await app.browser().request('HEAD', '/healthz', { headers: { host: '10.0.0.7' } })).status).toBe(
      200,
    );
    expect((await app.browser().get('/', { host: '10.0.0.7:3000' })).status).toBe(421);
  });

  it('asks Redis once a second, however many ask', async () => {
    const app = await bed.start({
      redis: bed.redis.url,
      routes: { health: '/healthz' },
      now: { now: Date.now, monotonic: bed.clock.now, store: undefined },
    });
    await bed.redis.resetCommandCounts();
    await Promise.all(Array.from({ length: 20 }, () => app.browser().get('/healthz')));
    expect((await bed.redis.commandCounts()).zscan).toBe(1);
  });

  it('is off unless it is asked for', async () => {
    const app = await bed.start();
    expect((await app.browser().get('/healthz')).status).toBe(404);
  });
});
