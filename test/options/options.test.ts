import { inspect } from 'node:util';
import { describe, expect, it, jest } from '@jest/globals';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import { resolveOptions } from '../../src/options/resolve-options.ts';
import { construct, goodOptions } from '../support/construct.ts';

// A cookie path of one's own is warned of: that is shown in cookie-name.test.ts.
jest.spyOn(process, 'emitWarning').mockReturnValue();

describe('connectAuth()', () => {
  it.each([
    ['a base path', { baseUrl: 'https://app.example.com/app/' }],
    ['http on loopback', { baseUrl: 'http://127.0.0.1:3000' }],
    ['http on a name under localhost', { baseUrl: 'http://app.localhost:3000' }],
    ['http on [::1]', { baseUrl: 'http://[::1]:3000' }],
    ['several secrets', { secret: [goodOptions.secret, goodOptions.secret.toUpperCase()] }],
    ['a life of 400 days', { session: { absoluteTimeoutSeconds: 400 * 86_400 } }],
    ['a short end without an idle time-out', { session: { absoluteTimeoutSeconds: 60 } }],
    ['a cookie name with its prefix', { session: { cookieName: '__Host-id' } }],
    [
      'a cookie path that holds the routes',
      { baseUrl: 'https://app.example.com/app', session: { cookiePath: '/app' } },
    ],
    [
      'a cookie path with a slash at its end',
      { baseUrl: 'https://app.example.com/app', session: { cookiePath: '/app/' } },
    ],
    [
      'a cookie path without the routes that are off',
      {
        session: { cookiePath: '/a' },
        routes: { login: false, callback: false, logout: '/a/out' },
        application: 'app',
      },
    ],
    ['an origin with a slash at its end', { trustedOrigins: ['https://a.example/'] }],
    ['an origin in another spelling', { corsOrigins: ['HTTPS://A.example:443'] }],
    [
      'form_post over http on loopback',
      {
        baseUrl: 'http://localhost:3000',
        provider: providers.oidc({
          issuer: 'https://id.example.com',
          clientId: 'app',
          responseMode: 'form_post',
        }),
      },
    ],
  ])('accepts %s (F-123)', (_what, changes) => {
    expect(construct(changes)).toBeInstanceOf(Function);
  });

  it('takes options from an object of a class, whose values are getters (F-123)', () => {
    class Settings {
      get baseUrl() {
        return goodOptions.baseUrl;
      }
      get secret() {
        return goodOptions.secret;
      }
    }
    const settings = Object.assign(new Settings(), {
      redis: 'memory',
      provider: goodOptions.provider,
    } as const);
    expect(connectAuth(settings)).toBeInstanceOf(Function);
  });

  it('refuses memory in production, unless it is written out', () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      expect(construct({ redis: undefined })).toMatch(
        /redis is missing: in production .* write redis: 'memory'/,
      );
      expect(construct({ redis: 'memory' })).toBeInstanceOf(Function);
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it('shows no secret, whoever prints what (F-122)', async () => {
    const redis = { host: '127.0.0.1', password: 'the-redis-password', lazyConnect: true };
    const options = { ...goodOptions, redis };
    const auth = connectAuth(options);
    const resolved = resolveOptions(options);
    const told = [auth, resolved, goodOptions.provider].flatMap((each) => [
      inspect(each, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify(each) ?? '',
      String(each),
    ]);
    for (const secret of [[options.secret, 'short'], { value: options.secret }]) {
      told.push(String(construct({ redis, secret })));
    }
    told.push(String(construct({ redis: 'postgres://me:the-redis-password@localhost' })));
    for (const text of told) {
      for (const secret of [options.secret, 'the-client-secret', 'the-redis-password']) {
        expect(text).not.toContain(secret);
      }
    }
    await auth.close();
  });
});

describe('requireAuth()', () => {
  it.each([
    [{ maxage: 5 }, 'requireAuth() has no option "maxage". Did you mean "maxAgeSeconds"?'],
    [{ maxAgeSeconds: 0 }, 'requireAuth(): maxAgeSeconds must be a number from 1 to 31536000; it is 0.'],
    [{ maxAgeSeconds: '5m' }, 'requireAuth(): maxAgeSeconds must be a number'],
    [{ acrValues: '' }, 'requireAuth(): acrValues must be a string that is not empty'],
    [{ acrValues: ['a', 1] }, 'requireAuth(): acrValues[1] must be a string'],
    [{ acrValues: [] }, 'requireAuth(): acrValues must be a string, or an array of some; it is an array.'],
    [{ acrValues: true }, 'requireAuth(): acrValues must be a string, or an array of some; it is true.'],
    [
      'admin',
      "requireAuth() must be given rules, such as { roles: 'admin' } or { maxAgeSeconds: 300 }; it is a string of 5 characters.",
    ],
  ])('refuses the rules %j (F-123)', (rules, message) => {
    expect(() => requireAuth(rules as never)).toThrow(message);
  });
});

describe('providers.oidc()', () => {
  const oidc = { issuer: 'https://id.example.com', clientId: 'app', clientSecret: 'the-client-secret' };
  it.each([
    [{ clientID: 'x' }, 'providers.oidc() has no option "clientID". Did you mean "clientId"?'],
    [{ issuer: 'http://id.example.com' }, 'providers.oidc(): issuer must begin with https://'],
    [{ issuer: 'https://id.example.com?x' }, 'providers.oidc(): issuer must have no query and no fragment.'],
    [
      { clientId: undefined },
      'providers.oidc(): clientId must be a string that is not empty; it is undefined.',
    ],
    [{ clientSecret: '' }, 'providers.oidc(): clientSecret must be a string that is not empty'],
    [{ clientSecret: undefined, clientAuthentication: 'client_secret_post' }, 'clientSecret is needed'],
    [{ clientAuthentication: 'basic' }, 'clientAuthentication must be one of "client_secret_basic"'],
    [{ scope: 'profile' }, 'providers.oidc(): scope must hold "openid"'],
    [{ scope: 'openid,profile' }, 'there is no ID token. Scopes are separated by spaces.'],
    [{ responseMode: 'fragment' }, 'responseMode must be one of "query", "form_post"'],
    [{ idTokenSigningAlgorithm: 'none' }, 'idTokenSigningAlgorithm must be one of'],
    [{ idTokenSigningAlgorithm: 'HS256', clientSecret: 'short' }, 'clientSecret must have at least 32 bytes'],
    [{ authorizationParams: { state: 'x' } }, 'authorizationParams must not set "state"; the login does.'],
    [{ metadata: {} }, 'metadata.authorization_endpoint must be a string'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a number from 1 to 60000; it is 0.'],
  ])('refuses %j (R-01, R-11, R-30, R-34, R-37, F-123)', (changes, message) => {
    expect(() => providers.oidc({ ...oidc, ...changes } as never)).toThrow(message);
  });
});
