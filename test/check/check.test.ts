import { createHmac, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type CheckReport, connectAuth, providers } from 'express-connect-auth';
import { createSampleTokens, SAMPLE_HEADER } from '../../src/check/sample-token.ts';
import { createSecret } from '../../src/secret.ts';
import { setUpBed } from '../support/bed.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const bed = setUpBed();
const op = await useScriptedProvider();
const now = Date.now;
const SECRET = 'a secret of the tests, long enough to be one';

const namesOf = ({ checks }: CheckReport) => checks.map(({ name }) => name);
const find = ({ checks }: CheckReport, name: string) => checks.filter((check) => check.name === name);

describe('auth.check()', () => {
  it('finds nothing wrong where nothing is, and says what it has looked at', async () => {
    const app = await bed.start({ now, redis: bed.redis.url });
    const report = await app.auth.check({ url: app.origin });
    expect(report.checks.filter(({ status }) => status === 'fault')).toEqual([]);
    expect(report.ok).toBe(true);
    expect(namesOf(report)).toEqual([
      'options',
      ...['reachable', 'rights', 'version', 'eviction', 'persistence', 'latency', 'clock'].map(
        (each) => `redis.${each}`,
      ),
      ...[
        'discovery',
        'announcements',
        'scopes',
        'logout',
        'keys',
        'credentials',
        'redirect-uri',
        'clock',
      ].map((each) => `provider.${each}`),
      ...['reach', 'host', 'scheme', 'path', 'cookies', 'instances', 'clock'].map(
        (each) => `address.${each}`,
      ),
    ]);
  });

  it('says to the letter what to register, for each provider and base URL', async () => {
    const provider = providers.google({ clientId: 'google', clientSecret: 'x' });
    const auth = connectAuth({
      baseUrl: ['https://shop.example.com', 'https://shop.example.org/de'],
      ...{ application: 'shop', secret: SECRET, redis: 'memory' },
      providers: { google: provider, work: providers.oidc({ issuer: op.issuer, clientId: 'work' }) },
      routes: {
        ...{ afterLogout: '/bye', frontchannelLogout: false },
        ...{ initiateLogin: '/initiate-login', globalTokenRevocation: '/revoke-all' },
      },
    });
    const report = await auth.check({ tryCredentials: false, timeoutMs: 100 });
    expect(report.register).toEqual([
      {
        ...{ provider: 'google', issuer: 'https://accounts.google.com', clientId: 'google' },
        redirectUris: [
          'https://shop.example.com/oauth/callback/google',
          'https://shop.example.org/de/oauth/callback/google',
        ],
        postLogoutRedirectUris: [],
        backchannelLogoutUri: 'https://shop.example.com/oauth/backchannel-logout',
        frontchannelLogoutUri: undefined,
        initiateLoginUri: 'https://shop.example.com/initiate-login',
        globalTokenRevocationUri: 'https://shop.example.com/revoke-all',
      },
      expect.objectContaining({
        provider: 'work',
        postLogoutRedirectUris: [
          'https://shop.example.com/bye',
          'https://shop.example.org/de/bye',
          'https://shop.example.com/signed-out',
          'https://shop.example.org/de/signed-out',
        ],
      }),
    ]);
    await auth.close();
  });

  it('registers at each provider what means something to it, and nothing else', async () => {
    const key = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey;
    const one = { issuer: op.issuer, clientSecret: 'x'.repeat(32) };
    const auth = connectAuth({
      ...{ baseUrl: 'https://shop.example.com', secret: SECRET, redis: 'memory' },
      providers: {
        github: providers.github({ clientId: 'github', clientSecret: 'x' }),
        staff: providers.oidc({ ...one, clientId: 'staff' }),
        signs: providers.oidc({ issuer: op.issuer, clientId: 'signs', clientKey: key }),
        opens: providers.oidc({
          ...{ issuer: 'https://opens.example', clientId: 'opens', clientSecret: 'x' },
          ...{ decryptionKeys: key, idTokenEncryption: { alg: 'RSA-OAEP-256' } },
        }),
      },
      routes: {
        ...{ jwks: '/jwks', initiateLogin: '/initiate-login', globalTokenRevocation: '/revoke-all' },
      },
    });
    const { register } = await auth.check({ tryCredentials: false, timeoutMs: 100 });
    const base = 'https://shop.example.com';
    const openId = {
      backchannelLogoutUri: `${base}/oauth/backchannel-logout`,
      frontchannelLogoutUri: `${base}/oauth/frontchannel-logout`,
      globalTokenRevocationUri: `${base}/revoke-all`,
    };
    const [github, ...others] = register;
    expect(JSON.parse(JSON.stringify(github))).toEqual({
      ...{ provider: 'github', issuer: 'https://github.com', clientId: 'github' },
      redirectUris: [`${base}/oauth/callback/github`],
      postLogoutRedirectUris: [],
    });
    expect(others).toEqual([
      expect.objectContaining({
        ...openId,
        ...{ jwksUri: undefined, initiateLoginUri: `${base}/initiate-login?provider=staff` },
      }),
      expect.objectContaining({
        ...openId,
        ...{ jwksUri: `${base}/jwks`, initiateLoginUri: `${base}/initiate-login?provider=signs` },
      }),
      expect.objectContaining({
        ...openId,
        ...{ jwksUri: `${base}/jwks`, initiateLoginUri: `${base}/initiate-login` },
      }),
    ]);
    await auth.close();
  });

  it('leaves nothing in Redis, and no session, hook or provider is any the wiser', async () => {
    const app = await bed.start({ op, now, redis: bed.redis.url });
    const browser = app.browser();
    await app.logIn(browser);
    const before = await bed.redis.dump();
    op.forgetRequests();
    const report = await app.auth.check({ url: app.origin });
    expect(report.ok).toBe(true);
    const keys = (dump: string) => dump.match(/connect-auth:\S+/g);
    expect(keys(await bed.redis.dump())).toEqual(keys(before));
    expect(app.errors).toEqual([]);
    expect((await browser.get('/me')).status).toBe(200);
    // One made-up code, and one request that shows no page.
    expect(op.requests('token')).toHaveLength(1);
    expect(op.requests('authorization')).toHaveLength(1);
    expect(op.requests('authorization')[0]!.params.get('prompt')).toBe('none');
    // An honest provider of the tests notes what no honest application does.
    op.violations.splice(0);
  });

  it('sends no code where it is told not to', async () => {
    const app = await bed.start({ op, now });
    const report = await app.auth.check({ tryCredentials: false });
    expect(find(report, 'provider.credentials')).toMatchObject([{ status: 'skipped' }]);
    expect(op.requests('token')).toEqual([]);
    op.violations.splice(0);
  });

  it('holds no secret, token or code, whatever is wrong', async () => {
    const secrets = [SECRET, 'the password of redis', op.clientSecret, encodeURIComponent(op.clientSecret)];
    const answer = { error: 'invalid_client', error_description: `The secret is not ${op.clientSecret}.` };
    const app = await bed.start({
      ...{ op, now, redis: `redis://:${encodeURIComponent(secrets[1]!)}@127.0.0.1:1` },
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        return url.endsWith('/token') ? Response.json(answer, { status: 401 }) : response;
      },
    });
    const report = await app.auth.check({ url: app.origin });
    expect(report.ok).toBe(false);
    expect(find(report, 'provider.credentials')[0]!.says).toContain(
      'The provider says: "The secret is not …."',
    );
    const sent = op.requests('token').map(({ params }) => params.get('code')!);
    for (const secret of [...secrets, ...sent]) expect(JSON.stringify(report)).not.toContain(secret);
    op.violations.splice(0);
  });

  it('tells of a part that hangs, in its time, and of all others', async () => {
    const app = await bed.start({ now, oidc: { timeoutMs: 60_000 }, fetch: () => new Promise(() => {}) });
    const report = await app.auth.check({ timeoutMs: 200 });
    expect(find(report, 'provider')).toMatchObject([
      { status: 'fault', says: 'It was not done within 200 ms.' },
    ]);
    expect(namesOf(report)).toContain('redis.reachable');
  });

  it('tells a clock that is off: that of the provider, and that of Redis', async () => {
    const app = await bed.start({ now: () => Date.now() - 400_000, redis: bed.redis.url });
    expect(find(await app.auth.check(), 'provider.clock')).toMatchObject([
      {
        status: 'fault',
        says: expect.stringMatching(/^Its clock is (39|40)\d s ahead of that of this machine/),
      },
    ]);
    const other = await bed.start({
      now: { now: () => Date.now() + 400_000, monotonic: () => performance.now(), store: undefined },
      redis: bed.redis.url,
    });
    const report = await other.auth.check();
    expect(find(report, 'redis.clock')).toMatchObject([
      {
        status: 'fault',
        says: expect.stringMatching(/^Its clock is 400 s behind/),
        remedy: expect.stringContaining('NTP'),
      },
    ]);
  });

  it('tells keys from each other by what they can sign with', async () => {
    const app = await bed.start({ op, now });
    op.script({ jwks: ({ keys }) => ({ keys: keys.map((key) => ({ ...key, use: 'enc' })) }) });
    expect(find(await app.auth.check(), 'provider.keys')).toMatchObject([
      { status: 'fault', says: expect.stringContaining('for encryption') },
    ]);
    op.script({ jwks: () => (res) => void res.writeHead(404).end() });
    expect(find(await app.auth.check(), 'provider.keys')).toMatchObject([
      { status: 'fault', says: expect.stringContaining('status 404'), remedy: expect.any(String) },
    ]);
    op.violations.splice(0);
  });

  it.each([
    ['invalid_scope', 'fault', 'scope'],
    ['unauthorized_client', 'fault', 'clientId'],
    ['something_else', 'fault', 'authorizationParams'],
    ['interaction_required', 'ok', undefined],
  ])('reads what an authorization request is answered with: %s', async (error, status, field) => {
    const app = await bed.start({ op, now });
    op.script({ authorization: ({ state }) => ({ error, state: state! }) });
    const [check] = find(await app.auth.check(), 'provider.redirect-uri');
    expect([check!.status, check!.field]).toEqual([status, field]);
  });

  it.each([
    [200, {}, 'skipped'],
    [503, {}, 'skipped'],
    [302, { location: 'https://id.example.com/login' }, 'skipped'],
    [403, {}, 'fault'],
  ])('judges no page of a provider that says nothing: status %d', async (status, headers, judged) => {
    const real = fetch;
    const app = await bed.start({
      ...{ op, now },
      fetch: async (url, init) =>
        url.includes('/authorize') ? new Response('', { status, headers }) : real(url, init),
    });
    expect(find(await app.auth.check(), 'provider.redirect-uri')).toMatchObject([{ status: judged }]);
  });

  it.each([
    ['invalid_client', 'fault'],
    ['unauthorized_client', 'fault'],
    ['invalid_grant', 'ok'],
    ['invalid_request', 'skipped'],
  ])('reads how a made-up code is refused: %s', async (error, status) => {
    const app = await bed.start({
      ...{ op, now },
      fetch: (url, init) =>
        url.endsWith('/token')
          ? Promise.resolve(Response.json({ error }, { status: 400 }))
          : fetch(url, init),
    });
    expect(find(await app.auth.check(), 'provider.credentials')).toMatchObject([{ status }]);
  });

  it('compares what is announced with what is configured, without locking anybody out', async () => {
    const app = await bed.start({ op, now });
    op.script({
      discovery: (document) => ({
        ...document,
        id_token_signing_alg_values_supported: ['ES256'],
        end_session_endpoint: undefined,
        require_pushed_authorization_requests: true,
      }),
    });
    const report = await app.auth.check();
    expect(find(report, 'provider.announcements')).toMatchObject([
      { status: 'warning', field: 'idTokenSigningAlgorithm' },
    ]);
    expect(find(report, 'provider.logout')).toMatchObject([
      { status: 'warning', field: 'end_session_endpoint' },
    ]);
    expect(find(report, 'provider.demands')).toMatchObject([{ status: 'fault' }]);
    op.violations.splice(0);
  });

  it('looks at a tenant by its name, and says that one is to be named', async () => {
    const auth = connectAuth({
      ...{ baseUrl: 'http://localhost:3000', secret: SECRET, redis: 'memory', tenant: () => 'acme' },
      provider: (name) =>
        name === 'acme' ? providers.oidc({ issuer: op.issuer, clientId: 'acme' }) : undefined,
    });
    expect(find(await auth.check(), 'provider')).toMatchObject([{ status: 'skipped', field: 'tenant' }]);
    const report = await auth.check({ tenant: 'acme', tryCredentials: false });
    expect(report.register[0]!.redirectUris).toEqual(['http://localhost:3000/oauth/callback/acme']);
    expect(find(report, 'provider.discovery')).toMatchObject([{ status: 'ok' }]);
    await expect(auth.check({ tenant: 'nobody' })).rejects.toThrow('There is no tenant "nobody".');
    await auth.close();
    op.violations.splice(0);
  });

  it('refuses options that it does not have, and a tenant where there are none', async () => {
    const app = await bed.start({ now });
    await expect(app.auth.check({ adress: 'x' } as never)).rejects.toThrow(
      'auth.check() has no option "adress"',
    );
    await expect(app.auth.check({ url: 'localhost:3000' })).rejects.toThrow(
      'auth.check(): url must be an address',
    );
    await expect(app.auth.check({ tenant: 'acme' })).rejects.toThrow('there are none. Leave it out.');
  });
});

