import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

describe.each(['redis', 'memory'] as const)('a login, with sessions in %s', (kind) => {
  let redis: RedisServer;
  let op: OpenIdProvider;
  let app: TestApp;
  beforeAll(async () => {
    redis = await startRedisServer();
    op = await startOpenIdProvider();
    app = await startApp({ op, redis: kind === 'redis' ? redis.url : 'memory' });
  });
  afterAll(async () => {
    await app.close();
    await op.close();
    await redis.stop();
  });

  it('leads from a guarded page over the provider back to it, and out again', async () => {
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/me?tab=2', as: 'ada' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/me?tab=2');

    const me = await browser.get('/me');
    expect(await me.json()).toMatchObject({ sub: 'ada', name: 'Ada Lovelace' });

    const out = await browser.post('/logout');
    expect(out.status).toBe(303);
    expect(out.headers.get('location')).toContain(`${op.issuer}/session/end?`);
    expect((await browser.get('/me')).status).toBe(302);
    expect(await (await browser.get('/')).json()).toEqual({ user: null });
  });
});
