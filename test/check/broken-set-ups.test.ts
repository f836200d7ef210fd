import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectAuth } from 'express-connect-auth';
import { setUpBed } from '../support/bed.ts';
import { type Diagnosis, diagnose, diagnoseOptions } from '../support/doctor.ts';
import { type HttpFrontOptions, startHttpFront } from '../support/http-front.ts';
import type { ListeningServer } from '../support/listen.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

/*
 * Set-ups that people make by mistake, and whose fault shows itself only when somebody logs in, if at all. The doctor names
 * each, with the field to look at and what to do.
 */

const SECRET = 'another secret of the tests, long enough for one';
const PASSWORD = 'the-password-of-redis-in-this-test';

const bed = setUpBed();
const now = Date.now;

const fronts: ListeningServer[] = [];
afterAll(async () => {
  for (const front of fronts) await front.close();
});

/** Serves an application behind something, at whose address it is told to live. */
async function startBehind(
  options: Omit<HttpFrontOptions, 'target'>,
  app: Parameters<typeof bed.start>[0] = {},
  count = 1,
) {
  const targets: string[] = [];
  const front = await startHttpFront({ ...options, target: (n) => targets[n % targets.length]! });
  fronts.push(front);
  const apps = [];
  for (let each = 0; each < count; each += 1) {
    apps.push(await bed.start({ baseUrl: front.origin, now, redis: bed.redis.url, ...app }));
    targets.push(apps[each]!.origin);
  }
  return { url: front.origin, apps, auth: apps[0]!.auth, targets };
}

const ask = (auth: Pick<ConnectAuth, 'check'>, url?: string) =>
  diagnose({ 'app.js': auth }, { check: url === undefined ? {} : { url } });

/** The command fails, and names it with the field and the remedy, in the data and for a person. */
function expectNamed(
  diagnosis: Diagnosis,
  name: string,
  { field, says, remedy, status = 'fault' }: Expected,
) {
  const found = [
    ...diagnosis.report.applications.flatMap(({ checks }) => checks),
    ...diagnosis.report.apart,
  ].find((check) => check.name === name && check.status === status);
  expect(found).toMatchObject({
    status,
    field,
    says: expect.stringContaining(says),
    remedy: expect.stringContaining(remedy),
  });
  for (const finding of diagnosis.findings)
    expect(finding).toMatchObject({ field: expect.any(String), remedy: expect.any(String) });
  expect(diagnosis.code).toBe(status === 'fault' ? 1 : 0);
  expect(diagnosis.text).toContain(found!.says);
  expect(diagnosis.text).toContain(`[${field}] ${found!.remedy}`);
}

interface Expected {
  field: string;
  says: string;
  remedy: string;
  status?: 'fault' | 'warning';
}

describe('the doctor, asked about a provider', () => {
  it('names an algorithm of ID tokens that no key of the provider can sign by', async () => {
    const app = await bed.start({ now, oidc: { idTokenSigningAlgorithm: 'ES256' } });
    expectNamed(await ask(app.auth), 'provider.keys', {
      field: 'idTokenSigningAlgorithm',
      says: 'No key can sign by ES256: it publishes RSA of 2048 bits',
      remedy: 'Set idTokenSigningAlgorithm',
    });
  });

  it('names an issuer that is not there', async () => {
    const app = await bed.start({ now, oidc: { issuer: `${bed.op.issuer}/nowhere` } });
    expectNamed(await ask(app.auth), 'provider.discovery', {
      field: 'issuer',
      says: `GET ${bed.op.issuer}/nowhere/.well-known/openid-configuration: expected status 200 with JSON, got status 404`,
      remedy: 'The option for it is issuer.',
    });
  });

  it('names a host that nobody knows, with the address that was asked', async () => {
    const fetch = () =>
      Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } }));
    const app = await bed.start({ now, fetch });
    expectNamed(await ask(app.auth), 'provider.discovery', {
      field: 'issuer',
      says: `GET ${bed.op.issuer}/.well-known/openid-configuration: expected an answer within 5000 ms, got a fault of the network (ENOTFOUND)`,
      remedy: 'Correct the address',
    });
  });

  it('names a scope that the provider does not announce', async () => {
    const app = await bed.start({ now, oidc: { scope: 'openid profle' } });
    expectNamed(await ask(app.auth), 'provider.scopes', {
      status: 'warning',
      field: 'scope',
      says: 'scopes_supported has no "profle"',
      remedy: 'slip of the pen',
    });
  });

  it('names a client secret that is not the one of the client', async () => {
    const app = await bed.start({ now, oidc: { clientSecret: 'the secret of somebody else' } });
    const diagnosis = await ask(app.auth);
    expectNamed(diagnosis, 'provider.credentials', {
      field: 'clientSecret',
      says: 'got the error invalid_client (status 401)',
      remedy: 'Are clientId and clientSecret those of this provider?',
    });
    expect(diagnosis.text).not.toContain('the secret of somebody else');
  });

  it('names a redirect URI that is not registered, as it must be', async () => {
    const app = await bed.start({ now, routes: { callback: '/auth/back' } });
    expectNamed(await ask(app.auth), 'provider.redirect-uri', {
      field: 'clientId',
      says: 'It refuses an authorization request (status 400)',
      remedy: `Register ${app.origin}/auth/back there, to the letter, for the client "app"`,
    });
  });

  it('names a missing offline_access where APIs are called', async () => {
    const app = await bed.start({ now, apiOrigins: ['https://api.example.com'] });
    expectNamed(await ask(app.auth), 'options.offline-access', {
      status: 'warning',
      field: 'scope',
      says: 'offline_access is not asked for',
      remedy: 'Add offline_access to scope',
    });
  });
});

