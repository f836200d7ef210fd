import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { decodeJwt } from 'jose';
import { createFewlinesEmulator } from '../emulators/fewlines.ts';
import { signJwt } from '../emulators/signing.ts';
import { atFewlines, clients } from '../support/connect-systems.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { ask, setUpSystem } from '../support/system-bed.ts';

const bed = setUpSystem(createFewlinesEmulator);
const { clientId } = clients.fewlines;
const create = (options: object) =>
  providers.fewlines({ origin: 'https://a.example', clientId, clientSecret: 'x'.repeat(32), ...options });

describe('a client secret at Fewlines that is too short to sign with', () => {
  it.each([1, 31])('is refused with %d bytes, and the message names the way round (N-32)', (length) => {
    const clientSecret = 'x'.repeat(length);
    expect(() => create({ clientSecret })).toThrow(/at least 32 bytes.*dangerouslyAllowShortSecret/);
    expect(() => create({ clientSecret, dangerouslyAllowShortSecret: false })).toThrow(/at least 32 bytes/);
    expect(() => create({ clientSecret, dangerouslyAllowWeakKeys: true })).toThrow(/at least 32 bytes/);
    expect(create({ clientSecret, dangerouslyAllowShortSecret: true }).clientId).toBe(clientId);
  });

  it('is no matter where it does not sign (N-32)', () => {
    expect(create({ clientSecret: 'short', accessTokenAlgorithm: 'RS256' }).clientId).toBe(clientId);
  });

  it('is never empty (N-32)', () => {
    expect(() => create({ clientSecret: '', dangerouslyAllowShortSecret: true })).toThrow(/clientSecret/);
  });

  it('logs people in where it is allowed, and a wrong one does not (N-32)', async () => {
    const options = { clientSecret: 'sixteen bytes 16', dangerouslyAllowShortSecret: true };
    const client = { clientSecret: options.clientSecret };
    const app = await bed.start(atFewlines(bed.emulator, { options, client }));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
    bed.emulator.set({ attack: 'foreign-key' });
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
  });
});

describe('access tokens of Fewlines signed by RSA keys of few bits', () => {
  /** A tenant whose keys are ours: everything else is the emulator's. */
  async function tryWith(bits: number, options: object) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
    const body = JSON.stringify({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' }],
    });
    const front: ListeningServer = await serve(() => async (req, res) => {
      if (req.url === '/.well-known/jwks.json') {
        res.writeHead(200, { 'content-type': 'application/json' }).end(body);
        return;
      }
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk as Buffer);
      const { host: _host, 'content-length': _length, connection: _connection, ...headers } = req.headers;
      const answer = await fetch(bed.emulator.origin + req.url, {
        method: req.method!,
        headers: headers as Record<string, string>,
        ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
        redirect: 'manual',
      });
      const location = answer.headers.get('location');
      const there = location?.replace(bed.emulator.origin, front.origin);
      const type = answer.headers.get('content-type');
      res
        .writeHead(answer.status, {
          ...(there && { location: there }),
          ...(type && { 'content-type': type }),
        })
        .end(await answer.text());
    });
    bed.emulator.set({
      jwt: 'RS256',
      beforeTokenAnswer: ({ answer }) => {
        const { access_token, ...rest } = JSON.parse(answer.body);
        const again = signJwt(decodeJwt(access_token), { alg: 'RS256', privateKey, kid: 'k' });
        answer.body = JSON.stringify({ ...rest, access_token: again });
      },
    });
    const preset = atFewlines(bed.emulator, {
      options: { origin: front.origin, accessTokenAlgorithm: 'RS256', ...options },
    });
    const app = await bed.start(preset);
    const outcome = await tryLogin(app);
    await front.close();
    return outcome;
  }

  it.each([
    [2048, {}, true],
    [1024, {}, false],
    [1024, { dangerouslyAllowWeakKeys: false }, false],
    [1024, { dangerouslyAllowShortSecret: true }, false],
    [1024, { dangerouslyAllowWeakKeys: true }, true],
    [1023, { dangerouslyAllowWeakKeys: true }, false],
    [512, { dangerouslyAllowWeakKeys: true }, false],
  ])('of %d, with %j, prove somebody: %s (N-32)', async (bits, options, isProof) => {
    const outcome = await tryWith(bits, options);
    if (isProof) expect(outcome.user).toBe(bed.emulator.settings.user.sub);
    else expect(outcome).toEqual(refused('provider_invalid_response'));
  });

  it('are not what they are encrypted for: such a key is refused at the start (N-32)', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const decryptionKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => create({ accessTokenAlgorithm: 'RS256', decryptionKey })).toThrow(/at least 2048 bits/);
  });
});

describe('an access token of Fewlines that ends before its answer says', () => {
  const promise = (expires_in: unknown) =>
    bed.emulator.set({
      beforeTokenAnswer: ({ answer }) => {
        answer.body = JSON.stringify({ ...JSON.parse(answer.body), expires_in });
      },
    });

  it.each([
    ['more than its exp', 7200],
    ['ten years', 315_360_000],
    ['nothing at all', undefined],
    ['the same', 600],
  ])('is renewed when it ends, the answer saying %s (N-18)', async (_, expiresIn) => {
    bed.emulator.set({ accessTokenSeconds: 600 });
    promise(expiresIn);
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser, '/token');
    bed.clock.advance(500_000);
    expect((await ask(browser, '/token')).token).toBe(token);
    bed.clock.advance(101_000);
    const again = await ask(browser, '/token');
    expect(again.status).toBe(200);
    expect(again.token).not.toBe(token);
  });

  it('is renewed at the end that the answer says, when that comes first (N-18)', async () => {
    bed.emulator.set({ accessTokenSeconds: 3600 });
    promise(300);
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    const { token } = await ask(browser, '/token');
    bed.clock.advance(301_000);
    expect((await ask(browser, '/token')).token).not.toBe(token);
  });

  it('is renewed so after a refresh as well (N-18)', async () => {
    bed.emulator.set({ accessTokenSeconds: 600 });
    promise(7200);
    const app = await bed.start(atFewlines(bed.emulator));
    const browser = app.browser();
    await app.logIn(browser);
    bed.clock.advance(601_000);
    const { token } = await ask(browser, '/token');
    bed.clock.advance(601_000);
    const again = await ask(browser, '/token');
    expect(again.status).toBe(200);
    expect(again.token).not.toBe(token);
  });
});
