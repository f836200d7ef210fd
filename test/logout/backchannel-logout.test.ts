import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { withBackchannel } from '../support/backchannel-clients.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import { createCookieJar } from '../support/cookie-jar.ts';

const bed = setUpBed();
let outcomes: string[];
const onSuccess = () => void outcomes.push('success');
const onError = (_ctx: unknown, error: Error) => void outcomes.push(error.message);

beforeEach(() => {
  outcomes = [];
  bed.op.provider.on('backchannel.success', onSuccess).on('backchannel.error', onError);
});
afterEach(() => {
  bed.op.provider.off('backchannel.success', onSuccess).off('backchannel.error', onError);
});

/** Notes status and caching of each answer to a logout token. */
function recordAnswers(server: Express, answers: unknown[]): void {
  server.use('/oauth/backchannel-logout', (_req, res, next) => {
    res.on('finish', () => answers.push([res.statusCode, res.getHeader('cache-control')]));
    next();
  });
}

describe.each(['redis', 'memory'] as const)('a logout at a real provider, with sessions in %s', (kind) => {
  const start = ({ clientId = 'app', ...options }: Partial<TestAppOptions> & { clientId?: string } = {}) =>
    bed.start({
      redis: kind === 'redis' ? bed.redis.url : 'memory',
      op: withBackchannel(bed.op, { clientId }),
      ...options,
    });
  /** Goes the whole way of a logout that the application begins, and returns where it ends. */
  const logOut = async (app: TestApp, browser: ReturnType<TestApp['browser']>, jar = createCookieJar()) => {
    const answer = await browser.post('/logout');
    expect(answer.status).toBe(303);
    const end = await bed.op.signOut(answer.headers.get('location')!, jar);
    expect(new URL(end).origin).toBe(app.origin);
  };

  it('is told to us during our own, when our session is gone already, and is well (C-58, R-84)', async () => {
    const answers: unknown[] = [];
    const app = await start({ before: (server) => recordAnswers(server, answers) });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    await logOut(app, browser, jar);
    expect(answers).toEqual([[200, 'no-store']]);
    expect(outcomes).toEqual(['success']);
    expect(app.errors).toEqual([]);
    expect(app.logouts.map(({ reason }) => reason)).toEqual(['logout']);
  });

  it('begun in another application ends our session, with one event that says so (C-58, R-83)', async () => {
    const app = await start();
    const other = await start({ clientId: 'other' });
    const [browser, jar] = [app.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    const otherBrowser = other.browser();
    await other.logIn(otherBrowser, { jar });
    expect(await whoIs(browser)).toBe('ada');
    await logOut(other, otherBrowser, jar);
    expect(outcomes).toEqual(['success', 'success']);
    expect(await whoIs(browser)).toBeNull();
    expect((await browser.get('/me')).status).toBe(302);
    expect(app.logouts).toMatchObject([{ reason: 'back_channel', sub: 'ada', issuer: bed.op.issuer }]);
    expect(app.logouts[0]).toHaveProperty('req', undefined);
  });

  it('ends the session of that browser, and leaves the same person logged in elsewhere (R-83)', async () => {
    const app = await start();
    const other = await start({ clientId: 'other' });
    const jars = [createCookieJar(), createCookieJar()] as const;
    const browsers = [app.browser(), app.browser()] as const;
    const otherBrowser = other.browser();
    await app.logIn(browsers[0], { jar: jars[0] });
    await app.logIn(browsers[1], { jar: jars[1] });
    await other.logIn(otherBrowser, { jar: jars[0] });
    await logOut(other, otherBrowser, jars[0]);
    expect(await Promise.all(browsers.map(whoIs))).toEqual([null, 'ada']);
  });

  it('ends a session that was given a new id in between (R-89, F-84)', async () => {
    const handlers = (server: Express) =>
      server.get('/renew', async (req, res) => {
        await req.auth.renew();
        res.end();
      });
    const app = await start({ handlers });
    const other = await start({ clientId: 'other' });
    const [browser, otherBrowser, jar] = [app.browser(), other.browser(), createCookieJar()];
    await app.logIn(browser, { jar });
    await other.logIn(otherBrowser, { jar });
    await browser.get('/renew');
    expect(await whoIs(browser)).toBe('ada');
    await logOut(other, otherBrowser, jar);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is over when the same person logs in again at once, and stays over for the old cookie (R-87)', async () => {
    const app = await start();
    const [browser, jar] = [app.browser(), createCookieJar()];
    for (let round = 0; round < 3; round += 1) {
      await app.logIn(browser, { jar });
      expect(await whoIs(browser)).toBe('ada');
      const old = browser.jar.clone();
      await logOut(app, browser, jar);
      expect(await whoIs(app.browser(old))).toBeNull();
    }
    expect(app.errors).toEqual([]);
  });
});

describe('a logout at a real provider, with two processes of the application', () => {
  it('is told to one of them and holds in both at once (C-58, R-113)', async () => {
    const shared = { redis: bed.redis.url, op: withBackchannel(bed.op) };
    const one = await bed.start(shared);
    const two = await bed.start({ ...shared, baseUrl: one.origin });
    const other = await bed.start({ op: withBackchannel(bed.op, { clientId: 'other' }) });
    const [browser, otherBrowser, jar] = [one.browser(), other.browser(), createCookieJar()];
    await one.logIn(browser, { jar });
    await other.logIn(otherBrowser, { jar });
    expect(await whoIs(two.browser(browser.jar.clone()))).toBe('ada');
    const answer = await otherBrowser.post('/logout');
    await bed.op.signOut(answer.headers.get('location')!, jar);
    expect(outcomes).toEqual(['success', 'success']);
    for (const app of [one, two]) expect(await whoIs(app.browser(browser.jar.clone()))).toBeNull();
    expect([...one.logouts, ...two.logouts].map(({ reason }) => reason)).toEqual(['back_channel']);
  });
});
