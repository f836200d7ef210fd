import { describe, expect, it, jest } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { ConfigurationError, connectAuth, providers, requireAuth } from 'express-connect-auth';
import { setUpBed } from '../support/bed.ts';
import { createBrowser } from '../support/browser-client.ts';
import { construct, goodOptions, type OptionChanges } from '../support/construct.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import { beginLogin } from '../support/login-outcome.ts';

/*
 * What people write by mistake, and that they are told which option or call it is, and what to do instead. Others are
 * shown elsewhere: foreign options and members in options/, faults of Redis in store/redis-fault-names.test.ts, faults
 * of providers in provider/, what the application's own code throws in login/hooks.test.ts, guards in http/.
 *
 * Nothing can be said of two: a catch-all before connectAuth answers every request, so that none comes to us; and a
 * route before it sees no `req.user`, which is what it sees when nobody is logged in.
 */

jest.spyOn(process, 'emitWarning').mockReturnValue();
const bed = setUpBed();

const oidc = (changes: object) => () =>
  providers.oidc({ issuer: 'https://id.example.com', clientId: 'app', ...changes });

/** Of options: what is written, and what the message must name and advise. */
const options: [mistake: string, given: OptionChanges, names: string, advises: string][] = [
  ['idpLogout of another library', { idpLogout: true }, '"idpLogout"', 'A logout always ends the session'],
  [
    'session.cookie',
    { session: { cookie: {} } },
    'session has no option "cookie"',
    'Use cookieName, cookiePath',
  ],
  ['store', { store: {} }, '"store"', 'Redis is given by redis.'],
  ['audience at the top', { audience: 'api' }, '"audience"', 'authorizationParams: { audience }'],
  ['a typo in redis', { redis: { hots: 'a' } }, 'redis has no option "hots"', 'Did you mean "host"?'],
  [
    'the callback at the root',
    { routes: { callback: '/' } },
    'callback and home are "/"',
    'a path of its own',
  ],
  [
    'plain http for a host of the network',
    { baseUrl: 'http://app.internal' },
    'baseUrl',
    'must begin with https://',
  ],
  ['no secret', { secret: undefined }, 'secret is missing', 'openssl rand -base64 48'],
  ['no provider', { provider: undefined }, 'provider', 'needs either provider or providers'],
  ['a worker without a name', { routes: { callback: false } }, 'application must be given', 'their baseUrl'],
];

