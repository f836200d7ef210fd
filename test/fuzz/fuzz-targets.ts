import { randomUUID } from 'node:crypto';
import express from 'express';
import fc from 'fast-check';
import { connectAuth, providers } from '../../src/index.ts';
import { createReturnAddressReader } from '../../src/routes/return-address.ts';
import { parseData } from '../../src/session/app-session-store.ts';
import { createIdentityReader } from '../../src/session/identity.ts';
import { parseMark } from '../../src/store/logout-mark.ts';
import { parseSessionRecord } from '../../src/store/record-format.ts';
import { startFleetProvider } from '../chaos/fleet-provider.ts';
import { arbitraryAddress } from '../support/redirect-payloads.ts';
import { type Injected, type InjectedAnswer, inject } from './inject.ts';

/** One of the inputs of F-125. */
export interface FuzzTarget {
  readonly name: string;
  /** How many of a hundred cases. */
  readonly share: number;
  readonly property: fc.IAsyncPropertyWithHooks<never> | fc.IPropertyWithHooks<never>;
}

/** All of them, on an application without a browser. */
export interface FuzzTargets {
  readonly targets: readonly FuzzTarget[];
  /** Addresses that were followed, for whoever has another parser to ask. */
  readonly followed: Set<string>;
  close(): Promise<void>;
}

