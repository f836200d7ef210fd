import { afterEach, describe, expect, it, jest } from '@jest/globals';
import express, { type Express } from 'express';
import {
  type ConnectAuth,
  type ConnectAuthOptions,
  connectAuth,
  providers,
  requireAuth,
} from 'express-connect-auth';
import { setUpBed } from '../support/bed.ts';
import { type BrowserClient, createBrowser } from '../support/browser-client.ts';
import { type ListeningServer, serve } from '../support/listen.ts';

// A cookie path of one's own is warned of: that is shown in options/cookie-name.test.ts.
jest.spyOn(process, 'emitWarning').mockReturnValue();

const bed = setUpBed();
const servers: ListeningServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

type Make = (basePath?: string, options?: Partial<ConnectAuthOptions>) => Promise<ConnectAuth>;

/** Serves an application that puts itself together. `make` gives it a middleware for one base path. */
async function assemble(build: (app: Express, make: Make) => Promise<void>): Promise<BrowserClient> {
  const server = await serve(async (origin) => {
    const app = express();
    await build(app, async (basePath = '', options = {}) => {
      const clientId = `app${basePath.replaceAll('/', '-')}`;
      const registration = await bed.op.registerApp(origin + basePath, { client_id: clientId });
      return connectAuth({
        baseUrl: origin + basePath,
        secret: 'a secret of the tests, long enough to be one',
        redis: 'memory',
        provider: providers.oidc(registration),
        ...options,
        session: { cookieName: 'session', ...options.session },
      });
    });
    return app;
  }, 'localhost');
  servers.push(server);
  return createBrowser(server.origin);
}

/** Logs in from a guarded page, and returns where the browser is sent then. */
async function logIn(browser: BrowserClient, path: string, as = 'ada'): Promise<string | null> {
  const redirect = await browser.get(path);
  const answer = await browser.deliver(await bed.op.signIn(redirect.headers.get('location')!, { as }));
  return answer.headers.get('location');
}

const sendUser = [
  requireAuth,
  (req: express.Request, res: express.Response) => {
    res.json(req.user?.sub);
  },
];
const text = async (answer: Response) => [answer.status, await answer.text()];

