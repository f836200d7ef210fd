import { describe, expect, it } from '@jest/globals';
import { sign } from 'cookie-signature';
import { createSecret } from '../../src/secret.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { dataOf, setUpBed, whoIs } from '../support/bed.ts';
import { keysOf, readSessionId } from '../support/session-records.ts';
import { logInThroughTlsProxy } from '../support/tls-proxy.ts';

const OLD = 'the old secret of these tests, long enough';
const NEW = 'the new secret of these tests, long enough';

const bed = setUpBed();
const startHttps = (options: Partial<TestAppOptions> = {}) =>
  bed.start({ baseUrl: 'https://app.example.com', ...options });
const session = (answer: Response, name = '__Host-Http-session') =>
  answer.headers.getSetCookie().filter((line) => line.startsWith(`${name}=`));

describe('the session cookie', () => {
  it('is HttpOnly, Secure, SameSite=Lax and bound to the host on https (R-91, R-100, R-106, R-118, R-132)', async () => {
    const app = await startHttps();
    const login = await logInThroughTlsProxy(app, app.browser(), bed.op);
    expect(session(login)).toEqual([
      expect.stringMatching(
        /^__Host-Http-session=s%3A[\w-]{43}\.[\w%]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    const anonymous = await app.browser().get('/save?a=1');
    expect(session(anonymous)).toEqual([
      expect.stringMatching(
        /^__Host-Http-session=s%3A[\w-]{43}\.[\w%]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
  });

  it('works behind a TLS proxy that nobody told Express to trust (F-33)', async () => {
    const app = await startHttps({
      handlers: (server) => server.get('/secure', (req, res) => void res.json(req.secure)),
    });
    const browser = app.browser();
    await browser.get('/save?cart=1');
    expect(await dataOf(browser)).toEqual({ cart: '1' });
    await logInThroughTlsProxy(app, browser, bed.op);
    expect(await whoIs(browser)).toBe('ada');
    await browser.get('/save?cart=2');
    expect(await dataOf(browser)).toEqual({ cart: '2' });
    expect(await (await browser.get('/secure')).json()).toBe(false);
  });

  it('follows baseUrl and not what a request claims of itself (F-98)', async () => {
    const app = await bed.start();
    const lies = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example', host: 'evil.example' };
    const answer = await app.browser().get('/save?a=1', lies);
    expect(session(answer, 'session')).toEqual([
      expect.stringMatching(/^session=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
  });

  it('ends with the browser, or lasts as long as the session when it is persistent (R-102)', async () => {
    const app = await bed.start({ session: { persistent: true, absoluteTimeoutSeconds: 5000 } });
    const login = await app.logIn(app.browser());
    expect(session(login, 'session')[0]).toMatch(/; Max-Age=5000(;|$)/);
    const anonymous = await app.browser().get('/save?a=1');
    expect(session(anonymous, 'session')[0]).toMatch(/; Expires=/);
    const other = await bed.start();
    const answers = [await other.logIn(other.browser()), await other.browser().get('/save?a=1')];
    for (const answer of answers) expect(session(answer, 'session')[0]).not.toMatch(/Max-Age|Expires/);
  });

  it('is set when a session starts, once, and on no other answer (R-105)', async () => {
    const app = await bed.start();
    const browser = app.browser();
    const paths = ['/', '/save', '/save?a=1', '/save?a=1', '/save?a=2', '/'];
    const anonymous = [];
    for (const path of paths) anonymous.push(session(await browser.get(path), 'session').length);
    expect(anonymous).toEqual([0, 0, 1, 0, 0, 0]);
    expect(session(await app.logIn(browser), 'session')).toHaveLength(1);
    const loggedIn = [];
    for (const path of [...paths, '/me']) loggedIn.push(session(await browser.get(path), 'session').length);
    expect(loggedIn).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('stays far below what browsers accept, whatever the session holds (R-101, F-47)', async () => {
    const app = await bed.start({ session: { cookieName: 'n'.repeat(64) } });
    const browser = app.browser();
    const answer = await browser.get(`/save?big=${'x'.repeat(8000)}`);
    await app.logIn(browser);
    const pending = await browser.get(`/login?returnTo=/${'x'.repeat(2000)}`);
    for (const line of [...answer.headers.getSetCookie(), ...pending.headers.getSetCookie()]) {
      expect(line.length).toBeLessThan(300);
    }
  });

  it('is removed with the attributes it was set with (R-76)', async () => {
    const app = await startHttps();
    const browser = app.browser();
    await logInThroughTlsProxy(app, browser, bed.op);
    const answer = await browser.post('/logout');
    expect(session(answer)).toEqual([
      '__Host-Http-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    ]);
    expect(browser.jar.get('__Host-Http-session')).toBeUndefined();
  });

  it('is not taken from a name without the prefix, which a sibling domain could set (R-106, F-115)', async () => {
    const app = await startHttps();
    const [attacker, victim] = [app.browser(), app.browser()];
    await logInThroughTlsProxy(app, attacker, bed.op);
    const { value } = attacker.jar.get('__Host-Http-session')!;
    victim.jar.set({ name: 'session', value, domain: 'localhost' });
    expect(await whoIs(victim)).toBeNull();
    await logInThroughTlsProxy(app, victim, bed.op);
    expect(readSessionId(victim, '__Host-Http-session')).not.toBe(
      readSessionId(attacker, '__Host-Http-session'),
    );
  });

  it('carries a random id of 256 bits (R-110)', async () => {
    const app = await bed.start();
    const ids = new Set<string>();
    for (let count = 0; count < 50; count += 1) {
      const browser = app.browser();
      await browser.get('/save?a=1');
      ids.add(readSessionId(browser));
    }
    expect(ids.size).toBe(50);
    for (const id of ids) expect(Buffer.from(id, 'base64url')).toHaveLength(32);
  });

  it('that is not one of ours leads to nobody, without a question to Redis (R-131, F-101, F-103)', async () => {
    const app = await bed.start({ redis: bed.redis.url, secret: OLD });
    const browser = app.browser();
    await app.logIn(browser);
    const { value } = browser.jar.get('session')!;
    const id = readSessionId(browser);
    const key = keysOf(app).derive(createSecret(OLD), 'cookie signature').toString('base64url');
    const signed = (text: string) => encodeURIComponent(`s:${sign(text, key)}`);
    await bed.redis.resetCommandCounts();
    const values = [
      ...['', 's:', 's%3A', 's%3A.', 'j:{"a":1}', '%E0%A4%A', '"quoted"', 'x'.repeat(4096), id, `s:${id}`],
      ...[value.slice(0, -1), `${value}x`, value.replace(id, 'A'.repeat(43)), `s%3A${id}.${'A'.repeat(43)}`],
      ...['*', '?', 'a:b', `${id}\n`, `${id}*`, `auth:{${id}`, '../../etc', '', `${id}${id}`].map(signed),
    ];
    for (const each of values) {
      const answer = await app.browser().get('/', { cookie: `session=${each}` });
      expect([answer.status, await answer.json()]).toEqual([200, { user: null }]);
    }
    expect(await bed.redis.commandCounts()).toEqual({});
  });

  it('cannot be made out of the cookie of a pending login (CVE-2023-48309)', async () => {
    const app = await bed.start();
    const browser = app.browser();
    await browser.get('/login');
    const pending = browser.jar.all().find(({ name }) => name.startsWith('session-login-'))!;
    const binding = pending.value.split('.')[2]!;
    for (const value of [pending.value, `s%3A${pending.value}`, `s%3A${binding}.${binding}`]) {
      expect(await (await app.browser().get('/', { cookie: `session=${value}` })).json()).toEqual({
        user: null,
      });
    }
  });

  it('gives the same answer whether it is unknown, forged or of a session that ended (F-111)', async () => {
    const app = await bed.start();
    const browser = app.browser();
    await app.logIn(browser);
    const { value } = browser.jar.get('session')!;
    await browser.post('/logout');
    const forged = `${value.slice(0, -3)}AAA`;
    const answers = await Promise.all(
      [value, forged].map(async (each) => {
        const answer = await app
          .browser()
          .get('/api/me', { cookie: `session=${each}`, 'sec-fetch-mode': 'cors' });
        const headers = [...answer.headers].filter(([name]) => name !== 'date');
        return { status: answer.status, body: await answer.text(), headers };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]!.status).toBe(401);
  });
});

describe('the secret', () => {
  const start = (secret: string | string[], baseUrl?: string) =>
    bed.start({ redis: bed.redis.url, secret, ...(baseUrl ? { baseUrl } : {}) });
  const at = (app: TestApp, { jar }: { jar: Parameters<TestApp['browser']>[0] }) => app.browser(jar);

  it('may be replaced: the old one still verifies, the new one signs (F-102)', async () => {
    const before = await start(OLD);
    const during = await start([NEW, OLD], before.origin);
    const after = await start(NEW, before.origin);
    const [early, late] = [before.browser(), during.browser()];
    await before.logIn(early);
    await early.get('/save?a=1');
    expect(await whoIs(at(during, early))).toBe('ada');
    await at(during, early).get('/save?a=2');
    expect(await dataOf(at(during, early))).toEqual({ a: '2' });
    expect(await whoIs(at(after, early))).toBeNull();
    await late.get('/save?a=1');
    expect(await dataOf(at(after, late))).toEqual({ a: '1' });
    expect(await dataOf(at(before, late))).toEqual({});
  });

  it('opens the logins that began under the one before it (F-102)', async () => {
    const before = await start(OLD);
    const during = await start([NEW, OLD], before.origin);
    const browser = before.browser();
    const redirect = await browser.get('/login');
    const callback = await bed.op.signIn(redirect.headers.get('location')!);
    const { pathname, search } = new URL(callback.url);
    const answer = await at(during, browser).deliver({
      ...callback,
      url: `${during.origin}${pathname}${search}`,
    });
    expect(answer.status).toBe(303);
    expect(await whoIs(at(during, browser))).toBe('ada');
  });
});
