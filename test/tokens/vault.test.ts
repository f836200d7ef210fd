import { describe, expect, it } from '@jest/globals';
import { CompactEncrypt, type CompactJWEHeaderParameters, decodeProtectedHeader } from 'jose';
import { deriveKey } from '../../src/keys.ts';
import { createSecret } from '../../src/secret.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { openEverything } from '../support/dump-attack.ts';
import { readSessionId, sessionKeys } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const SECRET = 'a secret of the tests, long enough to be one';
const NEW_SECRET = 'another secret, which came after the first one';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });

const start = (options: Partial<TestAppOptions> = {}) =>
  bed.start({
    ...{ redis: bed.redis.url, now: bed.clock.now, secret: SECRET, handlers: addTokenRoutes },
    ...options,
  });

async function logIn(app: TestApp, as = 'ada'): Promise<BrowserClient> {
  const browser = app.browser();
  await app.logIn(browser, { as });
  return browser;
}

const keyOf = (browser: BrowserClient) => sessionKeys(readSessionId(browser))[2];
const recordOf = async (browser: BrowserClient) => (await bed.redis.client().get(keyOf(browser)))!;

describe('the tokens of a session', () => {
  it('lie in a record of their own as a JWE whose header binds format, secret, purpose and record', async () => {
    const browser = await logIn(await start());
    const sealed = await recordOf(browser);
    expect(sealed).toMatch(/^eyJ[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect(decodeProtectedHeader(sealed)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'connect-auth+1',
      kid: expect.stringMatching(/^[\w-]{8}$/),
      purpose: 'tokens',
      record: keyOf(browser).replace('connect-auth:', '').replace(/[{}]/g, ''),
    });
  });

  it('do not open when they are moved to another session', async () => {
    const app = await start();
    const [ada, grace] = [await logIn(app, 'ada'), await logIn(app, 'grace')];
    expect((await ask(grace)).status).toBe(200);
    await bed.redis.client().set(keyOf(grace), await recordOf(ada), 'KEEPTTL');
    expect(await ask(grace)).toMatchObject({ status: 501, error: 'token_unavailable' });
    expect((await ask(ada)).status).toBe(200);
  });

  it('do not open when one bit was altered, and say so without ending the login', async () => {
    const browser = await logIn(await start());
    const sealed = await recordOf(browser);
    const parts = sealed.split('.');
    const payload = Buffer.from(parts[3]!, 'base64url');
    payload[40]! ^= 1;
    const altered = [...parts.slice(0, 3), payload.toString('base64url'), parts[4]].join('.');
    await bed.redis.client().set(keyOf(browser), altered, 'KEEPTTL');
    expect(await ask(browser)).toMatchObject({ status: 501, error: 'token_unavailable' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('are sealed by the first secret and opened by all of them (F-102)', async () => {
    const old = await start();
    const browser = await logIn(old);
    const before = decodeProtectedHeader(await recordOf(browser)).kid;

    const rotated = await start({ baseUrl: old.origin, secret: [NEW_SECRET, SECRET] });
    const onRotated = rotated.browser(browser.jar.clone());
    const first = await ask(onRotated);
    expect(first.status).toBe(200);
    bed.clock.advance(300_000);
    expect((await ask(onRotated)).token).not.toBe(first.token);
    expect(decodeProtectedHeader(await recordOf(browser)).kid).not.toBe(before);

    expect(await ask(browser)).toMatchObject({ status: 501, error: 'token_unavailable' });
    const later = await start({ baseUrl: old.origin, secret: NEW_SECRET });
    expect(await whoIs(later.browser(browser.jar.clone()))).toBeNull();
  });
});

describe('a copy of Redis', () => {
  /** A session, an anonymous one with data, and a login that waits for the provider. */
  const fill = async () => {
    await bed.redis.client().flushall();
    const app = await start();
    const browser = await logIn(app);
    const waiting = app.browser();
    await waiting.get('/save?a=1');
    const state = new URL((await waiting.get('/login')).headers.get('location')!).searchParams.get('state')!;
    return { browser, waiting, state, dump: await bed.redis.dump() };
  };
  const cookiesOf = ({ jar }: BrowserClient) => jar.all().map(({ value }) => decodeURIComponent(value));

  it('opens nothing without the cookie, not even with the secret: no token, no verifier (R-96)', async () => {
    const { dump } = await fill();
    expect(openEverything({ dump, secrets: [SECRET] })).toEqual([]);
  });

  it('opens nothing with the cookies alone', async () => {
    const { dump, browser, waiting, state } = await fill();
    const more = [...cookiesOf(browser), ...cookiesOf(waiting), state];
    expect(openEverything({ dump, secrets: ['', NEW_SECRET, ...more], more })).toEqual([]);
  });

  it('opens with the secret and the cookies together, which shows that the attack is a real one', async () => {
    const { dump, browser, waiting, state } = await fill();
    const more = [...cookiesOf(browser), ...cookiesOf(waiting), state];
    const opened = openEverything({ dump, secrets: [SECRET], more });
    expect(opened).toHaveLength(2);
    expect(opened).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ accessToken: expect.any(String), refreshToken: expect.any(String) }),
        expect.objectContaining({ checks: expect.objectContaining({ codeVerifier: expect.any(String) }) }),
      ]),
    );
  });
});

describe('a seal', () => {
  const sealer = createSealer([createSecret(SECRET)]);
  const context = { purpose: 'tokens', record: 'tok:one', salt: 'the id of the session' } as const;
  const value = { accessToken: 'a token' };

  it('is another one each time', async () => {
    const two = [await sealer.seal(value, context), await sealer.seal(value, context)];
    expect(two[0]).not.toBe(two[1]);
    expect([await sealer.open(two[0]!, context), await sealer.open(two[1]!, context)]).toEqual([
      value,
      value,
    ]);
  });

  it.each([
    ['purpose', { purpose: 'login' }],
    ['record', { record: 'tok:two' }],
    ['session', { salt: 'the id of another session' }],
  ] as const)('does not open for another %s', async (_, change) => {
    const sealed = await sealer.seal(value, context);
    expect(await sealer.open(sealed, { ...context, ...change })).toBeUndefined();
  });

  it.each<[string, object]>([
    ['nothing else', {}],
    ['another format', { typ: 'connect-auth+2' }],
    ['another purpose', { purpose: 'login' }],
    ['another record', { record: 'tok:two' }],
    ['another secret', { kid: 'AAAAAAAA' }],
    ['another algorithm', { enc: 'A128CBC-HS256' }],
  ])('by the right key opens only when its header says %s', async (_, change) => {
    const honest = decodeProtectedHeader(await sealer.seal(value, context));
    const header = { ...honest, ...change } as CompactJWEHeaderParameters;
    const sealed = await new CompactEncrypt(Buffer.from(JSON.stringify(value)))
      .setProtectedHeader(header)
      .encrypt(deriveKey(SECRET, context.purpose, context.salt));
    const isHonest = Object.keys(change).length === 0;
    expect(await sealer.open(sealed, context)).toEqual(isHonest ? value : undefined);
  });

  it('does not open when any one of its bits was altered', async () => {
    const parts = (await sealer.seal(value, context)).split('.');
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const altered = parts.with(index, bytes.toString('base64url')).join('.');
        expect(await sealer.open(altered, context)).toBeUndefined();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
    }
  });

  it.each([
    '',
    'no JWE',
    '....',
    'e30....',
    'null',
    '{"accessToken":"a token"}',
  ])('is not found in %j', async (text) => {
    expect(await sealer.open(text, context)).toBeUndefined();
  });
});
