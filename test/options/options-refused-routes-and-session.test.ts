import { describe, expect, it } from '@jest/globals';
import { construct, goodOptions, type OptionChanges } from '../support/construct.ts';

const { provider } = goodOptions;

const refusals: [what: string, changes: OptionChanges, message: string | RegExp][] = [
  ['a list of routes', { routes: ['/login'] }, 'routes must be an object; it is an array.'],
  ['a list for the session', { session: [] }, 'session must be an object; it is an array.'],
  [
    'a route without a slash',
    { routes: { login: 'login' } },
    'routes.login must be a path such as "/login"; it is a string of 5 characters.',
  ],
  ['a route that names a host', { routes: { home: '//evil.example' } }, 'routes.home must be a path such as'],
  ['a route with a query', { routes: { callback: '/cb?x' } }, 'routes.callback must be a path such as'],
  [
    'a route that is a number',
    { routes: { logout: 1 } },
    'routes.logout must be a string that is not empty; it is 1.',
  ],
  [
    'a home page that is switched off',
    { routes: { home: false } },
    'routes.home must be a string that is not empty; it is false.',
  ],
  [
    'two routes at one path',
    { routes: { login: '/x', logout: '/x' } },
    'routes must all differ from each other; login and logout are "/x".',
  ],
  [
    'two routes that differ by case',
    { routes: { login: '/x', logout: '/X' } },
    'routes must all differ from each other; login and logout are "/x".',
  ],
  [
    'two routes that differ by a slash at the end',
    { routes: { login: '/x', logout: '/x/' } },
    'routes must all differ from each other; login and logout are "/x".',
  ],
  [
    'a logout that leads to a login in another spelling',
    { routes: { afterLogout: '/Login/' } },
    'routes.afterLogout must be a page; it is login.',
  ],
  [
    'an origin on plain http that is listed nowhere else',
    { dangerouslyAllowHttp: ['http://orders:3000'] },
    'apiOrigins does not list http://orders:3000, which dangerouslyAllowHttp does.',
  ],
  ...['/', '?', '#'].flatMap((sign) =>
    [':', ''].map((colon): [string, OptionChanges, RegExp] => [
      `a URL of Redis with "${colon}", then a password with "${sign}"`,
      { redis: `redis://${colon}pa${sign}ss@localhost:6379` },
      /^redis is no URL that can be read(?!.*pa.ss)/,
    ]),
  ),
  [
    'a Redis that a text in its URL would make read-only',
    { redis: 'redis://localhost:6379?readOnly=false' },
    'redis must not have readOnly=false in its URL: ioredis takes any text there for true. Leave it out.',
  ],
  [
    'a callback at the home page',
    { routes: { callback: '/' } },
    'routes must all differ from each other; callback and home are "/".',
  ],
  [
    'a login at the home page',
    { routes: { login: '/' } },
    'routes must all differ from each other; login and home are "/".',
  ],

  ...['logout', 'login', 'callback', 'backchannelLogout', 'frontchannelLogout'].map(
    (name): [string, OptionChanges, string] => [
      `a logout that leads to ${name}`,
      { routes: { [name]: '/x', afterLogout: '/x' } },
      `routes.afterLogout must be a page; it is ${name}. If no page`,
    ],
  ),
  [
    'a login at the callback of one of several providers',
    { routes: { callback: '/auth', login: '/auth/a' }, provider: undefined, providers: { a: provider } },
    'routes must all differ from each other; login and callback of "a" are "/auth/a".',
  ],
  [
    'a logout that leads to the callback of one of several providers',
    {
      routes: { afterLogout: '/oauth/callback/b' },
      provider: undefined,
      providers: { a: provider, b: provider },
    },
    'routes.afterLogout must be a page; it is callback of "b".',
  ],
  [
    'a home page at the callback of one of several providers',
    { routes: { callback: '/c', home: '/c/a' }, provider: undefined, providers: { a: provider } },
    'home and callback of "a" are "/c/a".',
  ],
  [
    'a route with dots, which no browser asks for',
    { routes: { login: '/a/../login' } },
    'routes.login must be a path without "." and ".."; it is a string of 11 characters.',
  ],
  ['a route with a dot', { routes: { logout: '/./logout' } }, 'routes.logout must be a path without "."'],
  [
    'a home page with encoded dots',
    { routes: { home: '/%2e%2E/x' } },
    'routes.home must be a path without "."',
  ],
  ['a page of a host', { routes: { home: '/.//evil.example' } }, 'routes.home must be a path without "."'],

  [
    'a cookie name that is none',
    { session: { cookieName: 'a b' } },
    'session.cookieName must be letters, digits, "_", "-" and "."',
  ],
  [
    'an empty cookie name',
    { session: { cookieName: '' } },
    'session.cookieName must be a string that is not empty',
  ],
  ['a long cookie name', { session: { cookieName: 'n'.repeat(65) } }, 'session.cookieName must be letters'],
  [
    '__Host- over http',
    { baseUrl: 'http://localhost:3000', session: { cookieName: '__Host-a' } },
    'session.cookieName: __Host- needs an https baseUrl.',
  ],
  [
    '__Secure- over http',
    { baseUrl: 'http://localhost:3000', session: { cookieName: '__Secure-a' } },
    'session.cookieName: __Secure- needs an https baseUrl.',
  ],
  [
    '__Host- with a path',
    { baseUrl: 'https://app.example.com/x', session: { cookieName: '__Host-a', cookiePath: '/x' } },
    'session.cookieName: a __Host- cookie must have the path "/". Drop cookiePath.',
  ],
  [
    'a cookie path that misses the callback',
    { session: { cookiePath: '/admin' } },
    'session.cookiePath must hold routes.login: browsers send no cookie of /admin to /login.',
  ],
  [
    'a cookie path that only begins like it',
    { baseUrl: 'https://app.example.com/administration', session: { cookiePath: '/admin' } },
    'session.cookiePath must hold routes.login',
  ],
  [
    'a cookie path without a slash',
    { session: { cookiePath: 'x' } },
    'session.cookiePath must be a path such as',
  ],
  [
    'an idle time-out of zero',
    { session: { idleTimeoutSeconds: 0 } },
    'session.idleTimeoutSeconds must be a number from 1 to 34560000; it is 0.',
  ],
  [
    'an idle time-out in words',
    { session: { idleTimeoutSeconds: '1h' } },
    'session.idleTimeoutSeconds must be a number from 1 to 34560000; it is a string of 2 characters.',
  ],
  ['an idle time-out that is no number', { session: { idleTimeoutSeconds: Number.NaN } }, 'it is NaN.'],
  [
    'a fraction of a second',
    { session: { idleTimeoutSeconds: 1.5 } },
    'session.idleTimeoutSeconds must be a whole number; it is 1.5.',
  ],
  [
    'a cookie of more than 400 days',
    { session: { absoluteTimeoutSeconds: 400 * 86_400 + 1 } },
    'session.absoluteTimeoutSeconds must be a number from 1 to 34560000; it is 34560001.',
  ],
  [
    'an end before the idle time-out',
    { session: { idleTimeoutSeconds: 100, absoluteTimeoutSeconds: 99 } },
    'session.idleTimeoutSeconds must not exceed session.absoluteTimeoutSeconds.',
  ],
  [
    'a word in place of yes or no',
    { session: { persistent: 'yes' } },
    'session.persistent must be true or false; it is a string of 3 characters.',
  ],
  [
    'a word in place of a list',
    { session: { carryOver: 'cart' } },
    'session.carryOver must be an array of strings; it is a string of 4 characters.',
  ],
  ['a description that is none', { session: { describe: 'x' } }, 'session.describe must be a function'],

  [
    'an origin with a path',
    { trustedOrigins: ['https://a.example/x'] },
    'trustedOrigins[0] must be an origin without a path: https://a.example',
  ],
  [
    'an origin that is none',
    { trustedOrigins: ['https://a.example', '*'] },
    'trustedOrigins[1] must be an absolute URL',
  ],
  [
    'an origin over http',
    { trustedOrigins: ['http://a.example'] },
    'trustedOrigins[0] must begin with https://',
  ],
  [
    'an origin without a list',
    { trustedOrigins: 'https://a.example' },
    'trustedOrigins must be an array of strings',
  ],
  [
    'an API origin with a path',
    { apiOrigins: ['https://a.example/x'] },
    'apiOrigins[0] must be an origin without a path',
  ],
  [
    'a login parameter that is not offered',
    { loginParameters: { acr_values: true } },
    'loginParameters has no option "acr_values".',
  ],
  [
    'a prompt that is no list',
    { loginParameters: { prompt: true } },
    'loginParameters.prompt must be an array of strings; it is true.',
  ],
  [
    'a hint that is neither yes nor no',
    { loginParameters: { loginHint: 1 } },
    'loginParameters.loginHint must be true or false; it is 1.',
  ],

  ['a mapUser that is none', { mapUser: {} }, 'mapUser must be a function; it is an object.'],
  ['a hook that is none', { onLogin: 'x' }, 'onLogin must be a function'],
  ['a hook that is null', { onError: null }, 'onError must be a function; it is null.'],
  ['a clock that is none', { now: 0 }, 'now must be a function; it is 0.'],
  ['no time for Redis', { storeTimeoutMs: 0 }, 'storeTimeoutMs must be a number from 1 to 60000; it is 0.'],
  ['all the time for Redis', { storeTimeoutMs: Number.POSITIVE_INFINITY }, 'it is Infinity.'],
  ['a word for clearSiteData', { clearSiteData: '"cache"' }, 'clearSiteData must be true or false'],
];

describe('connectAuth()', () => {
  it.each(refusals)('refuses %s (R-100, R-102, F-123)', (_what, changes, message) => {
    const told = construct(changes);
    if (typeof message === 'string') expect(told).toContain(message);
    else expect(told).toMatch(message);
  });
});
