import { describe, expect, it } from '@jest/globals';
import { ConfigurationError, type OAuth2Options, providers } from 'express-connect-auth';
import { beginLogin, loggedIn, refused, tryLogin } from '../support/login-outcome.ts';
import { ask } from '../support/token-routes.ts';
import { CLIENT, type Habits } from './habits.ts';
import { useWorlds } from './use-world.ts';

const { start, tryOnce } = useWorlds();

const FORGE = 'https://forge.example.com';
const ME = 'https://api.forge.example.com/v1/me';
const options = {
  issuer: FORGE,
  ...CLIENT,
  metadata: { authorization_endpoint: `${FORGE}/authorize`, token_endpoint: `${FORGE}/token` },
  userApi: { url: ME, sub: 'id' },
} satisfies OAuth2Options;

/** A provider without OpenID whose user API answers with this text. */
function forge(me: string, changes: Partial<OAuth2Options> = {}, more: Partial<Habits> = {}): Habits {
  return {
    preset: 'oauth2',
    title: 'a forge',
    take: () => providers.oauth2({ ...options, ...changes }),
    issuer: FORGE,
    endpoints: options.metadata,
    discovery: false,
    clientAuthentication: 'client_secret_basic',
    apis: { [ME]: me },
    expected: { user: {}, refresh: false, logout: false, revoked: 0 },
    wrong: { what: '', take: () => providers.oauth2(options), says: /./ },
    ...more,
  };
}

