import { createCipheriv, createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { createApplicationKeys } from '../../src/keys.ts';
import { createSecret } from '../../src/secret.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import type { TestApp, TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { copyRedis, openEverything } from '../support/dump-attack.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
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

const keyOf = (app: TestApp, browser: BrowserClient) => redisKeysOfBrowser(app, browser).tokens;
const recordOf = async (app: TestApp, browser: BrowserClient) =>
  (await bed.redis.client().getBuffer(keyOf(app, browser)))!;

/** A seal in parts: `format ‖ key id ‖ IV ‖ ciphertext ‖ tag`. */
const partsOf = (sealed: Buffer) => ({
  format: sealed[0],
  keyId: sealed.subarray(1, 5).toString('hex'),
  iv: sealed.subarray(5, 17).toString('hex'),
});

describe('the tokens of a session', () => {
  it('lie in a record of their own, as bytes that tell their format and which secret opens them', async () => {
    const app = await start();
    const [one, two] = [await logIn(app), await logIn(app)];
    const sealed = [await recordOf(app, one), await recordOf(app, two)].map(partsOf);
    expect(sealed[0]).toEqual({
      format: 1,
      keyId: sealed[1]!.keyId,
      iv: expect.stringMatching(/^[\da-f]{24}$/),
    });
    expect(sealed[0]!.iv).not.toBe(sealed[1]!.iv);
    // JSON of this size would be longer: it is deflated before it is sealed.
    expect((await recordOf(app, one)).length).toBeLessThan(2000);
  });

  it('do not open when they are moved to another session', async () => {
    const app = await start();
    const [ada, grace] = [await logIn(app, 'ada'), await logIn(app, 'grace')];
    expect((await ask(grace)).status).toBe(200);
    await bed.redis.client().set(keyOf(app, grace), await recordOf(app, ada), 'KEEPTTL');
    expect(await ask(grace)).toMatchObject({ status: 501, error: 'token_unavailable' });
    expect((await ask(ada)).status).toBe(200);
  });

  it('do not open when one bit was altered, and say so without ending the login', async () => {
    const app = await start();
    const browser = await logIn(app);
    const altered = Buffer.from(await recordOf(app, browser));
    altered[60]! ^= 1;
    await bed.redis.client().set(keyOf(app, browser), altered, 'KEEPTTL');
    expect(await ask(browser)).toMatchObject({ status: 501, error: 'token_unavailable' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('are sealed by the first secret and opened by all of them (F-102)', async () => {
    const old = await start();
    const browser = await logIn(old);
    const before = partsOf(await recordOf(old, browser)).keyId;

    const rotated = await start({ baseUrl: old.origin, secret: [NEW_SECRET, SECRET] });
    const onRotated = rotated.browser(browser.jar.clone());
    const first = await ask(onRotated);
    expect(first.status).toBe(200);
    bed.clock.advance(300_000);
    expect((await ask(onRotated)).token).not.toBe(first.token);
    expect(partsOf(await recordOf(old, browser)).keyId).not.toBe(before);

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
    await waiting.get('/login');
    return { browser, waiting, application: app.origin, copy: await copyRedis(bed.redis.client()) };
  };
  const cookiesOf = ({ jar }: BrowserClient) => jar.all().map(({ value }) => decodeURIComponent(value));

  it('opens nothing without the cookie, not even with the secret: no token, no verifier (R-96)', async () => {
    const { copy, application } = await fill();
    expect(openEverything({ copy, application, secrets: [SECRET] })).toEqual([]);
  });

  it('opens nothing with the cookies alone', async () => {
    const { copy, application, browser, waiting } = await fill();
    const more = [...cookiesOf(browser), ...cookiesOf(waiting)];
    expect(openEverything({ copy, application, secrets: ['', NEW_SECRET, ...more], more })).toEqual([]);
  });

  it('opens nothing with all that another application of the same secret has', async () => {
    const { copy, browser, waiting } = await fill();
    const more = [...cookiesOf(browser), ...cookiesOf(waiting)];
    const application = 'https://another.example';
    expect(openEverything({ copy, application, secrets: [SECRET], more })).toEqual([]);
  });

  it('opens with the secret and the cookies together, which shows that the attack is a real one', async () => {
    const { copy, application, browser, waiting } = await fill();
    const more = [...cookiesOf(browser), ...cookiesOf(waiting)];
    const opened = openEverything({ copy, application, secrets: [SECRET], more });
    expect(opened).toHaveLength(2);
    expect(opened).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ accessToken: expect.any(String), refreshToken: expect.any(String) }),
        expect.objectContaining({ codeVerifier: expect.any(String) }),
      ]),
    );
  });
});

describe('a seal', () => {
  const keys = createApplicationKeys('https://app.example');
  const secret = createSecret(SECRET);
  const sealer = createSealer([secret], keys);
  const context = { purpose: 'tokens', record: 't:one', salt: 'the id of the session' } as const;
  const value = { accessToken: 'a token' };

  it('is another one each time', () => {
    const two = [sealer.seal(value, context), sealer.seal(value, context)];
    expect(two[0]).not.toEqual(two[1]);
    expect(two.map((sealed) => sealer.open(sealed, context))).toEqual([value, value]);
  });

  it.each([
    ['purpose', { purpose: 'form' }],
    ['record', { record: 't:two' }],
    ['session', { salt: 'the id of another session' }],
  ] as const)('does not open for another %s', (_, change) => {
    expect(sealer.open(sealer.seal(value, context), { ...context, ...change })).toBeUndefined();
  });

  it('does not open for another application, whatever else the two share (N-01)', () => {
    const other = createSealer([secret], createApplicationKeys('https://other.example'));
    expect(other.open(sealer.seal(value, context), context)).toBeUndefined();
  });

  /** Seals by the right key, and says what it likes of it. */
  const sealBy = ({ format = 1, keyId, bound }: { format?: number; keyId?: Buffer; bound?: unknown[] }) => {
    const iv = Buffer.alloc(12, 7);
    const id = keyId ?? keys.derive(secret, 'key id').subarray(0, 4);
    const head = Buffer.concat([Buffer.of(format), id, iv]);
    const key = createHash('sha3-512')
      .update(Buffer.of(0, 0, 0, 1))
      .update(keys.derive(secret, context.purpose))
      .update(context.salt)
      .digest()
      .subarray(0, 32);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(Buffer.concat([head, Buffer.from(JSON.stringify(bound ?? ['tokens', 't:one']))]));
    const plain = deflateRawSync(JSON.stringify(value));
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  };

  it.each<[string, Parameters<typeof sealBy>[0]]>([
    ['nothing else', {}],
    ['another format', { format: 2 }],
    ['another purpose', { bound: ['form', 't:one'] }],
    ['another record', { bound: ['tokens', 't:two'] }],
    ['another secret', { keyId: Buffer.alloc(4) }],
  ])('by the right key opens only when it says %s', (_, change) => {
    const isHonest = Object.keys(change).length === 0;
    expect(sealer.open(sealBy(change), context)).toEqual(isHonest ? value : undefined);
  });

  it('does not open when any one of its bits was altered', () => {
    const sealed = sealer.seal(value, context);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      sealed[bit >> 3]! ^= 1 << (bit & 7);
      expect(sealer.open(sealed, context)).toBeUndefined();
      sealed[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(sealer.open(sealed, context)).toEqual(value);
  });

  it('does not open when it was cut short, wherever', () => {
    const sealed = sealer.seal(value, context);
    for (let length = 0; length < sealed.length; length += 1)
      expect(sealer.open(sealed.subarray(0, length), context)).toBeUndefined();
  });

  it.each([
    '',
    'no seal',
    '\u0001',
    'e30....',
    'null',
    '{"accessToken":"a token"}',
  ])('is not found in %j', (text) => {
    expect(sealer.open(Buffer.from(text), context)).toBeUndefined();
  });

  it('that opens to more than any set of tokens is not taken (a bomb of zeros)', () => {
    const sealed = sealer.seal('0'.repeat(5 * 1024 * 1024), context);
    expect(sealed.length).toBeLessThan(10_000);
    expect(sealer.open(sealed, context)).toBeUndefined();
  });
});
