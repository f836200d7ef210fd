import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createReturnAddressReader } from '../../src/routes/return-address.ts';
import { exploration } from '../support/exploration.ts';
import {
  arbitraryAddress,
  createHonestAddresses,
  createRedirectPayloads,
} from '../support/redirect-payloads.ts';

const OWN_ROUTES = ['/login', '/oauth/callback', '/logout'];

describe.each(['https://app.example.com', 'http://localhost:3000'])('a return address at %s', (origin) => {
  const read = createReturnAddressReader(origin, OWN_ROUTES);
  const payloads = createRedirectPayloads(origin);

  it('leads nowhere else in any of several thousand forms (F-89, R-121, R-137)', () => {
    expect(payloads.length).toBeGreaterThan(3000);
    expect(payloads.filter(({ text }) => !isHarmless(read(text), origin))).toEqual([]);
  });

  it('is refused rather than repaired when it names another origin as it stands (F-89, F-92)', () => {
    const leaving = payloads.filter(({ text }) => !isOurs(text, origin));
    expect(leaving.length).toBeGreaterThan(800);
    expect(leaving.filter(({ text }) => read(text) !== undefined)).toEqual([]);
  });

  it.each([
    ...['//evil', '///evil', '////evil', '/\\evil', '\\\\evil', '\\/evil', '/\\/evil', '/\\\\evil'],
    ...['/\t/evil', '/\n/evil', '/\r/evil', ' //evil', '\t//evil', '\u0000//evil', '//ⓔvil.com'],
    ...['//evil%E3%80%82com', '//evil。com'],
  ])('is refused as %j (F-90)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ...['/.//evil.com', '/..//evil.com', '/a/..//evil.com', '/a/b/../..//evil.com', '/.///evil.com'],
    ...['/./\\evil.com', '/%2e//evil.com', '/%2e%2e//evil.com', '/.%2E//evil.com', '/a/%2e%2e//evil.com'],
  ])('is refused as %j, whose normal form is the address of another host (F-91)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ...['https:evil.com', 'https:/evil.com', 'http:///evil.com', 'http:evil.com', 'javascript:alert(1)'],
    ...['data:,x', 'JaVaScRiPt:alert(1)', `${origin}@evil`, `${origin}.evil.com`, `${origin}:evil`, 'me', ''],
    ...[`${origin}//evil.com`, `${origin}/\\evil.com`, `${origin}/.//evil.com`, origin, `x${origin}/me`],
  ])('is refused as %j, which is no path (F-92)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each(
    createHonestAddresses(origin),
  )('is followed as $followed when it is $text (F-93, F-100)', (address) => {
    expect(read(address.text)).toBe(address.followed);
  });

  it.each([
    ...['/login', '/login?returnTo=/me', '/login#x', '/login/', '/login/x', '/a/../login', '/%2e/logout'],
    ...['/logout', '/logout?x', '/./logout', `${origin}/logout`, '/oauth/./callback', '/oauth/x/../callback'],
    ...['/oauth/callback', '/oauth/callback?code=x&state=y', '/oauth/callback/other', '/LOGIN'],
    ...['/%6cogin', '/%6Cogout', '/oauth%2Fcallback', '/x%2F..%2Flogout', '/logout%3Fx', '/logout%00'],
    ...[
      '/oauth//callback',
      '/logout//',
      '/logout;x=1',
      '/;x/logout',
      '/oauth;x/callback;y',
      '/x/%2e%2e/LOGOUT',
    ],
  ])('is not one of our own routes: %s (F-95)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('is kept up to a length that fits a header, and is dropped when longer, even in its emitted form (F-96)', () => {
    const longest = `/${'a'.repeat(2047)}`;
    expect(read(longest)).toBe(longest);
    expect(read(`${longest}a`)).toBeUndefined();
    expect(read(`/${'é'.repeat(1000)}`)).toBeUndefined();
    expect(read(`/${'a/../'.repeat(1000)}me`)).toBeUndefined();
    for (const length of [16_384, 1_048_576]) expect(read(`/${'a'.repeat(length)}`)).toBeUndefined();
  });

  it('is a string, and nothing else is taken for one (F-96)', () => {
    const others = [
      undefined,
      null,
      1,
      true,
      ['/me'],
      { path: '/me' },
      new URL('/me', origin),
      Symbol('/me'),
    ];
    expect(others.map(read)).toEqual(others.map(() => undefined));
  });

  it('is harmless, and reads as itself when read again, whatever it was made of (F-89, F-125)', () => {
    fc.assert(
      fc.property(arbitraryAddress(origin), (text) => {
        const address = read(text);
        const isStable = address === undefined || read(address) === address;
        return isStable && isHarmless(address, origin) && (address === undefined || isOurs(text, origin));
      }),
      exploration(5000),
    );
  });

  it('is followed unchanged for any path and query that a browser would send as they are (F-100)', () => {
    const ours = fc
      .webPath()
      .filter((path) => /^\/(?!\/)/.test(path) && !/\/\.{1,2}(\/|$)|^\/(login|logout|oauth)/.test(path));
    fc.assert(
      fc.property(ours, fc.webQueryParameters(), (path, query) => {
        // An apostrophe in a query is the one character of these that the parser encodes.
        const address = `${path}?q=${query.replaceAll("'", '%27')}`;
        expect(read(address)).toBe(address);
      }),
      exploration(2000),
    );
  });
});