describe('the doctor, asked about options', () => {
  it('names every name that redis does not have', async () => {
    expectNamed(
      await diagnoseOptions({ redis: { hots: 'cache.internal', url: 'redis://cache.internal' } }),
      'options',
      {
        field: 'redis',
        says: 'redis has no option "hots"',
        remedy: 'Did you mean "host"?',
      },
    );
  });

  it('names all options of another library at once', async () => {
    const { report, code } = await diagnoseOptions({ idpLogout: true, authRequired: false, audience: 'api' });
    expect(code).toBe(1);
    expect(report.applications[0]!.checks).toEqual(
      ['idpLogout', 'authRequired', 'audience'].map((field) => ({
        ...{ name: 'options', status: 'fault', field },
        says: `connectAuth() has no option "${field}".`,
        remedy: expect.any(String),
      })),
    );
  });

  it('names a secret that came from no random source', async () => {
    const diagnosis = await diagnoseOptions({ secret: 'x'.repeat(48) });
    expect(diagnosis.find('options.secret')).toMatchObject({
      ...{ status: 'warning', field: 'secret' },
      remedy: expect.stringContaining('openssl rand -base64 48'),
    });
    expect(diagnosis.text).not.toContain('xxxx');
  });
});

describe('the doctor, asked about the way from a browser', () => {
  it('names a host name that is not that of baseUrl', async () => {
    const { apps, targets } = await startBehind({});
    const front = await startHttpFront({ target: () => targets[0]! });
    fronts.push(front);
    expectNamed(await ask(apps[0]!.auth, front.origin), 'address.host', {
      field: 'baseUrl',
      says: `It is reached at ${new URL(front.origin).host}, and baseUrl is http://localhost:`,
      remedy: 'in redirectHosts, or change baseUrl',
    });
  });

  it('names a proxy that keeps Set-Cookie', async () => {
    const { url, auth } = await startBehind({ response: ({ 'set-cookie': _, ...others }) => others });
    expectNamed(await ask(auth, url), 'address.cookies', {
      field: 'cookies',
      says: 'Set-Cookie does not come through',
      remedy: 'Let the proxy or the CDN pass Set-Cookie on',
    });
  });

  it('names a proxy that keeps Cookie', async () => {
    const { url, auth } = await startBehind({ request: ({ cookie: _, ...others }) => others });
    expectNamed(await ask(auth, url), 'address.cookies', {
      field: 'cookies',
      says: 'A cookie that was set does not come back',
      remedy: 'pass the header Cookie on',
    });
  });

  it('names a proxy that rewrites the attributes of cookies', async () => {
    const rewrite = (cookies: readonly string[] = []) =>
      cookies.map((cookie) => cookie.replace('Path=/', 'Path=/app'));
    const { url, auth } = await startBehind({
      response: ({ 'set-cookie': cookies, ...others }) => ({ ...others, 'set-cookie': rewrite(cookies) }),
    });
    expectNamed(await ask(auth, url), 'address.cookies', {
      field: 'cookies',
      says: 'Cookies arrive without path=/',
      remedy: 'proxy_cookie_path',
    });
  });

  it('names a path that is neither mounted nor taken off', async () => {
    const targets: string[] = [];
    const front = await startHttpFront({ target: () => targets[0]! });
    fronts.push(front);
    const app = await bed.start({ now, baseUrl: `${front.origin}/shop`, redis: bed.redis.url });
    targets.push(app.origin);
    expectNamed(await ask(app.auth, `${front.origin}/shop`), 'address.path', {
      field: 'baseUrl',
      says: '/shop/oauth/callback arrives as "/shop/oauth/callback"',
      remedy: 'app.use("/shop", connectAuth({ … }))',
    });
  });

  it('names a catch-all that stands before it', async () => {
    const { url, auth } = await startBehind(
      {},
      {
        before: (app) => {
          app.use((_req, res) => void res.send('<!doctype html><div id="root"></div>'));
        },
      },
    );
    expectNamed(await ask(auth, url), 'address.reach', {
      field: 'app.use',
      says: 'is answered by status 200, by something else than connectAuth()',
      remedy: 'a catch-all for the pages of a front end must stand behind it',
    });
  });

  it('names a page that stands before it', async () => {
    const { url, auth } = await startBehind(
      {},
      {
        before: (app) => {
          app.get('/', (req, res) => void res.json({ user: req.user ?? null }));
        },
      },
    );
    expectNamed(await ask(auth, url), 'address.home', {
      status: 'warning',
      field: 'app.use',
      says: 'answered by something that stands before connectAuth()',
      remedy: 'Mount connectAuth() first',
    });
  });

  it('names another secret in the process that runs', async () => {
    const { url, apps } = await startBehind({});
    const other = await bed.start({ now, baseUrl: url, redis: bed.redis.url, secret: SECRET });
    const diagnosis = await ask(other.auth, url);
    expectNamed(diagnosis, 'address.reach', {
      field: 'secret',
      says: 'and it does not know this secret',
      remedy: 'All processes must have the same secret',
    });
    expect(diagnosis.text).not.toContain(SECRET);
    expect(apps[0]!.errors).toEqual([]);
  });

  it('names another secret in one of several instances', async () => {
    const { url, auth, targets } = await startBehind({});
    const other = await bed.start({ now, baseUrl: url, redis: bed.redis.url, secret: SECRET });
    targets.push(other.origin);
    expectNamed(await ask(auth, url), 'address.instances', {
      field: 'secret',
      says: 'Of 4 requests 2 were not answered by this application',
      remedy: 'give all of them the same secret',
    });
  });

  it('names several processes that keep their sessions in memory', async () => {
    const { url, auth } = await startBehind({}, { redis: 'memory' }, 2);
    expectNamed(await ask(auth, url), 'address.instances', {
      field: 'redis',
      says: '2 processes answer there, and each keeps its sessions in its own memory',
      remedy: 'Give redis',
    });
  });

  it('names a scheme that is not that of baseUrl', async () => {
    const targets: string[] = [];
    const front = await startHttpFront({ target: () => targets[0]! });
    fronts.push(front);
    const app = await bed.start({
      now,
      baseUrl: front.origin.replace('http:', 'https:'),
      redis: bed.redis.url,
    });
    targets.push(app.origin);
    expectNamed(await ask(app.auth, front.origin), 'address.scheme', {
      field: 'baseUrl',
      says: 'Browsers come by http, and baseUrl says https',
      remedy: 'with the scheme that browsers use',
    });
  });

  it('names a proxy that rewrites Host where that chooses among base URLs', async () => {
    const targets: string[] = [];
    const front = await startHttpFront({
      target: () => targets[0]!,
      request: (headers) => ({ ...headers, host: 'backend:8080' }),
    });
    fronts.push(front);
    const baseUrl = [front.origin, 'https://shop.example.org'];
    const app = await bed.start({ now, baseUrl, application: 'shop', redis: bed.redis.url });
    targets.push(app.origin);
    expectNamed(await ask(app.auth, front.origin), 'address.host', {
      field: 'Host',
      says: 'What stands between makes "backend:8080" of the host',
      remedy: 'proxy_set_header Host $host',
    });
  });

  it('names an address that is redirected', async () => {
    const { url, auth } = await startBehind(
      {},
      { before: (app) => void app.use((_req, res) => res.redirect(301, 'https://www.example.com/?a=b')) },
    );
    expectNamed(await ask(auth, url), 'address.reach', {
      field: 'baseUrl',
      says: '/oauth/callback is redirected to https://www.example.com/.',
      remedy: 'Where browsers end up is what baseUrl must be',
    });
  });

  it('names a path that no connectAuth() is asked for', async () => {
    const { url, auth } = await startBehind(
      {},
      { before: (app) => void app.use((_req, res) => void res.sendStatus(404)) },
    );
    expectNamed(await ask(auth, url), 'address.reach', {
      field: 'baseUrl',
      says: 'is answered by 404: connectAuth() is not asked',
      remedy: 'mount it at the path of baseUrl',
    });
  });

  it('names an address where nobody listens', async () => {
    const app = await bed.start({ now });
    const gone = await startHttpFront({ target: () => app.origin });
    await gone.close();
    expectNamed(await ask(app.auth, gone.origin), 'address.reach', {
      field: 'baseUrl',
      says: `${gone.origin} cannot be reached: a fault of the network (ECONNREFUSED)`,
      remedy: 'Start the application',
    });
  });
});

