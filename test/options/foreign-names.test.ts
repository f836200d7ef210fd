import { describe, expect, it } from '@jest/globals';
import { providers, requireAuth } from 'express-connect-auth';
import { Redis } from 'ioredis';
import { construct, type OptionChanges } from '../support/construct.ts';

/** What is written out of habit, and what the message must say to write instead. */
const habits: [library: string, given: OptionChanges, name: string, remedy: string][] = [
  [
    'express-openid-connect',
    { idpLogout: true },
    'connectAuth() has no option "idpLogout"',
    'A logout always ends the session at the provider too',
  ],
  ['express-openid-connect', { issuerBaseURL: 'x' }, '"issuerBaseURL"', 'providers.oidc({ issuer })'],
  ['express-openid-connect', { clientID: 'x' }, '"clientID"', 'providers.oidc({ clientId })'],
  ['express-openid-connect', { baseURL: 'x' }, '"baseURL"', 'Did you mean "baseUrl"?'],
  ['express-openid-connect', { authRequired: false }, '"authRequired"', 'requireAuth'],
  ['express-openid-connect', { appSession: {} }, '"appSession"', 'Use session.'],
  ['express-openid-connect', { afterCallback: () => 0 }, '"afterCallback"', 'onLogin'],
  [
    'express-openid-connect',
    { session: { rolling: true } },
    'connectAuth(): session has no option "rolling"',
    'idleTimeoutSeconds',
  ],
  [
    'express-openid-connect',
    { session: { rollingDuration: 1 } },
    '"rollingDuration"',
    'Did you mean "idleTimeoutSeconds"?',
  ],
  [
    'express-openid-connect',
    { session: { absoluteDuration: 1 } },
    '"absoluteDuration"',
    'Did you mean "absoluteTimeoutSeconds"?',
  ],
  [
    'express-openid-connect',
    { routes: { postLogoutRedirect: '/' } },
    'routes has no option "postLogoutRedirect"',
    'Did you mean "afterLogout"?',
  ],
  ['express-session', { store: {} }, 'connectAuth() has no option "store"', 'Redis is given by redis.'],
  ['express-session', { cookie: { maxAge: 1 } }, '"cookie"', 'cookieName, cookiePath, persistent'],
  ['express-session', { resave: false }, '"resave"', 'Nothing is to be set'],
  [
    'express-session',
    { session: { cookie: {} } },
    'session has no option "cookie"',
    'Use cookieName, cookiePath and persistent',
  ],
  ['express-session', { session: { store: {} } }, 'session has no option "store"', 'connectAuth({ redis })'],
  ['express-session', { session: { name: 'sid' } }, '"name"', 'Did you mean "cookieName"?'],
  [
    'passport',
    { callbackURL: '/cb' },
    '"callbackURL"',
    'the redirect URI follows from baseUrl and routes.callback',
  ],
  ['passport', { scope: ['openid'] }, '"scope"', 'providers.oidc({ scope })'],
  ['passport', { tokenURL: 'x' }, '"tokenURL"', 'metadata'],
  ['Auth.js', { adapter: {} }, '"adapter"', 'redis'],
  ['Auth.js', { callbacks: {} }, '"callbacks"', 'Use mapUser, onLogin and onLogout.'],
  ['Auth.js', { trustHost: true }, '"trustHost"', 'baseUrl'],
  ['Auth.js', { session: { strategy: 'jwt' } }, '"strategy"', 'redis'],
  ['Auth.js', { session: { maxAge: 1 } }, '"maxAge"', 'absoluteTimeoutSeconds'],
  ['keycloak-connect', { realm: 'x' }, '"realm"', 'providers.oidc({ issuer })'],
  ['keycloak-connect', { 'auth-server-url': 'x' }, '"auth-server-url"', 'providers.oidc({ issuer })'],
  ['keycloak-connect', { resource: 'x' }, '"resource"', 'providers.oidc({ clientId })'],
  ['keycloak-connect', { 'bearer-only': true }, '"bearer-only"', 'requireAuth'],
];

