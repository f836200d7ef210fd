import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { ConnectAuthOptions } from 'express-connect-auth';
import { setUpBed, whoIs } from '../support/bed.ts';
import { construct } from '../support/construct.ts';

const bed = setUpBed();

/** Starts an application and has it set its session cookie. Returns the cookie's name and path. */
async function nameCookie({
  baseUrl,
  application,
  session = {},
}: Pick<ConnectAuthOptions, 'application' | 'session'> & { baseUrl: string }): Promise<string> {
  const app = await bed.start({
    baseUrl,
    ...(application && { application }),
    session: { cookieName: undefined as never, ...session },
    before: (server) =>
      server.use((req, _res, next) => {
        // As Express does for a router that is mounted at the path of baseUrl.
        req.baseUrl = new URL(baseUrl).pathname.replace(/\/$/, '');
        next();
      }),
  });
  const [line] = (await app.browser().get('/save?a=1')).headers.getSetCookie();
  return line!.split('=')[0]!;
}

describe('the name of the session cookie', () => {
  it('is short at the root of a default port (N-28)', async () => {
    expect(await nameCookie({ baseUrl: 'https://app.example.com' })).toBe('__Host-Http-session');
    expect(await nameCookie({ baseUrl: 'https://app.example.com:443/' })).toBe('__Host-Http-session');
    expect(await nameCookie({ baseUrl: 'http://localhost' })).toBe('session');
  });

  it('differs between all applications of one host, and not between hosts (N-28)', async () => {
    const places = ['', ':8443', ':8444', '/shop', '/shop/admin', ':8443/shop'];
    const names = await Promise.all(
      places.map((place) => nameCookie({ baseUrl: `https://app.example.com${place}` })),
    );
    expect(new Set(names).size).toBe(places.length);
    for (const name of names) expect(name).toMatch(/^__Host-Http-session(-[\w-]{8})?$/);
    expect(await nameCookie({ baseUrl: 'https://other.example.com/shop/' })).toBe(names[3]);
    expect(await nameCookie({ baseUrl: 'http://localhost:8443' })).toBe(
      names[1]!.slice('__Host-Http-'.length),
    );
  });

  it('follows from the application alone, where that is given (N-01, N-28)', async () => {
    const name = await nameCookie({ baseUrl: 'https://a.example.com', application: 'shop' });
    expect(name).toMatch(/^__Host-Http-session-[\w-]{8}$/);
    expect(await nameCookie({ baseUrl: 'https://b.example.com:8443/x', application: 'shop' })).toBe(name);
    expect(await nameCookie({ baseUrl: 'https://a.example.com', application: 'Shop' })).not.toBe(name);
  });

  it('lets a browser be logged in to two applications of one host at once (N-28)', async () => {
    const start = (clientId: string) =>
      bed.start({
        session: { cookieName: undefined as never },
        op: {
          registerApp: (baseUrl) => bed.op.registerApp(baseUrl, { client_id: clientId }),
          signIn: bed.op.signIn,
        },
      });
    const [first, second] = await Promise.all([start('first'), start('second')]);
    const browser = first.browser();
    const other = second.browser(browser.jar);
    await first.logIn(browser, { as: 'ada' });
    await second.logIn(other, { as: 'grace' });
    expect([await whoIs(browser), await whoIs(other)]).toEqual(['ada', 'grace']);
    await browser.post('/logout', {}, { origin: first.origin });
    expect([await whoIs(browser), await whoIs(other)]).toEqual([null, 'grace']);
  });

  it.each([
    'https://App.example.com:443/',
    'https://app.example.com',
    'HTTPS://APP.EXAMPLE.COM/',
    'https://app.example.com/./',
  ])('knows %s for one application in any spelling (N-01)', async (application) => {
    const spelled = await nameCookie({ baseUrl: 'https://x.example.com', application });
    const plain = { baseUrl: 'https://x.example.com', application: 'https://app.example.com' };
    expect(spelled).toBe(await nameCookie(plain));
    expect(spelled).not.toBe(await nameCookie({ ...plain, application: 'https://app.example.com/shop' }));
    expect(spelled).not.toBe(await nameCookie({ ...plain, application: 'https://app.example.com:8443' }));
  });

  it.each([
    ['id', '__Host-Http-id'],
    ['__Host-id', '__Host-Http-id'],
    ['__Host-Http-id', '__Host-Http-id'],
    ['__Http-id', '__Host-Http-id'],
    ['__Secure-id', '__Host-Http-id'],
  ])('is what the application says, with the prefix that protects it most: %s (N-04)', async (cookieName, name) => {
    expect(await nameCookie({ baseUrl: 'https://app.example.com/shop', session: { cookieName } })).toBe(name);
  });
});

describe('session.cookiePath', () => {
  const warn = jest.spyOn(process, 'emitWarning');
  afterEach(() => void warn.mockReset());

  it.each([
    ['https://app.example.com/shop', '/shop'],
    ['https://app.example.com', '/shop/'],
    ['http://localhost:3000/shop', '/shop'],
  ])('is warned of at %s when it is %s (N-04)', (baseUrl, cookiePath) => {
    warn.mockReturnValue();
    const routes =
      cookiePath === '/shop/' ? { login: '/shop/in', callback: '/shop/cb', logout: '/shop/out' } : {};
    expect(construct({ baseUrl, routes, session: { cookiePath } })).toBeInstanceOf(Function);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringContaining(`session.cookiePath is ${cookiePath}: other applications of the host`),
        { type: 'ConnectAuthWarning', code: 'CONNECT_AUTH_COOKIE_PATH' },
      ],
    ]);
  });

  it('is warned of once, of however many base URLs', () => {
    warn.mockReturnValue();
    const baseUrl = ['https://app.example.com/shop', 'https://preview.example.com/shop'];
    const session = { cookiePath: '/shop' };
    expect(construct({ baseUrl, application: 'shop', session })).toBeInstanceOf(Function);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('gives the cookie the prefix that is left to it, and is not warned of when it is "/" (N-04)', async () => {
    warn.mockReturnValue();
    expect(construct({ session: { cookiePath: '/' } })).toBeInstanceOf(Function);
    expect(warn).not.toHaveBeenCalled();
    const session = { cookiePath: '/shop' };
    expect(await nameCookie({ baseUrl: 'https://app.example.com/shop', session })).toMatch(
      /^__Secure-session-/,
    );
  });
});

describe('application', () => {
  const off = { routes: { callback: false } };

  it('must be given where no callback finishes logins (N-01)', () => {
    expect(construct(off)).toBe(
      'connectAuth(): application must be given where routes.callback is false: it says whose logins these are. Give what the processes give that finish them, or their baseUrl.',
    );
    expect(construct({ ...off, application: 'https://app.example.com' })).toBeInstanceOf(Function);
    expect(construct({ routes: { login: false } })).toBeInstanceOf(Function);
  });

  it.each([
    ['', 'an empty string'],
    [5, '5'],
    [null, 'null'],
  ])('is no name when it is %j (N-01)', (application, told) => {
    expect(construct({ application })).toBe(
      `connectAuth(): application must be a string that is not empty; it is ${told}.`,
    );
  });
});
