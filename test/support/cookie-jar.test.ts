import { describe, expect, it, jest } from '@jest/globals';
import { createCookieJar } from './cookie-jar.ts';

describe('createCookieJar()', () => {
  it('keeps cookies to their host and path, longer paths first, and ignores ports', () => {
    const jar = createCookieJar();
    jar.store('http://127.0.0.1:1000/a/b', ['root=1; Path=/', 'inner=2', 'other=3; Path=/x']);
    expect(jar.header('http://127.0.0.1:2000/a/c')).toBe('inner=2; root=1');
    expect(jar.header('http://127.0.0.1:1000/ab')).toBe('root=1');
    expect(jar.header('http://localhost:1000/a')).toBeUndefined();
  });

  it('sends Secure cookies to https and to loopback only', () => {
    const jar = createCookieJar();
    jar.store('http://localhost', ['a=1; Secure']);
    jar.store('http://example.com', ['b=1; Secure']);
    jar.set({ name: 'c', value: '1', domain: 'example.com', secure: true });
    expect(jar.header('http://localhost')).toBe('a=1');
    expect(jar.header('http://example.com')).toBeUndefined();
    expect(jar.header('https://example.com')).toBe('c=1');
  });

  it('holds back cookies from other sites by SameSite', () => {
    const jar = createCookieJar();
    jar.store('http://localhost', [
      'strict=1; SameSite=Strict',
      'lax=1; SameSite=Lax',
      'unnamed=1',
      'none=1; SameSite=None; Secure',
      'refused=1; SameSite=None',
    ]);
    const crossSite = true;
    expect(jar.header('http://localhost', { crossSite })).toBe('lax=1; unnamed=1; none=1');
    expect(jar.header('http://localhost', { crossSite, method: 'POST' })).toBe('none=1');
    expect(jar.header('http://localhost', { method: 'POST' })).toBe('strict=1; lax=1; unnamed=1; none=1');
  });

  it('forgets what has expired or was taken back', () => {
    jest.useFakeTimers();
    const jar = createCookieJar();
    jar.store('http://localhost', ['short=1; Max-Age=10', 'long=1; Max-Age=100', 'gone=1']);
    jar.store('http://localhost', ['gone=; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    jest.advanceTimersByTime(6000);
    expect(jar.header('http://localhost')).toBe('short=1; long=1');
    jest.advanceTimersByTime(4000);
    for (const each of [jar, jar.clone()]) expect(each.header('http://localhost')).toBe('long=1');
    jest.useRealTimers();
  });

  it('keeps the promises of the name prefixes and of Domain', () => {
    const jar = createCookieJar();
    jar.store('https://app.example.com/x', [
      '__Host-a=1; Secure; Path=/',
      '__Host-b=1; Secure; Path=/x',
      '__Host-c=1; Secure; Path=/; Domain=example.com',
      '__Secure-d=1; Path=/',
      '__Host-Http-g=1; Secure; Path=/',
      '__Host-Http-h=1; Secure; HttpOnly; Path=/x',
      '__Host-Http-i=1; Secure; HttpOnly; Path=/',
      'e=1; Path=/; Domain=other.com',
      'f=1; Path=/; Domain=.example.com',
    ]);
    expect(jar.header('https://app.example.com/')).toBe('__Host-a=1; __Host-Http-i=1; f=1');
    expect(jar.header('https://www.example.com/')).toBe('f=1');
  });
});