describe('the doctor, asked about Redis', () => {
  let cache: RedisServer;
  beforeAll(async () => {
    cache = await startRedisServer({ args: ['--maxmemory', '64mb', '--maxmemory-policy', 'allkeys-lru'] });
  });
  afterAll(() => cache.stop());

  it('names one that is not there', async () => {
    const app = await bed.start({ now, redis: 'redis://127.0.0.1:1' });
    expectNamed(await ask(app.auth), 'redis.reachable', {
      field: 'redis',
      says: 'Redis at 127.0.0.1:1 refused the connection (ECONNREFUSED)',
      remedy: 'Start it, or correct host and port',
    });
  });

  it('names one that drops keys, and one that saves nothing', async () => {
    const app = await bed.start({ now, redis: cache.url });
    const diagnosis = await ask(app.auth);
    expectNamed(diagnosis, 'redis.eviction', {
      field: 'maxmemory-policy',
      says: 'maxmemory-policy is allkeys-lru',
      remedy: 'CONFIG SET maxmemory-policy noeviction',
    });
    expect(diagnosis.find('redis.persistence')).toMatchObject({ status: 'warning', field: 'appendonly' });
  });

  it('names a right that its user lacks, and what fails without it', async () => {
    const admin = cache.client();
    const rules = ['~connect-auth:*', '+@all', '-zscan', '-zrevrange'];
    await admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', `>${PASSWORD}`, ...rules);
    const app = await bed.start({ now, redis: cache.url.replace('//', `//app:${PASSWORD}@`) });
    const diagnosis = await ask(app.auth);
    expectNamed(diagnosis, 'redis.rights', {
      field: 'redis',
      says: 'What failed: walk through the sessions of a user, find the newest sessions of a user.',
      remedy: 'Its access list must give it to its user',
    });
    expect(JSON.stringify(diagnosis.report)).not.toContain(PASSWORD);
    expect(await admin.keys('*')).toEqual([]);
  });

  it('misses nothing where its user has the rights that the documents ask for', async () => {
    const commands =
      '+ping +info +time +eval +evalsha +mget +set +setrange +del +pexpire +pttl +zadd +zrem +zrange +zrevrange +zscan +zscore';
    const rules = ['~connect-auth:*', '-@all', ...commands.split(' ')];
    await cache.client().call('ACL', 'SETUSER', 'least', 'reset', 'on', `>${PASSWORD}`, ...rules);
    const app = await bed.start({ now, redis: cache.url.replace('//', `//least:${PASSWORD}@`) });
    expect((await ask(app.auth)).find('redis.rights')).toMatchObject({ status: 'ok' });
  });
});