describe('connectAuth()', () => {
  it('works below a path that is that of baseUrl (F-34)', async () => {
    const browser = await assemble(async (app, make) => {
      app.use('/shop', await make('/shop', { session: { cookiePath: '/shop' } }));
      app.get('/shop/me', ...sendUser);
      app.get('/shop/cart', (req, res) => {
        Object.assign(req.session, req.query);
        const { cookie: _, ...data } = req.session;
        res.json(data);
      });
    });
    expect(await logIn(browser, '/shop/me?tab=1')).toBe('/shop/me?tab=1');
    expect(await (await browser.get('/shop/me')).json()).toBe('ada');
    await browser.get('/shop/cart?a=1');
    expect(await (await browser.get('/shop/cart')).json()).toEqual({ a: '1' });
    expect(browser.jar.get('session')?.path).toBe('/shop');
    const out = await browser.post('/shop/logout');
    expect(new URL(out.headers.get('location')!).searchParams.get('post_logout_redirect_uri')).toMatch(
      /\/shop\/$/,
    );
    expect((await browser.get('/shop/me')).status).toBe(302);
  });

  it('works in a router, and behind a proxy that hides the path of baseUrl (F-34)', async () => {
    const inRouter = await assemble(async (app, make) => {
      const router = express.Router();
      router.use(await make('/shop'));
      router.get('/me', ...sendUser);
      app.use('/shop', router);
    });
    expect(await logIn(inRouter, '/shop/me')).toBe('/shop/me');
    expect(await (await inRouter.get('/shop/me')).json()).toBe('ada');

    const browser = await assemble(async (app, make) => {
      // What such a proxy does.
      app.use((req, _res, next) => {
        req.url = req.originalUrl = req.url.replace(/^\/shop/, '');
        next();
      });
      app.use(await make('/shop', { session: { cookiePath: '/shop' } }));
      app.get('/me', ...sendUser);
      app.get('/count', (req, res) => {
        const own = req.session as unknown as { count?: number };
        own.count = (own.count ?? 0) + 1;
        res.json(own.count);
      });
    });
    expect(await logIn(browser, '/shop/me')).toBe('/shop/me');
    expect(await (await browser.get('/shop/me')).json()).toBe('ada');
    expect(await (await browser.get('/shop/count')).json()).toBe(1);
    expect(await (await browser.get('/shop/count')).json()).toBe(2);
  });

  it('may be there twice, for two parts of an application that know nothing of each other (F-34)', async () => {
    const browser = await assemble(async (app, make) => {
      for (const path of ['/shop', '/staff']) {
        app.use(path, await make(path, { session: { cookiePath: path } }));
        app.get(`${path}/me`, ...sendUser);
      }
    });
    await logIn(browser, '/shop/me', 'ada');
    expect((await browser.get('/staff/me')).status).toBe(302);
    await logIn(browser, '/staff/me', 'grace');
    expect(await (await browser.get('/shop/me')).json()).toBe('ada');
    expect(await (await browser.get('/staff/me')).json()).toBe('grace');
    await browser.post('/shop/logout');
    expect(await (await browser.get('/staff/me')).json()).toBe('grace');
  });

  it('may be mounted twice by mistake, and works (F-34)', async () => {
    const browser = await assemble(async (app, make) => {
      const auth = await make();
      app.use(auth);
      app.use('/me', auth);
      app.use(auth);
      app.get('/me', ...sendUser);
    });
    await logIn(browser, '/me');
    expect(await (await browser.get('/me')).json()).toBe('ada');
  });

  it.each<[string, string, (app: Express, make: Make) => Promise<void>]>([
    [
      'two of them for one request',
      'Two connectAuth() handle one request.',
      async (app, make) => void app.use(await make(), await make()),
    ],
    [
      'a mount at another path than that of baseUrl',
      'connectAuth is mounted at /me, but baseUrl has the path &quot;/&quot;. They must be the same.',
      async (app, make) => void app.use('/me', await make()),
    ],
    [
      'its call missing',
      'connectAuth is missing its call: app.use(connectAuth({ … })).',
      async (app) => void app.use(connectAuth as never),
    ],
    [
      'requireAuth before it',
      'requireAuth needs app.use(connectAuth({ … })) before this route.',
      async (app, make) => void app.use(requireAuth, await make()),
    ],
    [
      'requireAuth without it',
      'requireAuth needs app.use(connectAuth({ … })) before this route.',
      async (app) => void app.use(requireAuth({ maxAgeSeconds: 60 })),
    ],
  ])('says what is wrong with %s (F-34, F-124)', async (_fault, message, build) => {
    const browser = await assemble(async (app, make) => {
      await build(app, make);
      app.get('/me', ...sendUser);
    });
    const answer = await browser.get('/me');
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain(message);
  });

  it('leaves errors of handlers behind it to Express, also those of async ones (F-124)', async () => {
    const browser = await assemble(async (app, make) => {
      app.use(await make());
      app.get('/throws', () => {
        throw Object.assign(new Error('thrown'), { status: 418 });
      });
      app.get('/rejects', async (req) => {
        Object.assign(req.session, { a: 1 });
        throw Object.assign(new Error('rejected'), { status: 419 });
      });
      app.use(((error, _req, res, _next) => {
        res.status(error.status ?? 500).send(error.message);
      }) as express.ErrorRequestHandler);
    });
    expect(await text(await browser.get('/throws'))).toEqual([418, 'thrown']);
    expect(await text(await browser.get('/rejects'))).toEqual([419, 'rejected']);
    expect((await browser.get('/nowhere')).status).toBe(404);
  });
});

it.each([
  {},
  { path: '/' },
  { baseUrl: '' },
])('connectAuth() says that it needs requests of Express where one has %j alone of theirs', async (part) => {
  const { auth } = await bed.start();
  const req = { ...part, headers: {}, url: '/', method: 'GET' };
  const told = await new Promise<Error>((resolve) => void Reflect.apply(auth, undefined, [req, {}, resolve]));
  expect([told.name, told.message]).toEqual(['ConfigurationError', expect.stringContaining('Express')]);
});

describe('requireAuth', () => {
  it('guards a route, a router and a path, with and without rules, and keeps the types of parameters', async () => {
    const browser = await assemble(async (app, make) => {
      app.use(await make());
      app.get('/plain/:id', requireAuth, (req, res) => {
        const id: string = req.params.id;
        res.json(id);
      });
      app.get('/called/:id', requireAuth(), (req, res) => {
        const id: string = req.params.id;
        res.json(id);
      });
      app.get('/ruled/:id', requireAuth({ maxAgeSeconds: 60 }), (req, res) => {
        const id: string = req.params.id;
        res.json(id);
      });
      app.use('/path', requireAuth, (_req, res) => void res.json('path'));
      const router = express.Router();
      router.use(requireAuth);
      router.get('/x', (_req, res) => void res.json('router'));
      app.use('/router', router);
    });
    const paths = {
      '/plain/1': '1',
      '/called/2': '2',
      '/path/x': 'path',
      '/router/x': 'router',
      '/ruled/3': '3',
    };
    for (const path of Object.keys(paths))
      expect([path, (await browser.get(path)).status]).toEqual([path, 302]);
    expect(await logIn(browser, '/ruled/3')).toBe('/ruled/3');
    for (const [path, body] of Object.entries(paths)) {
      expect([path, await (await browser.get(path)).json()]).toEqual([path, body]);
    }
  });
});
