import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { Callback } from '../support/browser-client.ts';
import { CLIENT_SECRET, PASSWORD, SECRET, setUpLeakBed } from '../support/leak-bed.ts';
import { createLeakWatch } from '../support/leak-watch.ts';
import { json } from '../support/scripted-answers.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

const leaks = setUpLeakBed();
const { bed, start, lookAround, watchBrowser, seeInside } = leaks;
const XHR = { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' };

/** Nothing was found, though there was something of every kind to be found. */
function expectNoLeak(): void {
  for (const values of Object.values(leaks.issued)) expect(values.length).toBeGreaterThan(0);
  expect(leaks.findLeaks()).toEqual([]);
}

describe('no token, code, verifier or secret leaves the application (R-50, F-122)', () => {
  it.each([
    'query',
    'form_post',
  ] as const)('in a login by %s, in using its tokens, and in a logout', async (responseMode) => {
    const { app, browser } = await start({ oidc: { responseMode, userinfoAtLogin: true } });
    await browser.get('/me');
    await app.logIn(browser, { path: '/me' });
    await lookAround({ app, browser });
    for (const path of ['/', '/me', '/use', '/save?a=1', '/renew', '/use', '/logout', '/login'])
      await browser.get(path);
    bed.clock.advance(300_000);
    leaks.api.answer = () => json(401, {});
    for (const path of ['/use', '/elsewhere', '/oauth/callback']) await browser.get(path);
    await browser.get('/me', XHR);
    await lookAround({ app, browser });
    expect((await browser.post('/logout', {}, XHR)).status).toBe(200);
    await browser.post('/logout');
    await lookAround({ app, browser });
    expectNoLeak();
  });

  it('in callbacks that are refused', async () => {
    const { app, browser } = await start();
    const begin = async (): Promise<Callback> => {
      const redirect = await browser.get('/login');
      return bed.op.signIn(redirect.headers.get('location')!);
    };
    const used = await begin();
    await browser.deliver(used);
    await browser.post('/logout');
    for (const change of ['state', 'code', 'iss']) {
      const url = new URL((await begin()).url);
      url.searchParams.set(change, `${url.searchParams.get(change)}x`);
      expect((await browser.deliver({ method: 'GET', url: url.href })).status).toBeGreaterThanOrEqual(400);
    }
    await browser.deliver(used);
    await app.browser().deliver(await begin());
    await browser.deliver({ ...(await begin()), method: 'POST', body: new URLSearchParams({ code: 'x' }) });
    await lookAround({ app, browser });
    expect(app.errors.length).toBeGreaterThan(3);
    expectNoLeak();
  });

  it('in faults of the provider, not even when it says itself what was sent', async () => {
    const { app, browser } = await start();
    const echo = (secret: string) => ({
      error: 'invalid_request',
      error_description: `The secret ${CLIENT_SECRET} does not fit ${secret}.`,
    });
    const faults = [
      () => bed.op.answerNext('token', { status: 400, body: echo(leaks.issued.codes.at(-1) ?? '') }),
      () => bed.op.answerNext('token', { status: 500, body: echo(CLIENT_SECRET) }),
      () =>
        bed.op.answerNext('token', { status: 200, body: { access_token: CLIENT_SECRET, token_type: 'mac' } }),
      () => bed.op.loseNextAnswer('token'),
      () => bed.op.answerNext('jwks', { status: 500 }),
    ];
    for (const fail of faults) {
      fail();
      await app.logIn(browser);
    }
    await app.logIn(browser);
    for (const fail of faults) {
      bed.clock.advance(300_000);
      fail();
      await browser.get('/use');
      await lookAround({ app, browser });
    }
    bed.op.answerNext('userinfo', { status: 401, body: echo(leaks.issued.accessTokens.at(-1)!) });
    await browser.get('/use');
    await app.logIn(browser);
    bed.op.answerNext('revocation', { status: 400, body: echo(leaks.issued.refreshTokens.at(-1)!) });
    await browser.post('/logout');
    await lookAround({ app, browser });
    expectNoLeak();
  });

  it('in faults of Redis: away, full, or refusing us (F-14, F-15)', async () => {
    const proxy = await startTcpFaultProxy(bed.redis);
    const { app, browser } = await start({ redis: proxy.url });
    await app.logIn(browser);
    const full = (bytes: number) => bed.redis.client().config('SET', 'maxmemory', bytes);
    const faults = [
      [() => proxy.refuse(), () => proxy.pass()],
      [() => full(1), () => full(0)],
    ] as const;
    for (const [fail, mend] of faults) {
      const redirect = await watchBrowser(app.browser()).get('/login');
      const callback = await bed.op.signIn(redirect.headers.get('location')!);
      bed.clock.advance(300_000);
      await fail();
      for (const path of ['/', '/me', '/use', '/save?secret=1', '/renew', '/login']) await browser.get(path);
      await browser.deliver(callback);
      await browser.post('/logout');
      await mend();
      await until(async () => (await app.browser().get('/login')).status === 302);
      await app.logIn(browser);
      await lookAround({ app, browser });
    }
    await bed.redis
      .client()
      .call('ACL', 'SETUSER', 'poor', 'on', `>${PASSWORD}`, '~*', '+@all', '-evalsha', '-eval');
    for (const [user, password] of [
      ['poor', PASSWORD],
      ['poor', `${PASSWORD} mistyped`],
      ['nobody', PASSWORD],
    ]) {
      const redis = bed.redis.url.replace('//', `//${user}:${encodeURIComponent(password!)}@`);
      const refused = await start({ redis, baseUrl: app.origin });
      for (const path of ['/login', '/save?a=1', '/']) await refused.browser.get(path);
      await app.logIn(browser);
      const known = watchBrowser(refused.app.browser(browser.jar.clone()));
      for (const path of ['/me', '/use', '/save?a=2']) await known.get(path);
      seeInside('the health', await refused.app.auth.health());
      await lookAround(refused);
    }
    await proxy.close();
    expectNoLeak();
  });

  it('in the options and what is made of them', async () => {
    const { app, browser } = await start();
    await app.logIn(browser);
    await lookAround({ app, browser });
    const provider = { issuer: bed.op.issuer, clientId: 'app', clientSecret: CLIENT_SECRET };
    seeInside('a definition', providers.oidc(provider));
    const wrong = { scope: 'profile' };
    await start({ secret: SECRET.slice(0, 20) }).catch((error) => seeInside('a start', error));
    await start({ oidc: wrong }).catch((error) => seeInside('a start', error));
    await start({ redis: { password: PASSWORD, keyPrefix: 'x' } }).catch((error) =>
      seeInside('a start', error),
    );
    expectNoLeak();
  });

  it('where it would be seen if it did', async () => {
    const { app, browser } = await start({
      handlers: (server) =>
        server.get('/leak', async (req, res) => void res.json(await req.auth.getAccessToken())),
    });
    await app.logIn(browser);
    const { accessTokens } = leaks.issued;
    const watch = createLeakWatch();
    await watch.watchBrowser(browser).get('/leak');
    watch.see(
      'an error',
      new Error('outer', { cause: Object.assign(new Error('inner'), { hidden: accessTokens }) }),
    );
    watch.see('an encoded form', Buffer.from(accessTokens.at(-1)!).toString('base64url'));
    expect(watch.find({ accessTokens })).toEqual([
      'accessTokens in the answer to /leak',
      'accessTokens in an error',
      'accessTokens in an encoded form',
    ]);
  });
});