habits.push(
  ['express-openid-connect', { tokenEndpointParams: {} }, '"tokenEndpointParams"', 'providers.oidc('],
  [
    'express-openid-connect',
    { pushedAuthorizationRequests: true },
    '"pushedAuthorizationRequests"',
    'provider',
  ],
  [
    'express-openid-connect',
    { session: { signSessionStoreCookie: true } },
    '"signSessionStoreCookie"',
    'signed',
  ],
  ['passport', { sessionKey: 'x' }, '"sessionKey"', 'session.cookieName'],
  ['passport', { pkce: true }, '"pkce"', 'state, nonce and PKCE are always used'],
  ['Auth.js', { basePath: '/auth' }, '"basePath"', 'The path of baseUrl'],
  ['Auth.js', { redirectProxyUrl: 'x' }, '"redirectProxyUrl"', 'baseUrl: ['],
  ['Auth.js', { debug: true }, '"debug"', 'onError'],
  ['keycloak-connect', { 'verify-token-audience': true }, '"verify-token-audience"', 'always'],
  ['keycloak-connect', { 'enable-cors': true }, '"enable-cors"', 'Use corsOrigins'],
  ['keycloak-connect', { idpHint: 'x' }, '"idpHint"', 'kc_idp_hint'],
);

describe('an option of another library', () => {
  it.each(habits)('is told what to write instead (%s: %j, F-123)', (_library, given, name, remedy) => {
    const told = construct(given);
    expect(told).toContain(name);
    expect(told).toContain(remedy);
    // One sentence of what is wrong, one of the remedy, and no guess beside them.
    expect(String(told).split('\n')).toHaveLength(1);
  });

  it('is told together with all the others, in the objects inside as well (F-123)', () => {
    const told = construct({
      ...{ issuerBaseURL: 'x', clientID: 'x', authRequired: false, idpLogout: true, secrets: [] },
      ...{ session: { rolling: true, cookie: {} }, routes: { postLogoutRedirect: '/', callbck: '/x' } },
    });
    expect(
      String(told)
        .split('\n')
        .map((line) => /"(\w+)"/.exec(line)?.[1])
        .sort(),
    ).toEqual(
      [
        ...['issuerBaseURL', 'clientID', 'authRequired', 'idpLogout', 'secrets'],
        ...['rolling', 'cookie', 'postLogoutRedirect', 'callbck'],
      ].sort(),
    );
  });

  it('is told together with values that are none, each by a sentence; not with what it would be if it were known (F-123)', () => {
    const told = construct({
      ...{ baseUrl: undefined, baseURL: 'https://app.example.com', secret: 'short', storeTimeoutMs: 0 },
      ...{ session: { maxAge: 5, persistent: 'yes' }, routes: { home: 'x' } },
    });
    expect(String(told).split('\n')).toEqual([
      'connectAuth() has no option "baseURL". Did you mean "baseUrl"?',
      expect.stringMatching(/^connectAuth\(\): secret must have at least 32 characters; one has 5\./),
      'connectAuth(): routes.home must be a path such as "/login"; it is a string of 1 characters.',
      expect.stringContaining('session has no option "maxAge". Use absoluteTimeoutSeconds'),
      'connectAuth(): session.persistent must be true or false; it is a string of 3 characters.',
      'connectAuth(): storeTimeoutMs must be a number from 1 to 60000; it is 0.',
    ]);
  });

  it('of a provider is known by its preset (F-123)', () => {
    const make = () =>
      providers.oidc({
        issuerBaseURL: 'x',
        client_id: 'x',
        callbackURL: '/',
        quirks: { usePKCE: false },
      } as never);
    expect(make).toThrow('"issuerBaseURL". Did you mean "issuer"?');
    expect(make).toThrow('"client_id". Did you mean "clientId"?');
    expect(() => providers.telenor({ clientId: 'a', audience: 'x' } as never)).toThrow(
      '"audience". Use authorizationParams: { audience }.',
    );
    expect(make).toThrow('"callbackURL". The redirect URI follows from baseUrl and routes.callback');
    expect(make).toThrow('providers.oidc(): quirks has no option "usePKCE". Did you mean "pkce"?');
    expect(() => requireAuth({ max_age: 5 } as never)).toThrow('"max_age". Did you mean "maxAgeSeconds"?');
  });

  it.each([
    ['logotu', 'logout'],
    ['calback', 'callback'],
    ['backchannellogout', 'backchannelLogout'],
    ['signed', 'signedOut'],
  ])('or a slip of the pen: %s is %s (F-123)', (slip, meant) => {
    expect(construct({ routes: { [slip]: '/x' } })).toContain(`Did you mean "${meant}"?`);
  });

  it.each([
    'idp',
    'log',
    'store2',
    'user',
    'onLog',
    'subscribe',
    'consistent',
    'toString',
    'constructor',
    '__proto__x',
  ])('is not guessed at when nothing is near: %s (F-123)', (name) => {
    expect(construct({ session: { [name]: 1 } })).toMatch(
      new RegExp(`^connectAuth\\(\\): session has no option "${name}"\\. It has: cookieName, cookiePath, `),
    );
  });
});