describe('a sample request', () => {
  const tokens = (secret: string, application: string, clock = now) =>
    createSampleTokens({ application, secrets: [createSecret(secret)] }, clock).create().token;

  it('is answered only to somebody with the secret of this application, for five minutes', async () => {
    const app = await bed.start({ now });
    const ask = async (token: string) =>
      (await app.browser().get('/', { [SAMPLE_HEADER]: token })).headers.get(SAMPLE_HEADER);
    expect(await ask(tokens(SECRET, app.origin))).toEqual(expect.any(String));
    expect(await ask(tokens('another secret, which is as long as that one is', app.origin))).toBeNull();
    expect(await ask(tokens(SECRET, 'another application'))).toBeNull();
    expect(await ask(tokens(SECRET, app.origin, () => Date.now() - 301_000))).toBeNull();
    expect(await ask(tokens(SECRET, app.origin, () => Date.now() + 301_000))).toBeNull();
    const [time, nonce] = tokens(SECRET, app.origin).split('.');
    const forged = createHmac('sha256', SECRET).update(`${time}.${nonce}`).digest('base64url');
    expect(await ask(`${time}.${nonce}.${forged}`)).toBeNull();
    expect(await ask('')).toBeNull();
  });

  it('tells nothing of anybody: not the cookies of the browser, and not who is logged in', async () => {
    const app = await bed.start({ now, redis: bed.redis.url });
    const browser = app.browser();
    await app.logIn(browser);
    await bed.redis.resetCommandCounts();
    const response = await browser.get('/me', { [SAMPLE_HEADER]: tokens(SECRET, app.origin) });
    const seen = JSON.parse(Buffer.from(response.headers.get(SAMPLE_HEADER)!, 'base64url').toString());
    expect(Object.keys(seen).sort()).toEqual(
      [
        'forwardedHost',
        'hasCookie',
        'host',
        'isInMemory',
        'mountPath',
        'nonce',
        'now',
        'path',
        'process',
      ].sort(),
    );
    expect(await response.text()).toBe('');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await bed.redis.commandCounts()).toEqual({});
  });

  it('is a HEAD, for which an application of another secret does nothing', async () => {
    const methods: (string | undefined)[] = [];
    const app = await bed.start({
      now,
      before: (express) => {
        express.use((req, _res, next) => {
          if (req.headers[SAMPLE_HEADER] !== undefined) methods.push(req.method);
          next();
        });
      },
    });
    const other = await bed.start({
      ...{ now, baseUrl: app.origin, secret: 'another secret, which is as long as that one' },
    });
    await other.auth.check({ url: app.origin });
    expect(methods).toEqual(['HEAD', 'HEAD']);
    expect(app.errors).toEqual([]);
    expect(app.logins).toEqual([]);
  });
});

afterEach(() => void op.violations.splice(0));