describe('a return address of an application below a path', () => {
  const read = createReturnAddressReader('https://example.com', ['/app/login', '/app/logout']);

  it('is any path of the origin but the routes of this application (F-95)', () => {
    expect(read('/app/login')).toBeUndefined();
    expect(read('/app/x/../logout')).toBeUndefined();
    expect(read('/APP/logout')).toBeUndefined();
    expect(read('/app/me')).toBe('/app/me');
    expect(read('/login')).toBe('/login');
  });

  it.each([
    ...[
      '/app//logout',
      '/app///logout',
      '/app//LOGOUT/',
      '/APP//logout?x',
      '/app/.//logout',
      '/app/x/..//logout',
    ],
    ...[
      '/app/%6Cogout',
      '/%61pp/logout',
      '/app%2Flogout',
      '/app/%2Flogout',
      '/app/%5Clogout',
      '/app;x//logout',
    ],
  ])('is none that may be read as one of those routes: %s (N-29)', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it.each([
    ...[
      '/app//me',
      '/app/logouts',
      '/app/x/logout',
      '/app/log%20out',
      '/app%2Flogouts',
      '/logout/app',
      '/x/app/logout',
    ],
    ...['/app/me?next=/app/logout', '/app/me#/app/logout', '/app/%zz'],
  ])('is any other, as it stands: %s (N-29)', (text) => {
    expect(read(text)).toBe(text);
  });

  it('may be below a route that is the root of the application (N-29)', () => {
    const readBelowRoot = createReturnAddressReader('https://example.com', ['/app/', '/app/logout']);
    expect(['/app', '/app/', '/APP//', '/app/logout'].map(readBelowRoot)).toEqual(Array(4).fill(undefined));
    expect(readBelowRoot('/app/me')).toBe('/app/me');
  });
});

// From the advisories of other libraries; what each let through.
describe('an address that got past another library', () => {
  const read = createReturnAddressReader('https://app.test', OWN_ROUTES);

  it.each([
    ['CVE-2022-24794', '//evil.test/x'],
    ['CVE-2021-43812', 'https://evil.test'],
    ['CVE-2021-43812', '//evil.test'],
    ['CVE-2022-24858', 'https://app.test.evil.test'],
    ['CVE-2022-29214', 'https://app.test@evil.test'],
    ['CVE-2022-2237', 'https://app.test:443@evil.test/'],
    ['CVE-2022-3145', '//evil.test/%2e%2e'],
    ['CVE-2020-5233', '/\\evil.test'],
    ['CVE-2020-11053', '/\n/evil.test'],
    ['CVE-2020-4037', '/\t/evil.test'],
    ['CVE-2020-4037', '/\u000b/evil.test\\'],
    ['CVE-2021-21291', 'https://evilapp.test'],
    ['CVE-2019-14857', '///evil.test'],
    ['CVE-2019-20479', '/\\/evil.test'],
    ['CVE-2021-32786', 'https:\\\\evil.test'],
    ['CVE-2021-39191', 'https:evil.test'],
    ['CVE-2022-23527', '/\t//evil.test'],
    ['CVE-2025-27143', 'https://app.test.evil.test/x.app.test'],
    ['CVE-2025-53535', 'http:///evil.test'],
    ['CVE-2026-42565', '/.//evil.test'],
    ['CVE-2024-29041', 'https://app.test\\@evil.test'],
  ])('is refused here: %s, %j (R-74, R-121)', (_advisory, text) => {
    expect(read(text)).toBeUndefined();
  });
});

function isOurs(text: string, origin: string): boolean {
  return URL.canParse(text, origin) && new URL(text, origin).origin === origin;
}

/** One slash and visible ASCII, without a backslash: neither a parser nor a header can read more into it. */
function isHarmless(address: string | undefined, origin: string): boolean {
  if (address === undefined) return true;
  const isPlain = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(address) && address.length <= 2048;
  const isOwnRoute = OWN_ROUTES.includes(new URL(address, origin).pathname);
  return isPlain && !isOwnRoute && isOurs(address, origin);
}
