import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../src/observe/metrics.ts';
import { withBackchannel } from '../support/backchannel-clients.ts';
import { createCookieJar } from '../support/cookie-jar.ts';
import { CHANNELS, listenToAll } from '../support/diagnostics-watch.ts';
import { setUpLeakBed } from '../support/leak-bed.ts';
import { startTcpFaultProxy } from '../support/tcp-fault-proxy.ts';

const leaks = setUpLeakBed();
const { bed, start, lookAround, seeInside } = leaks;

/** What is opened with a session: its data, its tokens, another id, the provider's word on the person. */
const PAGES = ['/', '/me', '/use', '/save?a=1', '/renew', '/use'];

describe('what is published, traced and counted', () => {
  it('holds no token, code, verifier, cookie, session id or secret, and names no person', async () => {
    const metrics = createMetrics();
    const published: string[] = [];
    const stop = listenToAll((_, message) => published.push(inspect(message, { depth: 12 })));
    const proxy = await startTcpFaultProxy(bed.redis);
    const { app, browser } = await start({
      redis: proxy.url,
      op: withBackchannel(bed.op, { clientId: 'app' }),
      oidc: { userinfoAtLogin: true },
    });
    const jar = createCookieJar();
    await app.logIn(browser, { jar });
    for (const path of PAGES) await browser.get(path);
    await lookAround({ app, browser });
    bed.clock.advance(300_000);
    await browser.get('/use');
    await lookAround({ app, browser });

    // Refused, by the provider and by us.
    bed.op.answerNext('token', { status: 400, body: { error: 'invalid_grant' } });
    await app.logIn(app.browser());
    await app.logIn(app.browser(), { cancel: true });
    await browser.get(`/oauth/callback?code=${leaks.issued.codes.at(-1)}&state=unknown`);
    await browser.get('/oauth/callback?state=a&state=b');
    bed.op.answerNext('token', { status: 500 });
    bed.clock.advance(300_000);
    await browser.get('/use');

    // Logged out: here, by the provider, and by the application.
    const logout = await browser.post('/logout');
    await bed.op.signOut(logout.headers.get('location')!, jar);
    await app.logIn(browser);
    await app.auth.sessions.revokeAll({ issuer: bed.op.issuer, sub: 'ada' });
    await app.auth.health();

    // Away: the provider, and Redis.
    const late = await start({ baseUrl: app.origin });
    await bed.op.down();
    await late.browser.get('/login');
    await bed.op.up();
    await app.logIn(browser);
    await lookAround({ app, browser });
    await proxy.refuse();
    await browser.get('/me');
    await browser.post('/logout');
    await proxy.pass();

    await lookAround({ app, browser });
    await lookAround(late);
    seeInside('the metrics', metrics.text());
    published.push(metrics.text());
    metrics.stop();
    stop();
    await app.close();
    await proxy.close();
    for (const values of Object.values(leaks.issued)) expect(values.length).toBeGreaterThan(0);
    expect(leaks.findLeaks()).toEqual([]);
    expect(published.filter((text) => /\bada\b/i.test(text))).toEqual([]);
    expect(CHANNELS.filter((channel) => !leaks.channels.has(channel))).toEqual([]);
  });
});
