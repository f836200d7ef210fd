import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import express, { type Express } from 'express';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { exchange } from '../support/http-exchange.ts';
import {
  createLogoutToken,
  done,
  postLogoutForm,
  postLogoutToken,
  readLogoutAnswer,
  refusedLogout,
} from '../support/logout-token.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, ...options });
const tokenFor = (sub: string) => createLogoutToken(op, { sub });
const FORM = 'application/x-www-form-urlencoded';

describe('a logout token in a form', () => {
  it.each<[string, (app: Express) => unknown]>([
    ['nothing', () => undefined],
    ['express.urlencoded', (app) => app.use(express.urlencoded({ extended: false }))],
    ['express.urlencoded, extended', (app) => app.use(express.urlencoded({ extended: true }))],
    ['express.json', (app) => app.use(express.json())],
    ['express.text for everything', (app) => app.use(express.text({ type: '*/*' }))],
    ['express.raw for everything', (app) => app.use(express.raw({ type: '*/*' }))],
    ['all of them', (app) => app.use(express.json(), express.urlencoded({ extended: true }), express.text())],
  ])('is read when the application has parsed bodies before by %s (F-88)', async (_, before) => {
    const app = await start({ before });
    const browser = await logInWith(op, app);
    expect(await readLogoutAnswer(await postLogoutToken(app, tokenFor('ada')))).toEqual(done);
    expect(await whoIs(browser)).toBeNull();
  });

  it('is refused, not waited for, when somebody has read the body and thrown it away (F-88)', async () => {
    const before = (app: Express) => app.use((req, _res, next) => void req.resume().once('end', next));
    const app = await start({ before });
    expect(await readLogoutAnswer(await postLogoutToken(app, tokenFor('ada')))).toEqual(refusedLogout);
  });

  it('needs no cookie, no session and no origin (R-78)', async () => {
    const app = await start();
    const browser = await logInWith(op, app, { as: 'grace' });
    const answer = await browser.request('POST', '/oauth/backchannel-logout', {
      body: { logout_token: tokenFor('ada') },
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    });
    expect(await readLogoutAnswer(answer)).toEqual(done);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await whoIs(browser)).toBe('grace');
  });

  it('that is none costs Redis nothing, whatever cookie comes with it (F-87)', async () => {
    let passed = 0;
    const monotonic = () => performance.now() + passed;
    const now = { now: Date.now, monotonic, store: undefined };
    const app = await start({ redis: redis.url, now });
    const browser = await logInWith(op, app);
    await redis.resetCommandCounts();
    // The keys may be looked at again, so that a broken signature is refused at once.
    passed = 30_000;
    for (const logout_token of ['', 'x', 'a.b.c', `${tokenFor('ada')}x`]) {
      const answer = await browser.post('/oauth/backchannel-logout', { logout_token });
      expect(await readLogoutAnswer(answer)).toEqual(refusedLogout);
    }
    expect(await redis.commandCounts()).toEqual({});
  });

  it('in another charset is refused (R-78)', async () => {
    const app = await start();
    const type = `${FORM}; charset=utf-16`;
    const answer = await postLogoutForm(app, `logout_token=${tokenFor('ada')}`, { type });
    expect(await readLogoutAnswer(answer)).toEqual(refusedLogout);
  });

  it('may be written with a charset, and beside other parameters (C-10)', async () => {
    const app = await start();
    const body = `a=1&logout_token=${tokenFor('ada')}&b=2&a=3&logout_tokens=x`;
    const answer = await postLogoutForm(app, body, { type: `${FORM}; charset="UTF-8"` });
    expect(await readLogoutAnswer(answer)).toEqual(done);
  });
});