describe('redis', () => {
  it.each<[object, string]>([
    [{ hots: 'redis.internal' }, '"hots". Did you mean "host"?'],
    [{ Host: 'redis.internal' }, '"Host". Did you mean "host"?'],
    [{ prot: 6379 }, '"prot". Did you mean "port"?'],
    [{ host: 'a', pasword: 'x' }, '"pasword". Did you mean "password"?'],
    [{ host: 'a', user: 'x' }, '"user". Did you mean "username"?'],
    [{ host: 'a', usrname: 'x' }, '"usrname". Did you mean "username"?'],
    [{ host: 'a', database: 1 }, '"database". Did you mean "db"?'],
    [{ host: 'a', ssl: true }, '"ssl". Did you mean "tls"?'],
    [{ pth: '/run/redis.sock' }, '"pth". Did you mean "path"?'],
    [{ sentinals: [] }, '"sentinals". Did you mean "sentinels"?'],
    [{ url: 'redis://redis.internal' }, '"url". Give the URL itself: redis: "redis://…".'],
    [{ socket: { host: 'a' } }, '"socket". What is inside belongs one level up: redis: { host, port, tls }.'],
    [{ rootNodes: [] }, '"rootNodes". For a cluster give a client'],
  ])('refuses %j, which ioredis would take for localhost (F-123)', (redis, message) => {
    expect(construct({ redis })).toContain(`connectAuth(): redis has no option ${message}`);
  });

  it('tells all of them at once (F-123)', () => {
    const told = construct({ redis: { hots: 'a', prot: 1, url: 'x' } });
    expect(String(told).split('\n')).toHaveLength(3);
  });

  it('takes every option of ioredis, and what may come in later ones (F-123)', async () => {
    const options = {
      ...{ host: '127.0.0.1', port: 1, family: 4, db: 1, username: 'a', password: 'b', lazyConnect: true },
      ...{
        connectTimeout: 5,
        disconnectTimeout: 5,
        commandTimeout: 5,
        socketTimeout: 5,
        name: 'a',
        role: 'master',
      },
      ...{ retryStrategy: null, maxRetriesPerRequest: 1, somethingOfNextYear: true },
    };
    const auth = construct({ redis: options });
    expect(auth).toBeInstanceOf(Function);
    await (auth as unknown as { close(): Promise<void> }).close();
    const client = new Redis({ lazyConnect: true });
    expect(construct({ redis: client })).toBeInstanceOf(Function);
    client.disconnect();
  });
});