describe('who logged in without OpenID', () => {
  it.each([
    ['a string', '{"id":"ada"}', 'ada'],
    ['a number', '{"id":42}', '42'],
    ['nought', '{"id":0}', '0'],
    ['a number beyond what JavaScript can count', '{"id":9007199254740993}', '9007199254740993'],
    ['a number of forty digits', `{"id":${'1234567890'.repeat(4)}}`, '1234567890'.repeat(4)],
    ['a number beside numbers in strings', '{"a":"\\"id\\":7, 8","id": 9 ,"b":[{"id":1}]}', '9'],
    ['the last of two, as JSON has it', '{"id":1,"id":2}', '2'],
    ['text that only looks like a number', '{"id":"007"}', '007'],
  ])('is %s', async (_what, me, sub) => {
    expect(await tryOnce(forge(me))).toMatchObject({ ...loggedIn, user: sub });
  });

  it.each([
    ['missing', '{"login":"ada"}'],
    ['null', '{"id":null}'],
    ['an empty string', '{"id":""}'],
    ['white space', '{"id":"  "}'],
    ['true', '{"id":true}'],
    ['an object', '{"id":{"id":1}}'],
    ['a list', '{"id":[1]}'],
    ['a fraction', '{"id":1.5}'],
    ['a whole number in another form', '{"id":1.0}'],
    ['a number with an exponent', '{"id":1e3}'],
    ['more than any number', '{"id":1e999}'],
    ['longer than any id', `{"id":"${'a'.repeat(256)}"}`],
    ['NaN, which is no JSON', '{"id":NaN}'],
    ['in a list', '[{"id":1}]'],
    ['not there, as the answer is a text', '"ada"'],
    ['not there, as the answer is null', 'null'],
    ['not there, as the answer is HTML', '<html>1</html>'],
    ['not there, as the answer is empty', ''],
  ])('is nobody when the id is %s', async (_what, me) => {
    expect(await tryOnce(forge(me))).toMatchObject(refused('provider_invalid_response'));
  });

  it('stands in an inner member, when told so, and never in a prototype', async () => {
    const inner = { userApi: { url: ME, sub: 'data.account.id' } };
    expect(await tryOnce(forge('{"data":{"account":{"id":7}},"id":1}', inner))).toMatchObject({ user: '7' });
    for (const sub of ['constructor.name', '__proto__.constructor.name', 'toString.name']) {
      const outcome = await tryOnce(forge('{"id":1}', { userApi: { url: ME, sub } }));
      expect(outcome).toMatchObject(refused('provider_invalid_response'));
    }
  });

  it('is described by what the API says, under standard names where the options tell them', async () => {
    const claims = { name: 'display', picture: 'image.large', email: 'mail' };
    const me =
      '{"id":1,"display":"Ada","image":{"large":"https://x.example/a"},"mail":null,"plan":"pro","sub":"grace"}';
    const { app } = await start(forge(me, { userApi: { url: ME, sub: 'id', claims } }));
    const browser = app.browser();
    await app.logIn(browser);
    const { user } = await (await browser.get('/')).json();
    expect(user).toMatchObject({ sub: '1', name: 'Ada', picture: 'https://x.example/a', plan: 'pro' });
    expect(user.email ?? null).toBeNull();
  });

  it('is not proven by what the API says under names of the protocol, nor by an ID token', async () => {
    const me = '{"id":1,"acr":"gold","auth_time":9999999999,"sid":"s","iss":"https://other.example"}';
    const { app } = await start(forge(me, {}, { idToken: { sub: 'grace' } }), {
      handlers: (express) => {
        express.get('/who', (req, res) => {
          const { issuer, acr = 'none', authTime = 'none' } = req.auth;
          res.json({ sub: req.user?.sub, issuer, acr, authTime });
        });
      },
    });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/who')).json()).toEqual({
      sub: '1',
      issuer: FORGE,
      acr: 'none',
      authTime: 'none',
    });
  });

  it('is asked of the API with the token just received, and headers that it wants', async () => {
    const headers = { 'x-api-version': '7', accept: 'application/vnd.forge+json' };
    const { app, world } = await start(forge('{"id":1}', { userApi: { url: ME, sub: 'id', headers } }));
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser);
    const [asked] = world.asked(ME);
    expect(asked?.headers).toMatchObject({ ...headers, authorization: `Bearer ${token}` });
    expect(asked?.url.search).toBe('');
    expect(world.violations).toEqual([]);
  });

  it('is told again by req.auth.fetchUserInfo(), of the same person only', async () => {
    const apis = { [ME]: '{"id":1,"plan":"pro"}' };
    const { app } = await start(forge('', {}, { apis }));
    const browser = app.browser();
    await app.logIn(browser);
    expect(await ask(browser, '/userinfo')).toMatchObject({ status: 200, claims: { sub: '1', plan: 'pro' } });
    apis[ME] = '{"id":2}';
    expect(await ask(browser, '/userinfo')).toMatchObject({
      status: 502,
      error: 'provider_invalid_response',
    });
  });

  it('is not known where the API knows no such token', async () => {
    const outcome = await tryOnce(
      forge('{"id":1}', {}, { tokenAnswer: (answer) => ({ ...answer, access_token: 'other' }) }),
    );
    expect(outcome).toMatchObject(refused('provider_refused'));
    expect(outcome.told).toMatch(/user API at api\.forge\.example\.com answered with the status 401/);
  });
});

