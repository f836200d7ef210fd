import { generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createConnectisEmulator } from '../emulators/connectis.ts';
import { createRsaKey } from '../emulators/signing.ts';
import { atConnectis, clients } from '../support/connect-systems.ts';
import { refused, tryLogin } from '../support/login-outcome.ts';
import { setUpSystem } from '../support/system-bed.ts';

const bed = setUpSystem(createConnectisEmulator);

let next: string;
let third: string;
beforeAll(async () => {
  next = createSelfSignedCertificate('the next broker', await createRsaKey());
  third = createSelfSignedCertificate('the one after', await createRsaKey());
});

const start = (certificate: string | readonly string[], options: object = {}) =>
  bed.start(atConnectis(bed.emulator, { options: { certificate, ...options } }));

describe('the certificates of a broker that goes over from one to the next', () => {
  it.each<[string, (now: string) => string | readonly string[]]>([
    ['come in one text, the old one first', (now) => `${now}${next}`],
    ['come in one text, the new one first', (now) => `${next}${now}`],
    ['come in one text of three', (now) => `${next}${third}${now}`],
    ['come with words around them', (now) => `subject=/CN=a\n${next}\r\nsubject=/CN=b\r\n${now}\n\n`],
    ['come in an array', (now) => [next, now]],
    ['come in an array of texts of several', (now) => [third, `${next}${now}`]],
  ])('each do, when they %s (N-11)', async (_, certificateOf) => {
    const app = await start(certificateOf(bed.emulator.certificate));
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
  });

  it('each do in the implicit flow (N-11)', async () => {
    const app = await start([next, bed.emulator.certificate], { dangerouslyUseImplicitFlow: true });
    expect((await tryLogin(app)).user).toBe(bed.emulator.settings.user.sub);
  });

  it('let no other key pass (N-11)', async () => {
    const app = await start([next, third]);
    expect(await tryLogin(app)).toEqual(refused('provider_invalid_response'));
    bed.emulator.set({ attack: 'foreign-key' });
    const both = await start([next, bed.emulator.certificate]);
    expect(await tryLogin(both)).toEqual(refused('provider_invalid_response'));
  });
});

describe('a certificate that is none', () => {
  const tell = (certificate: unknown) => {
    const { baseUrl, issuer } = { baseUrl: 'https://broker.example', issuer: 'https://broker.example' };
    try {
      providers.connectis({ ...clients.connectis, baseUrl, issuer, certificate: certificate as string });
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const cut = (pem: string) => pem.replace(/\n[^\n]+\n-----END/, '\n-----END');
  const weak = () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    return createSelfSignedCertificate('weak', { privateKey, publicKey } as never);
  };

  it.each<[string, () => unknown, RegExp]>([
    ['alone', () => 'garbage', /certificate must be a certificate in PEM form/],
    ['in a text of two', () => `${next}${cut(third)}`, /certificate, block 2 of 2, must be a certificate/],
    ['in a text of three', () => `${next}${cut(next)}${third}`, /certificate, block 2 of 3, must be/],
    ['in an array', () => [next, 'garbage'], /certificate\[1\] must be a certificate in PEM form/],
    ['in a text of an array', () => [next, `${next}${cut(third)}`], /certificate\[1\], block 2 of 2, must/],
    ['as its key', () => [next, 7], /certificate\[1\] must be a string/],
    ['for there is none', () => [], /certificate must hold at least one/],
    [
      'but a private key',
      () => `${next}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----`,
      /block 2 of 2/,
    ],
    ['without an end', () => next.slice(0, 200), /must be a certificate in PEM form/],
    [
      'of a key of few bits',
      () => `${next}${weak()}`,
      /block 2 of 2, must be of an RSA key of at least 2048/,
    ],
  ])('%s is refused by its place (N-11)', (_, certificate, message) => {
    expect(tell(certificate())).toMatch(message);
  });
});