describe('the back-channel logout refuses', () => {
  it.each([
    'GET',
    'HEAD',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
  ])('%s, which nobody may keep (R-78, F-86)', async (method) => {
    const app = await start();
    const body = `logout_token=${tokenFor('ada')}`;
    const url = `${app.origin}/oauth/backchannel-logout?${body}`;
    // Node's client gives the body of a GET no length: it would be read as another request.
    const headers = { 'content-type': FORM, 'content-length': String(body.length) };
    const answer = await exchange({ method, url, headers, body });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  const honest = () => tokenFor('ada');
  it.each<[string, () => { body: string; type?: string }]>([
    ['a form without a logout token', () => ({ body: 'a=1' })],
    ['nothing at all', () => ({ body: '' })],
    ['an empty logout token', () => ({ body: 'logout_token=' })],
    ['two logout tokens', () => ({ body: `logout_token=${honest()}&logout_token=${honest()}` })],
    ['one that is nested', () => ({ body: `logout_token[a]=${honest()}` })],
    ['JSON', () => ({ body: JSON.stringify({ logout_token: honest() }), type: 'application/json' })],
    ['the bare token', () => ({ body: honest(), type: 'application/logout+jwt' })],
    ['text', () => ({ body: `logout_token=${honest()}`, type: 'text/plain' })],
    ['a multipart form', () => ({ body: '--x--', type: 'multipart/form-data; boundary=x' })],
    ['a token of a megabyte', () => ({ body: `logout_token=${'x'.repeat(1024 * 1024)}` })],
    ['a token of 17 kilobytes', () => ({ body: `logout_token=${honest()}${'x'.repeat(17_000)}` })],
    ['an encrypted token', () => ({ body: `logout_token=${honest()}.x.y` })],
    ['a token with something behind it', () => ({ body: `logout_token=${honest()}%0A` })],
  ])('%s (R-78, R-85, F-86)', async (_, request) => {
    const [plain, parsed] = [
      await start(),
      await start({ before: (app) => app.use(express.urlencoded({ extended: true, limit: '10mb' })) }),
    ];
    const browser = await logInWith(op, plain);
    for (const app of [plain, parsed]) {
      const { body, type } = request();
      const answer = await postLogoutForm(app, body, type === undefined ? {} : { type });
      expect(await readLogoutAnswer(answer)).toEqual(refusedLogout);
    }
    expect(await whoIs(browser)).toBe('ada');
  });

  it('a body without a length when it has become too long (F-86, F-87)', async () => {
    const app = await start();
    const headers = { 'content-type': FORM, 'transfer-encoding': 'chunked' };
    const url = `${app.origin}/oauth/backchannel-logout`;
    const body = `logout_token=${'x'.repeat(1024 * 1024)}`;
    const answer = await exchange({ method: 'POST', url, headers, body });
    expect(await readLogoutAnswer(answer)).toEqual(refusedLogout);
  });

  it('a body that breaks off, without harm to anybody (F-86)', async () => {
    const app = await start();
    const browser = await logInWith(op, app);
    const { port } = new URL(app.origin);
    const socket = connect(Number(port), 'localhost');
    await once(socket, 'connect');
    socket.write(
      `POST /oauth/backchannel-logout HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\nContent-Length: 999\r\n\r\nlogout_token=`,
    );
    socket.destroy();
    expect(await whoIs(browser)).toBe('ada');
  });
});

describe('the back-channel logout', () => {
  it('may be switched off or moved', async () => {
    const off = await start({ routes: { backchannelLogout: false } });
    expect((await postLogoutToken(off, tokenFor('ada'))).status).toBe(404);
    const moved = await start({ routes: { backchannelLogout: '/out' } });
    expect((await postLogoutToken(moved, tokenFor('ada'))).status).toBe(404);
    const form = { logout_token: tokenFor('ada') };
    expect((await moved.browser().post('/out', form)).status).toBe(200);
  });

  it('answers without more of itself than it must', async () => {
    const app = await start();
    const answer = await postLogoutToken(app, tokenFor('ada'));
    expect(await answer.text()).toBe('');
    expect(answer.headers.get('set-cookie')).toBeNull();
    const refusal = await postLogoutToken(app, 'x');
    expect(refusal.headers.get('content-type')).toContain('application/json');
  });
});