describe('the doctor, asked about several applications', () => {
  it('names one cookie of two on one host', async () => {
    const session = { cookieName: 'sid' };
    const [shop, admin] = [await bed.start({ now, session }), await bed.start({ now, session })];
    expectNamed(await diagnose({ 'shop.js': shop.auth, 'admin.js': admin.auth }), 'apart.cookies', {
      field: 'session.cookieName',
      says: 'shop.js and admin.js both call their cookie sid at localhost',
      remedy: 'give each its own',
    });
  });

  it('names one name of two in one Redis, by their secrets', async () => {
    const common = { now, redis: bed.redis.url, application: 'shop' };
    const [shop, admin] = [await bed.start(common), await bed.start({ ...common, secret: SECRET })];
    expectNamed(await diagnose({ 'shop.js': shop.auth, 'admin.js': admin.auth }), 'apart.secret', {
      field: 'secret',
      says: 'are the application "shop" in one Redis, with different secrets',
      remedy: 'a name of its own by application',
    });
  });

  it('names one name of two in one Redis, by their clients', async () => {
    const common = { now, redis: bed.redis.url, application: 'shop' };
    const [shop, admin] = [
      await bed.start(common),
      await bed.start({ ...common, oidc: { clientId: 'admin' } }),
    ];
    const diagnosis = await diagnose(
      { 'shop.js': shop.auth, 'admin.js': admin.auth },
      { check: { tryCredentials: false } },
    );
    expect(diagnosis.report.apart).toEqual([
      expect.objectContaining({ name: 'apart.sessions', status: 'warning', field: 'application' }),
    ]);
  });

  it('finds nothing in two that are apart, or one on purpose', async () => {
    const common = { now, redis: bed.redis.url };
    const [shop, admin] = [
      await bed.start(common),
      await bed.start({ ...common, session: { cookieName: 'admin' } }),
    ];
    const apart = await diagnose({ 'shop.js': shop.auth, 'admin.js': admin.auth });
    expect(apart.report.apart).toMatchObject([{ name: 'apart', status: 'ok' }]);
    const same = { ...common, application: 'shop' };
    const [one, two] = [await bed.start(same), await bed.start(same)];
    const shared = await diagnose({ 'one.js': one.auth, 'two.js': two.auth });
    expect(shared.report.apart).toMatchObject([
      { status: 'ok', says: expect.stringContaining('share their sessions') },
    ]);
  });
});