describe('a mistake in the options', () => {
  it.each(options)('is named with its remedy: %s (F-123)', (_mistake, given, names, advises) => {
    const told = construct(given);
    expect(told).toContain(names);
    expect(told).toContain(advises);
  });

  it('is told with all the others of a block of another library, once (F-123)', () => {
    const told = String(
      construct({
        ...{ baseUrl: undefined, secret: undefined, provider: undefined, redis: undefined },
        ...{ authRequired: false, auth0Logout: true, baseURL: 'https://app.example.com' },
        ...{ clientID: 'app', issuerBaseURL: 'https://id.example.com', secret: 'short' },
        ...{
          session: { rolling: true, cookie: { sameSite: 'Lax' } },
          authorizationParams: { scope: 'openid' },
        },
      }),
    ).split('\n');
    expect(told).toHaveLength(9);
    for (const sentence of told) expect(sentence).toMatch(/^connectAuth\(\).*(\. \S|must have)/);
  });

  it.each<[string, () => unknown, string]>([
    [
      'scopes with commas',
      oidc({ scope: 'openid,profile' }),
      'scope must hold "openid"; without it there is no ID token. Scopes are separated by spaces.',
    ],
    [
      'a provider without its preset',
      () => connectAuth({ ...goodOptions, provider: {} as never }),
      'provider must be made by one of the presets: providers.oidc(',
    ],
    [
      'connectAuth without its call',
      () => (connectAuth as unknown as (req: unknown) => void)(undefined),
      'connectAuth() must be an object',
    ],
  ])('is named with its remedy: %s (F-123)', (_mistake, make, message) => {
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});

/** Serves an application that is put together by mistake, and returns what one request is answered with. */
async function ask(path: string, build: (app: Express, origin: string) => void): Promise<string> {
  let server: ListeningServer | undefined;
  try {
    server = await serve((origin) => {
      const app = express();
      build(app, origin);
      app.use(((error, _req, res, _next) => void res.status(500).send(error.message)) as ErrorRequestHandler);
      return app;
    }, 'localhost');
    return await (await createBrowser(server.origin).get(path)).text();
  } finally {
    await server?.close();
  }
}

describe('a mistake in the assembly', () => {
  it.each<[string, string, (app: Express, origin: string) => void, string]>([
    [
      'a base path that nobody takes off',
      '/shop/login',
      (app, origin) => void app.use(connectAuth({ ...goodOptions, baseUrl: `${origin}/shop` })),
      'baseUrl has the path "/shop", and a request came with it: mount it there, app.use("/shop", connectAuth({ … }))',
    ],
    [
      'a mount at another path',
      '/me',
      (app, origin) => void app.use('/me', connectAuth({ ...goodOptions, baseUrl: origin })),
      'connectAuth is mounted at /me, but baseUrl has the path "/". They must be the same.',
    ],
    [
      'two of them',
      '/',
      (app, origin) => {
        for (const redisPrefix of ['a:', 'b:'])
          app.use(connectAuth({ ...goodOptions, baseUrl: origin, redisPrefix }));
      },
      'Use one, with providers for several of them, or mount each at a path of its own.',
    ],
    [
      'routes in front of it',
      '/me',
      (app, origin) => {
        app.get('/me', requireAuth, (_req, res) => void res.end());
        app.use(connectAuth({ ...goodOptions, baseUrl: origin }));
      },
      'requireAuth needs app.use(connectAuth({ … })) before this route.',
    ],
    [
      'req.oidc of another library',
      '/me',
      (app, origin) => {
        app.use(connectAuth({ ...goodOptions, baseUrl: origin }));
        app.get(
          '/me',
          (req, res) => void res.json((req as unknown as { oidc: { user: unknown } }).oidc.user),
        );
      },
      'req.oidc is of express-openid-connect. Use req.user',
    ],
    [
      'req.isAuthenticated() of another library',
      '/me',
      (app, origin) => {
        app.use(connectAuth({ ...goodOptions, baseUrl: origin }));
        app.get(
          '/me',
          (req, res) => void res.json((req as unknown as { isAuthenticated(): boolean }).isAuthenticated()),
        );
      },
      'req.isAuthenticated() is of passport. Use req.auth.isAuthenticated',
    ],
  ])('is named with its remedy: %s (F-124)', async (_mistake, path, build, message) => {
    expect(await ask(path, build)).toContain(message);
  });
});

describe('a login that does not come back to where it began', () => {
  const SECRETS = [
    'one secret of the tests, long enough to be one',
    'another secret of theirs, long enough as well',
  ];

  it.each<[string, string, (secret: string) => { secret: string; keepsCookies: boolean }]>([
    [
      'another host name, or cookies that a proxy strips',
      'it was opened under another name, a proxy drops cookies',
      (secret) => ({ secret, keepsCookies: false }),
    ],
    [
      'instances with different secrets',
      'do all processes have the same secret, application and Redis?',
      () => ({ secret: SECRETS[1]!, keepsCookies: true }),
    ],
    [
      'processes with sessions in memory',
      'do all processes have the same secret, application and Redis?',
      (secret) => ({ secret, keepsCookies: true }),
    ],
  ])('tells the operator the likeliest cause: %s', async (_mistake, cause, choose) => {
    const one = await bed.start({ secret: SECRETS[0]! });
    const { secret, keepsCookies } = choose(SECRETS[0]!);
    const two = await bed.start({ secret, baseUrl: one.origin });
    const browser = one.browser();
    const callback = await bed.op.signIn((await beginLogin(browser)).href);
    const other = two.browser(keepsCookies ? browser.jar.clone() : undefined);
    await other.deliver({ method: 'GET', url: callback.url.replace(one.origin, two.origin) });
    expect(two.errors.map(({ error }) => error.message)).toEqual([expect.stringContaining(cause)]);
  });
});
