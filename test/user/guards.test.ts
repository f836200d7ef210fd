import { describe, expect, it } from '@jest/globals';
import { Router } from 'express';
import {
  AccessDeniedError,
  ApplicationError,
  type AuthRules,
  keycloakRoles,
  requireAuth,
} from 'express-connect-auth';
import type { TestAppOptions } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { createTestClock } from '../support/clock.ts';
import { expressVersions } from '../support/express-versions.ts';
import type { Claims } from '../support/scripted-keys.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { addTokenRoutes } from '../support/token-routes.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };

/** An application with one guarded route, and whether its handler has run. */
async function start(rules: AuthRules, options: Partial<TestAppOptions> = {}) {
  const ran: (string | undefined)[] = [];
  const app = await startApp({
    op,
    handlers: (server) => {
      server.all('/guarded', requireAuth(rules), (req, res) => {
        ran.push(req.user?.sub);
        res.json('in');
      });
    },
    ...options,
  });
  return { app, ran };
}

/** What somebody with these claims gets there. */
async function tryAs(claims: Claims, rules: AuthRules, options: Partial<TestAppOptions> = {}) {
  const { app, ran } = await start(rules, options);
  const browser = await logInWith(op, app, claims);
  const answer = await browser.get('/guarded', SCRIPT);
  expect(ran).toHaveLength(answer.status === 200 ? 1 : 0);
  return { app, browser, ran, status: answer.status, said: await answer.json() };
}

describe('a guard with roles', () => {
  const realm = { realm_access: { roles: ['editor', 'admin'] } };
  const client = { resource_access: { 'my.app': { roles: ['admin'] }, other: { roles: ['owner'] } } };

  it.each<[string, AuthRules['rolesFrom'], Claims]>([
    ['req.user, where nothing else is said', undefined, { roles: ['admin'] }],
    ['a claim by its name', 'https://example.com/roles', { 'https://example.com/roles': ['admin'] }],
    ['a claim that is one string', 'role', { role: 'admin' }],
    ['a path', 'realm_access.roles', realm],
    ['a path whose names have dots', ['resource_access', 'my.app', 'roles'], client],
    ['the realm of Keycloak', keycloakRoles(), realm],
    ['a client of Keycloak', keycloakRoles('my.app'), client],
    ['a function', ({ claims, provider }) => [`${provider}:${claims.level}`, 'admin'], { level: 7 }],
  ])('finds them in %s', async (_, rolesFrom, claims) => {
    expect((await tryAs(claims, { roles: 'admin', rolesFrom })).status).toBe(200);
    expect((await tryAs(claims, { roles: ['boss', 'admin'] }, { rolesFrom } as never)).status).toBe(200);
    expect(await tryAs(claims, { roles: ['owner', 'boss'], rolesFrom })).toMatchObject({
      status: 403,
      said: { error: 'access_denied', reference: expect.any(String), missing: { roles: ['owner', 'boss'] } },
    });
  });

  it.each<[string, AuthRules['rolesFrom'], Claims]>([
    ['none', undefined, {}],
    ['roles of another case', undefined, { roles: ['Admin'] }],
    ['a role that looks alike', undefined, { roles: ['аdmin'] }],
    ['a text that holds it', undefined, { roles: 'admin editor' }],
    ['an object with its name', undefined, { roles: { admin: true } }],
    ['a list in a list', undefined, { roles: [['admin']] }],
    ['a path that ends too soon', 'realm_access.roles', { realm_access: 'admin' }],
    ['what is inherited', 'constructor.name', {}],
    ['roles of another client', keycloakRoles('mine'), client],
    ['a function that returns nothing', () => undefined, { roles: ['admin'] }],
  ])('is closed for %s (F-110)', async (_, rolesFrom, claims) => {
    expect((await tryAs(claims, { roles: 'admin', rolesFrom })).status).toBe(403);
  });

  it('reads what mapUser made of the person, of each person', async () => {
    const { app } = await start(
      { roles: 'admin' },
      {
        mapUser: ({ sub }) => ({ sub, roles: sub === 'ada' ? ['admin'] : [] }) as Express.User,
      },
    );
    const statusOf = async (as: string) =>
      (await (await logInWith(op, app, { as })).get('/guarded', SCRIPT)).status;
    expect([await statusOf('ada'), await statusOf('eve')]).toEqual([200, 403]);
  });
});