const ORIGIN = 'http://localhost:3000';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const MAX_FOLLOWED = 20_000;
/** Of sentences that mean something to whoever reads a request. */
const WORDS = [
  ...['code=', 'state=', 'iss=', 'error=', 'error_description=', 'id_token=', 'response=', 'access_token='],
  ...[
    '&',
    '=',
    '&state=STATE',
    '&iss=ISS',
    '&code=x',
    'session=',
    's%3A',
    's:',
    '.',
    '; ',
    'session-login-0=',
  ],
  ...['%', '%00', '%0d%0a', '%zz', '%E0%A4%A', '%25', '..', '//', '\\', '"', "'", '<', '[', ']', '{', '*'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', '-1', '1e309', 'true', ''],
];

/** Makes them. */
export async function createFuzzTargets(): Promise<FuzzTargets> {
  const provider = await startFleetProvider();
  const { issuer, clientId } = provider;
  const faults: string[] = [];
  const logins: unknown[] = [];
  const auth = connectAuth({
    ...{ baseUrl: ORIGIN, redis: 'memory', secret: 'a secret of the fuzzing, long enough to be one' },
    provider: providers.oidc({
      ...{ issuer, clientId, clientSecret: 'the secret of the client, long enough' },
      idTokenSigningAlgorithm: 'ES256',
    }),
    session: { cookieName: 'session' },
    onLogin: (event) => void logins.push(event),
    onError: ({ error }) => {
      if (!/^(login|provider|cross|backchannel|logout)_/.test(error.code))
        faults.push(`${error.code}: ${error.message}`);
    },
  });
  const app = express();
  app.use(auth);
  app.get('/', (req, res) => void res.status(req.user ? 299 : 200).end());
  app.use((error: { status?: number }, _req: unknown, res: express.Response, next: () => void) => {
    if (res.headersSent) next();
    else res.status(error.status ?? 500).end();
  });

  const text = fc
    .array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom(...WORDS) },
        { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 20 }) },
        {
          weight: 1,
          arbitrary: fc
            .string({ unit: 'grapheme', maxLength: 6 })
            .map((given) => given.replace(/[\ud800-\udfff]/g, ''))
            .map(encodeURIComponent),
        },
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join('').replaceAll('ISS', encodeURIComponent(issuer)));
  const ask = async (request: Injected, mayAnswer = [502]): Promise<InjectedAnswer> => {
    const answer = await inject(app, request);
    const { status, location } = answer;
    if (status >= 500 && !mayAnswer.includes(status)) throw new Error(`${request.url} answered ${status}.`);
    if (
      location !== undefined &&
      ![ORIGIN, new URL(issuer).origin].includes(new URL(location, ORIGIN).origin)
    )
      throw new Error(`${request.url} leads to ${location}.`);
    if (status === 299 || logins.length > 0) throw new Error(`${request.url} logged somebody in.`);
    if (faults.length > 0) throw new Error(faults.splice(0).join('; '));
    return answer;
  };
  const page = {
    accept: 'text/html',
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    host: 'localhost:3000',
  };
  const begun = await beginLogin();

  /** A login that waits for its callback: its cookie and its state. */
  async function beginLogin() {
    const jar: string[] = [];
    let state = '';
    const probe = express();
    probe.use((_req, res, next) => {
      const { end } = res;
      res.end = function keep(this: typeof res, ...args: unknown[]) {
        jar.push(...[this.getHeader('set-cookie') ?? []].flat().map((line) => String(line).split(';')[0]!));
        state = new URL(String(this.getHeader('location'))).searchParams.get('state')!;
        return Reflect.apply(end, this, args);
      } as typeof res.end;
      next();
    });
    probe.use(app);
    await inject(probe, { url: '/login', headers: page });
    return { cookie: jar.join('; '), state };
  }

  const readReturnAddress = createReturnAddressReader(ORIGIN, ['/login', '/oauth/callback', '/logout']);
  const followed = new Set<string>();
  const readIdentity = createIdentityReader(new Map([['default', { issuer, clientId }]]));
  const times = fc.constantFrom(
    '1700000000000',
    '9999999999999',
    '0000000000000',
    'NaN',
    '-100000000000',
    '1e10',
  );
  const identity = {
    ...{ loginId: 'x', provider: 'default', issuer, clientId, sub: 'ada', claims: { sub: 'ada' } },
    ...{ issuedAt: 1, loginStartedAt: 1, loggedInAt: 1 },
  };
  const damaged = fc.oneof(
    fc.json({ maxDepth: 3 }),
    fc
      .tuple(
        fc.constantFrom(...Object.keys(identity), '__proto__', 'user', 'amr', 'answered'),
        fc.jsonValue(),
      )
      .map(
        ([name, value]) =>
          `${JSON.stringify(identity).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`,
      ),
    fc.tuple(fc.nat(300), fc.string({ maxLength: 3 })).map(([at, what]) => {
      const whole = JSON.stringify(identity);
      return whole.slice(0, at) + what + whole.slice(at + what.length);
    }),
  );
  const record = fc
    .tuple(fc.constantFrom('1', '2', '0', '99', '', 'x', '>'), times, times, damaged, fc.boolean())
    .map(([head, seen, end, body, isWhole]) => (isWhole ? `${head} ${seen} ${end}\n${body}` : body));
  const claims = fc.record(
    {
      ...{
        iss: fc.constantFrom<unknown>(issuer, 1, null, []),
        aud: fc.constantFrom<unknown>(clientId, [clientId], {}, 'x'),
      },
      ...{
        iat: fc.oneof(fc.integer(), fc.double(), fc.string()),
        exp: fc.oneof(fc.integer(), fc.constant(2 ** 40)),
      },
      ...{
        jti: fc.oneof(fc.string(), fc.constant(randomUUID()), fc.integer()),
        sub: fc.jsonValue(),
        sid: fc.jsonValue(),
      },
      ...{ events: fc.jsonValue(), nonce: fc.jsonValue() },
    },
    { requiredKeys: [] },
  );
  const forged = fc
    .tuple(fc.constantFrom('none', 'HS256', 'ES256', 'RS256', '', '__proto__'), claims, fc.string())
    .map(
      ([alg, payload, signature]) =>
        `${[{ alg, typ: 'logout+jwt' }, payload]
          .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
          .join('.')}.${Buffer.from(signature).toString('base64url')}`,
    );
  const altered = fc.tuple(fc.nat(600), fc.constantFrom('.', 'A', '', '=', '%', '-')).map(([at, what]) => {
    const token = provider.logoutToken('nobody');
    return token.slice(0, at) + what + token.slice(at + 1);
  });

  const asyncTarget = <T>(
    name: string,
    share: number,
    arbitrary: fc.Arbitrary<T>,
    check: (value: T) => Promise<unknown>,
  ) =>
    ({
      name,
      share,
      property: fc.asyncProperty(arbitrary, async (value) => void (await check(value))),
    }) as unknown as FuzzTarget;
  const target = <T>(name: string, share: number, arbitrary: fc.Arbitrary<T>, check: (value: T) => unknown) =>
    ({
      name,
      share,
      property: fc.property(arbitrary, (value) => void check(value)),
    }) as unknown as FuzzTarget;

  const targets: FuzzTarget[] = [
    asyncTarget('the query of a callback', 6, fc.tuple(text, fc.boolean()), ([query, isKnown]) => {
      // With a code the provider is asked, over HTTP: seldom.
      const given = query.replaceAll('STATE', isKnown && !query.includes('code=') ? begun.state : 'x');
      const headers = { ...page, ...(isKnown && { cookie: begun.cookie }) };
      return ask({ url: `/oauth/callback?${given.replace(/[#\s]/g, '')}`, headers });
    }),
    asyncTarget(
      'the form of a callback',
      4,
      fc.tuple(
        fc.oneof(text, fc.string({ unit: 'binary', maxLength: 100 })),
        fc.oneof({ weight: 4, arbitrary: fc.constant(FORM['content-type']) }, text),
      ),
      ([body, type]) =>
        ask({
          method: 'POST',
          url: '/oauth/callback',
          body,
          headers: { ...page, origin: issuer, 'content-type': type },
        }),
    ),
    asyncTarget(
      'the Cookie header',
      7,
      fc.tuple(
        fc.oneof(
          text,
          text.map((value) => `session=s%3A${value}`),
          text.map((value) => `${begun.cookie.slice(0, 60)}${value}`),
        ),
        fc.constantFrom('/', '/login', '/signed-out?state=x', '/oauth/callback?state=x'),
      ),
      ([cookie, url]) => ask({ url, headers: { ...page, cookie } }),
    ),
    // 503: a signature that fails is worth a look at new keys, which strangers may not ask for at any time.
    asyncTarget('a logout token', 6, fc.oneof(text, forged, altered), async (token) => {
      const body = new URLSearchParams({ logout_token: token }).toString();
      const { status } = await ask(
        {
          method: 'POST',
          url: '/oauth/backchannel-logout',
          body,
          headers: { host: 'localhost:3000', ...FORM },
        },
        [502, 503],
      );
      if (status === 200 && token !== provider.logoutToken('nobody') && !isHonest(token))
        throw new Error('A token that is none was taken.');
    }),
    target('a return address', 39, arbitraryAddress(ORIGIN), (value) => {
      const address = readReturnAddress(value);
      if (address === undefined) return;
      if (new URL(address, `${ORIGIN}/login`).origin !== ORIGIN)
        throw new Error(`${value} leads away as ${address}.`);
      if (followed.size < MAX_FOLLOWED) followed.add(address);
    }),
    asyncTarget('a return address in a login', 4, arbitraryAddress(ORIGIN), (value) => {
      const returnTo = encodeURIComponent(value.replace(/[\ud800-\udfff]/g, ''));
      return ask({ url: `/login?returnTo=${returnTo}`, headers: page });
    }),
    target('a stored session', 34, fc.oneof(record, fc.string({ unit: 'binary' })), (value) => {
      const parsed = parseSessionRecord(value);
      parseMark(value);
      if (typeof parseData(value) !== 'object') throw new Error('Data that is no object.');
      const login = parsed?.kind === 'login' ? readIdentity(parsed.login) : undefined;
      if (login && (login.issuer !== issuer || login.clientId !== clientId || typeof login.sub !== 'string'))
        throw new Error(`Somebody of another provider: ${value}`);
      if (({} as { polluted?: unknown }).polluted !== undefined) throw new Error('A prototype was reached.');
    }),
  ];

  /** Cut at its end, or altered where it means nothing: base64url has bits to spare. */
  function isHonest(token: string): boolean {
    const parts = token.split('.');
    return parts.length === 3 && parts.every((part) => /^[\w-]+$/.test(part));
  }
  return {
    targets,
    followed,
    close: async () => {
      await auth.close();
      await provider.close();
    },
  };
}