describe('a login without OpenID', () => {
  it('has state, PKCE and exactly its scopes; no nonce', async () => {
    const { app } = await start(forge('{"id":1}', { scope: ' read  write ', scopeSeparator: ',' }));
    const url = await beginLogin(app.browser());
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: CLIENT.clientId,
      redirect_uri: `${app.origin}/oauth/callback`,
      scope: 'read,write',
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const plain = await start(forge('{"id":1}'));
    expect((await beginLogin(plain.app.browser())).searchParams.has('scope')).toBe(false);
  });

  it('tells which scopes of a list with commas were not granted', async () => {
    const more = { tokenAnswer: (answer: object) => ({ ...answer, scope: 'read,admin' }) };
    const { app } = await start(forge('{"id":1}', { scope: 'read write', scopeSeparator: ',' }, more));
    await app.logIn(app.browser());
    expect(app.logins[0]?.missingScopes).toEqual(['write']);
  });

  it('is refused when the token endpoint says so with the status 200', async () => {
    const refusal = () => ({ status: 200, body: { error: 'bad_verification_code' } });
    const wrong = { clientSecret: 'another secret than ours' };
    const outcome = await tryOnce(forge('{"id":1}', wrong, { refusal }));
    expect(outcome).toMatchObject(refused('provider_refused'));
    expect(outcome.told).toContain('bad_verification_code');
  });

  it('cannot be answered for by another provider: each has a callback of its own (RFC 9700, section 4.4)', async () => {
    const other = 'https://other.example.com';
    const { app } = await start(forge('{"id":1}'), {
      providers: {
        forge: providers.oauth2(options),
        other: providers.oauth2({
          ...options,
          issuer: other,
          metadata: { authorization_endpoint: `${other}/authorize`, token_endpoint: `${other}/token` },
        }),
      },
    });
    const browser = app.browser();
    const url = await beginLogin(browser, '/login?provider=forge');
    expect(url.searchParams.get('redirect_uri')).toBe(`${app.origin}/oauth/callback/forge`);
    const state = url.searchParams.get('state');
    const answer = await browser.get(`/oauth/callback/other?code=stolen&state=${state}`, {
      'sec-fetch-site': 'cross-site',
    });
    expect(answer.status).toBe(400);
    expect((await (await browser.get('/')).json()).user).toBeNull();
  });

  it('is ended here alone, and nothing that does not exist is asked for', async () => {
    const { app, world } = await start(forge('{"id":1}'));
    const browser = app.browser();
    await app.logIn(browser);
    expect((await browser.post('/logout')).headers.get('location')).toBe('/');
    expect(await tryLogin(app)).toMatchObject({ user: '1' });
    expect(world.violations).toEqual([]);
    expect(app.errors).toEqual([]);
  });

  it.each([
    ['a fresh proof', { max_age: '60' }],
    ['a class', { acr_values: 'gold' }],
  ])('is refused before anybody is sent anywhere, when it asks for %s', async (_what, authorizationParams) => {
    const { app } = await start(forge('{"id":1}', { authorizationParams }));
    const answer = await app.browser().get('/login');
    expect(answer.status).toBe(403);
    expect(answer.headers.get('location')).toBeNull();
  });
});

describe('the options of providers.oauth2()', () => {
  it.each<[string, object, RegExp]>([
    ['no user API', { userApi: undefined }, /userApi must be an object/],
    ['no id', { userApi: { url: ME } }, /userApi\.sub must be a string/],
    [
      'an id that is no member',
      { userApi: { url: ME, sub: 'data..id' } },
      /userApi\.sub must be the name of a member/,
    ],
    [
      'a user API without TLS',
      { userApi: { url: 'http://api.forge.example.com', sub: 'id' } },
      /userApi\.url must begin with https/,
    ],
    [
      'sub among the claims',
      { userApi: { url: ME, sub: 'id', claims: { sub: 'name' } } },
      /claims must not name sub/,
    ],
    [
      'a token among the headers',
      { userApi: { url: ME, sub: 'id', headers: { Authorization: 'x' } } },
      /must not set "Authorization"/,
    ],
    [
      'a header in two lines',
      { userApi: { url: ME, sub: 'id', headers: { 'x-a': 'b\r\nc: d' } } },
      /names and values of HTTP headers/,
    ],
    [
      'no token endpoint',
      { metadata: { authorization_endpoint: FORGE } },
      /metadata\.token_endpoint must be a string/,
    ],
    [
      'an unknown endpoint',
      { metadata: { ...options.metadata, jwks_uri: FORGE } },
      /has no option "jwks_uri"/,
    ],
  ])('refuse %s', (_what, changes, message) => {
    const make = () => providers.oauth2({ ...options, ...changes } as OAuth2Options);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(message);
  });
});
