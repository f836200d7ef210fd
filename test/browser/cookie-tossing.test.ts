import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { Page } from 'playwright-core';
import type { TestApp } from '../support/app.ts';
import { readJson, setUpChromiumBed, signInAs } from '../support/chromium-bed.ts';

const bed = setUpChromiumBed();

const APP = 'app.example.localhost';
const EVIL = 'evil.example.localhost';

// A sibling host may set cookies for the domain they share. The application is on https, as in production: there its
// cookies have the prefix that no such cookie can have.
describe('in Chromium, a sibling host that sets cookies for the domain', () => {
  let app: TestApp;
  let origin: string;
  let evil: string;
  /** `Set-Cookie` lines of the sibling's page. */
  let tossed: string[];
  /** The `Cookie` header of each request to the application. */
  let arrived: string[];
  beforeEach(async () => {
    const front = await bed.startTlsFront();
    [origin, evil] = [front.originOf(APP), front.originOf(EVIL)];
    tossed = [];
    arrived = [];
    const record = (req: Request) => arrived.push(req.headers.cookie ?? '');
    app = await bed.start({
      baseUrl: origin,
      before: (server) =>
        server.use((req, _res, next) => {
          record(req);
          next();
        }),
    });
    front.forward(APP, app.origin);
    front.answer(EVIL, (_req, res) => res.writeHead(200, { 'set-cookie': tossed }).end());
  });

  const logIn = async (name: string): Promise<Page> => {
    const page = await bed.newPage();
    await page.goto(`${origin}/me`);
    await signInAs(page, name, '/me');
    return page;
  };
  const readCookie = async (page: Page, part: string) =>
    (await page.context().cookies(origin)).find(({ name }) => name.includes(part))!;

  it('finds cookies that no other host can set, behind a proxy that ends TLS (F-115, R-100)', async () => {
    const page = await logIn('Ada Lovelace');
    const cookie = await readCookie(page, 'session');
    expect(cookie).toMatchObject({
      name: '__Host-Http-session',
      domain: APP,
      path: '/',
      secure: true,
      httpOnly: true,
    });
  });

  it('puts nobody into its own session, whatever name and path it takes (F-115, R-106)', async () => {
    const { value } = await readCookie(await logIn('Grace Hopper'), '__Host-Http-session');
    const bytes = (name: string) => Buffer.from(name).toString('latin1');
    const names = [
      '__Host-Http-session',
      '__host-http-session',
      '__HOST-HTTP-SESSION',
      '__Host-session',
      '__Secure-session',
      'session',
      '"__Host-Http-session"',
      '=__Host-Http-session',
    ];
    const padded = ['\u00a0', '\u2000', '\u3000', '\ufeff', '\u0085'].map((space) =>
      bytes(`${space}__Host-Http-session`),
    );
    tossed = ['/', '/me'].flatMap((path) =>
      [...names, ...padded, '\u00a0__Host-Http-session', '\u0085__Host-Http-session'].map(
        (name) => `${name}=${value}; Domain=example.localhost; Path=${path}; Secure; SameSite=None`,
      ),
    );
    for (const page of [await bed.newPage(), await logIn('Ada Lovelace')]) {
      await page.goto(evil);
      arrived.length = 0;
      await page.goto(`${origin}/`);
      const { user } = (await readJson(page)) as { user: { sub: string } | null };
      expect(user?.sub).not.toBe('grace');
      // The attack did arrive, by the names that a browser lets pass.
      for (const name of ['session', '\u00a0__Host-Http-session'])
        expect(` ${arrived[0]}`).toContain(` ${name}=${value}`);
      expect(arrived[0]!.split('; ')).not.toContain(`__Host-Http-session=${value}`);
      await page.goto(`${origin}/me`);
      expect(await page.textContent('body')).not.toContain('"sub":"grace"');
    }
  });

  it('finishes no login of its own in the browser of somebody else (F-57, F-115)', async () => {
    const attacker = await bed.newPage();
    const begun = attacker.waitForResponse(`${origin}/me`);
    await attacker.goto(`${origin}/me`);
    const { name, value } = await readCookie(attacker, 'login');
    const callback = await bed.op.signIn((await begun).headers().location!, { as: 'grace' });
    tossed = [name, name.replace('__Host-Http-', '')].map(
      (toss) => `${toss}=${value}; Domain=example.localhost; Path=/; Secure; SameSite=None`,
    );
    const victim = await bed.newPage();
    await victim.goto(evil);
    await victim.goto(callback.url);
    expect(await victim.textContent('h1')).toBe('This sign-in is no longer waiting');
    await victim.goto(`${origin}/`);
    expect(await readJson(victim)).toEqual({ user: null });
    expect(app.logins).toHaveLength(0);
  });
});