describe('a guard with claims, methods and scopes', () => {
  it.each<[AuthRules, Claims, Claims]>([
    [{ claims: { email_verified: true } }, { email_verified: true }, { email_verified: 'false' }],
    [{ claims: { staff: true } }, { staff: true }, { staff: 'true' }],
    [{ claims: { level: 2 } }, { level: 2 }, { level: '2' }],
    [{ claims: { groups: 'staff' } }, { groups: ['x', 'staff'] }, { groups: ['staffer'] }],
    [{ claims: { team: ['red', 'blue'] } }, { team: 'blue' }, { team: 'green' }],
    [{ claims: { 'org.name': 'ours' } }, { org: { name: 'ours' } }, { org: { name: 'theirs' } }],
    [{ claims: { age: (age) => Number(age) >= 18 } }, { age: 18 }, { age: 17 }],
    [{ claims: { age: (age, { sub }) => age !== undefined && sub === 'ada' } }, { age: 1 }, {}],
    [{ amr: 'otp' }, { amr: ['pwd', 'otp'] }, { amr: ['pwd'] }],
    [{ amr: ['pwd', 'otp'] }, { amr: ['otp', 'pwd'] }, {}],
  ])('with %j lets pass %j and not %j (F-110)', async (rules, good, bad) => {
    expect((await tryAs(good, rules)).status).toBe(200);
    const refused = await tryAs(bad, rules);
    expect(refused.status).toBe(403);
    const names = Object.keys(rules.claims ?? {});
    expect(refused.said.missing).toEqual(
      names.length > 0 ? { claims: names } : { amr: refused.said.missing.amr },
    );
  });

  it('asks for all of its rules, and says all that is missing', async () => {
    const rules: AuthRules = {
      ...{ roles: ['admin', 'boss'], scopes: 'orders.read email', claims: { team: 'red' }, amr: 'otp' },
    };
    const { status, said, app, browser } = await tryAs({ roles: ['admin'], amr: ['otp'] }, rules);
    const missing = { scopes: ['orders.read'], claims: ['team'] };
    expect([status, said]).toEqual([403, { error: 'access_denied', reference: expect.any(String), missing }]);
    const [{ error, during }] = app.errors as [(typeof app.errors)[number]];
    expect([error instanceof AccessDeniedError, during]).toEqual([true, 'guard']);
    expect(error).toMatchObject({ code: 'access_denied', status: 403, missing });
    const page = await browser.get('/guarded');
    expect([page.status, page.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain(
      'Your account does not have what is needed here. Missing: the permission orders.read; team in your account.',
    );
  });

  it('counts the scopes that were granted, not those that were asked for', async () => {
    const { app } = await start({ scopes: ['openid', 'email'] });
    const grant = async (scope: string | undefined) => {
      op.script({ token: (answer) => ({ ...answer, scope }) });
      const browser = app.browser();
      await app.logIn(browser);
      op.script();
      return (await browser.get('/guarded', SCRIPT)).status;
    };
    // Without a scope in the answer all was granted (RFC 6749, section 5.1); an empty one grants nothing.
    expect([await grant(undefined), await grant('openid email'), await grant('openid')]).toEqual([
      200, 200, 403,
    ]);
    expect(await grant('')).toBe(403);
  });
});

describe('the scopes of a session', () => {
  it('shrink when a refresh brings fewer', async () => {
    const clock = createTestClock();
    const app = await startApp({
      ...{ op, now: clock.now },
      handlers: (server) => {
        addTokenRoutes(server);
        server.get('/guarded', requireAuth({ scopes: 'email' }), (_req, res) => void res.json('in'));
      },
    });
    const browser = await logInWith(op, app);
    expect((await browser.get('/guarded', SCRIPT)).status).toBe(200);
    clock.advance(3_600_000);
    op.script({ refresh: ({ id_token: _, ...answer }) => ({ ...answer, scope: 'openid profile' }) });
    expect((await browser.get('/token')).status).toBe(200);
    expect((await browser.get('/guarded', SCRIPT)).status).toBe(403);
  });
});

describe('a guard that asks the application', () => {
  it('lets pass on true alone, of who keeps all other rules', async () => {
    const asked: string[] = [];
    const allow: AuthRules['allow'] = async ({ user, query }) => {
      asked.push(user!.sub);
      return query.ok === '1';
    };
    const { app, ran } = await start({ roles: 'admin', allow });
    const admin = await logInWith(op, app, { roles: ['admin'] });
    const other = await logInWith(op, app, { as: 'eve' });
    const refused = await admin.get('/guarded', SCRIPT);
    expect(await refused.json()).toEqual({
      error: 'access_denied',
      reference: expect.any(String),
      missing: { allow: true },
    });
    expect((await admin.get('/guarded?ok=1', SCRIPT)).status).toBe(200);
    expect((await other.get('/guarded?ok=1', SCRIPT)).status).toBe(403);
    expect((await app.browser().get('/guarded?ok=1', SCRIPT)).status).toBe(401);
    expect([asked, ran]).toEqual([['ada', 'ada'], ['ada']]);
  });

  const bug = new Error('the database is away');
  it.each<[string, AuthRules, string]>([
    ['allow that throws', { allow: () => raise(bug) }, 'allow of requireAuth()'],
    ['allow that rejects', { allow: () => Promise.reject(bug) }, 'allow of requireAuth()'],
    ['rolesFrom that throws', { roles: 'a', rolesFrom: () => raise(bug) }, 'rolesFrom of requireAuth()'],
    ['a claim that throws', { claims: { a: () => raise(bug) } }, 'claims.a of requireAuth()'],
  ])('is closed by an %s: the fault is the application’s', async (_, rules, hook) => {
    const { status, app, said } = await tryAs({}, rules);
    expect([status, said]).toEqual([500, { error: 'unexpected', reference: expect.any(String) }]);
    expect(app.errors[0]?.error).toBeInstanceOf(ApplicationError);
    expect(app.errors[0]?.error).toMatchObject({ hook, cause: bug });
  });

  it.each<[string, AuthRules, RegExp]>([
    ['nothing', { allow: () => undefined as never }, /allow must return true or false.*undefined/],
    ['what only counts as true', { allow: () => 1 as never }, /allow must return true or false.*number/],
    ['null', { allow: async () => null as never }, /it returned null/],
    ['a promise of a claim', { claims: { a: (async () => true) as never } }, /claims\.a must answer at once/],
    [
      'a promise that rejects',
      { roles: 'a', rolesFrom: (async () => raise(bug)) as never },
      /rolesFrom must answer at once; it returned a promise\. What takes time goes into allow/,
    ],
  ])('is closed by an answer that is %s, and says what is wrong', async (_, rules, message) => {
    const { status, app } = await tryAs({ a: 1 }, rules);
    expect(status).toBe(500);
    expect(app.errors[0]?.error.message).toMatch(message);
  });

  it('asks anew whoever logged out meanwhile', async () => {
    const { app, ran } = await start({
      allow: async ({ session }) => {
        await new Promise((resolve) => session.destroy(resolve));
        return true;
      },
    });
    const browser = await logInWith(op, app);
    expect([(await browser.get('/guarded', SCRIPT)).status, ran]).toEqual([401, []]);
  });
});

describe('the answer to nobody', () => {
  const ask = async (anonymous: AuthRules['anonymous'], options: Partial<TestAppOptions> = {}) => {
    const { app, ran } = await start({ anonymous, roles: 'admin' }, options);
    const page = await app.browser().get('/guarded?tab=2');
    const script = await app.browser().get('/guarded', SCRIPT);
    const form = await app.browser().post('/guarded', {});
    return { app, ran, page, statuses: [page.status, script.status, form.status] };
  };

  it('is the login, unless something else is said', async () => {
    for (const anonymous of ['login', undefined] as const)
      expect(await ask(anonymous)).toMatchObject({ statuses: [302, 401, 401], ran: [] });
  });

  it('is 401 for everybody by "unauthorized": a page leads to the login and back', async () => {
    const { app, page, statuses, ran } = await ask('unauthorized');
    expect([statuses, ran]).toEqual([[401, 401, 401], []]);
    const words = await page.text();
    expect(words).toContain('<h1>Please sign in</h1>');
    expect(words).toContain('<a href="/login?returnTo=%2Fguarded%3Ftab%3D2">Sign in</a>');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(app.errors.map(({ error, during }) => [error.code, during])).toEqual([
      ['login_required', 'guard'],
    ]);
  });

  it('by "unauthorized" can be the application’s own page', async () => {
    const { page } = await ask('unauthorized', {
      onError: ({ res }) => void res?.status(401).send('our own'),
    });
    expect([page.status, await page.text()]).toEqual([401, 'our own']);
  });

  it('is the handler by "pass", which sees nobody; somebody is judged as ever', async () => {
    const { app, ran, statuses } = await ask('pass');
    expect([statuses, ran]).toEqual([
      [200, 200, 200],
      [undefined, undefined, undefined],
    ]);
    const statusOf = async (claims: Claims) =>
      (await (await logInWith(op, app, claims)).get('/guarded', SCRIPT)).status;
    expect([await statusOf({}), await statusOf({ roles: ['admin'] })]).toEqual([403, 200]);
  });

  it('by "pass" is no way past the checks of origin', async () => {
    const { app } = await start({ anonymous: 'pass' });
    const foreign = { ...SCRIPT, 'sec-fetch-site': 'cross-site' };
    const answer = await app.browser().request('POST', '/guarded', { headers: foreign });
    expect(answer.status).toBe(403);
  });
});

describe.each(expressVersions)('a guard in %s', (_, createExpress) => {
  const statuses = async (browser: BrowserClient, ...paths: string[]) =>
    Promise.all(paths.map(async (path) => (await browser.get(path, SCRIPT)).status));

  it('stands before a whole router, whose guards add to it', async () => {
    const app = await startApp({
      ...{ op, createExpress },
      handlers: (server) => {
        const router = Router();
        router.get('/', (req, res) => void res.json(req.user));
        router.get('/keys', requireAuth({ roles: 'owner' }), (_req, res) => void res.json('keys'));
        server.use('/admin', requireAuth({ roles: 'admin' }), router);
      },
    });
    const paths = ['/admin', '/admin/', '/ADMIN/keys', '/admin/keys', '/admin/nowhere'];
    const admin = await logInWith(op, app, { roles: ['admin'] });
    const owner = await logInWith(op, app, { roles: ['admin', 'owner'] });
    const stranger = await logInWith(op, app, { roles: ['owner'] });
    expect(await statuses(admin, ...paths)).toEqual([200, 200, 403, 403, 404]);
    expect(await statuses(owner, ...paths)).toEqual([200, 200, 200, 200, 404]);
    expect(await statuses(stranger, ...paths)).toEqual([403, 403, 403, 403, 403]);
    const browser = app.browser();
    const answer = await app.logIn(browser, { path: '/admin/keys?a=1' });
    expect(answer.headers.get('location')).toBe('/admin/keys?a=1');
  });

  it('is what NestJS asks: canActivate() gets true, or the guard has answered', async () => {
    const check = requireAuth({ roles: 'admin' });
    const app = await startApp({
      ...{ op, createExpress },
      handlers: (server) => {
        server.use('/nest', (req, res, next) => {
          const canActivate = new Promise<boolean>((resolve, reject) => {
            check(req, res, (error?: unknown) => (error ? reject(error) : resolve(true)));
          });
          canActivate.then(() => res.json('in'), next);
        });
      },
    });
    const admin = await logInWith(op, app, { roles: ['admin'] });
    const other = await logInWith(op, app, {});
    expect([await statuses(admin, '/nest'), await statuses(other, '/nest')]).toEqual([[200], [403]]);
    expect(await statuses(app.browser(), '/nest')).toEqual([401]);
  });

  it('has passport beside it: what that makes of req.user is its own, and opens no guard', async () => {
    const app = await startApp({
      ...{ op, createExpress },
      handlers: (server) => {
        // What passport does to a request: it writes req.user, and hangs its methods on it.
        server.use('/partner', (req, _res, next) => {
          Object.assign(req, {
            user: { sub: 'partner' },
            isAuthenticated: () => true,
            logIn: () => undefined,
          });
          next();
        });
        server.get('/partner/open', (req, res) => void res.json(req.user?.sub));
        server.get(
          '/partner/closed',
          requireAuth({ roles: 'admin' }),
          (req, res) => void res.json(req.auth.claims),
        );
      },
    });
    expect(await (await app.browser().get('/partner/open', SCRIPT)).json()).toBe('partner');
    expect(await statuses(app.browser(), '/partner/closed')).toEqual([401]);
    const admin = await logInWith(op, app, { roles: ['admin'] });
    expect(await (await admin.get('/partner/closed', SCRIPT)).json()).toMatchObject({ sub: 'ada' });
  });
});

describe('rules that are wrong', () => {
  it('are refused where a variable that is not set would mean something else', () => {
    for (const client of [undefined, ''])
      expect(() => keycloakRoles(client)).toThrow(
        'keycloakRoles(): client must be a string that is not empty',
      );
  });

  it.each<[object | null | undefined, string]>([
    [{ role: 'a' }, 'requireAuth() has no option "role". Did you mean "roles"?'],
    [{ claimEquals: {} }, 'requireAuth() has no option "claimEquals". Did you mean "claims"?'],
    [{ requiredScopes: 'a' }, 'requireAuth() has no option "requiredScopes". Did you mean "scopes"?'],
    [{ maxAge: 300 }, 'requireAuth() has no option "maxAge". Did you mean "maxAgeSeconds"?'],
    [{ acr: 'gold' }, 'requireAuth() has no option "acr". Did you mean "acrValues"?'],
    [{ roles: [] }, 'requireAuth(): roles must be a string, or an array of some; it is an array.'],
    [{ roles: '' }, 'requireAuth(): roles must be a string that is not empty'],
    [{ roles: ['a', 1] }, 'requireAuth(): roles[1] must be a string'],
    [{ roles: undefined, rolesFrom: 7 }, 'requireAuth(): rolesFrom must be the name or path of a claim'],
    [{ scopes: 'a,b' }, 'requireAuth(): scopes must be scopes without white space, commas or quotes'],
    [{ scopes: ' ' }, 'requireAuth(): scopes must be a string, or an array of some'],
    [{ claims: {} }, 'requireAuth(): claims must be an object that names at least one claim'],
    [{ claims: { a: {} } }, 'requireAuth(): claims.a must be a string, number or boolean'],
    [{ claims: { a: undefined } }, 'requireAuth(): claims.a must be a string, number or boolean'],
    [{ claims: { a: [] } }, 'requireAuth(): claims.a must be a string, number or boolean'],
    [{ amr: true }, 'requireAuth(): amr must be a string, or an array of some'],
    [{ allow: true }, 'requireAuth(): allow must be a function; it is true.'],
    [{ anonymous: 'deny' }, 'requireAuth(): anonymous must be one of "login", "unauthorized", "pass"'],
    [null, 'requireAuth() must be given rules'],
    [undefined, 'requireAuth() must be given rules'],
    [{ bearer: true }, 'requireAuth(): bearer must be an object; it is true.'],
    [
      { bearer: {} },
      'requireAuth(): bearer.audience must be a string, or an array of some; it is undefined.',
    ],
    [{ bearer: { aud: 'x' } }, 'requireAuth(): bearer has no option "aud". Did you mean "audience"?'],
    [{ bearer: { audience: 'x', algorithms: 'HS256' } }, 'bearer.algorithms[0] must be one of "RS256"'],
    [{ bearer: { audience: 'x', algorithms: ['none'] } }, 'bearer.algorithms[0] must be one of "RS256"'],
    [{ bearer: { audience: 'x', introspection: true } }, 'must be one of "never", "opaque", "always"'],
  ])('are refused at start, with what to write: %j', (rules, message) => {
    expect(() => requireAuth(rules as never)).toThrow(message);
  });
});

function raise(error: Error): never {
  throw error;
}
