import { sign } from 'node:crypto';
import type { RsaKey } from './signing.ts';

const tags = {
  integer: 0x02,
  bitString: 0x03,
  null: 0x05,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
};

// The encoded values of 1.2.840.113549.1.1.11 and 2.5.4.3.
const sha256WithRsa = '2a864886f70d01010b';
const commonNameOid = '550403';

// Wide enough for any clock that a test injects; UTCTime ends in 2049.
const [notBefore, notAfter] = ['000101000000Z', '491231235959Z'];

/**
 * A self-signed certificate (X.509 version 1, SHA-256 with RSA) in PEM, valid from 2000 to 2049. node:crypto
 * reads certificates and makes none, so the few DER types that one needs are written here.
 * @see RFC 5280 section 4.1
 */
export const createSelfSignedCertificate = (commonName: string, key: RsaKey): string => {
  const algorithm = sequence(oid(sha256WithRsa), der(tags.null));
  const name = sequence(der(tags.set, sequence(oid(commonNameOid), text(tags.utf8, commonName))));
  const body = sequence(
    der(tags.integer, Buffer.of(1)),
    algorithm,
    name,
    sequence(text(tags.utcTime, notBefore), text(tags.utcTime, notAfter)),
    name,
    key.publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, key.privateKey);
  return toPem(sequence(body, algorithm, der(tags.bitString, Buffer.of(0), signature)));
};

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), derLength(content.length), content]);
};

// In as few bytes as it takes; above 127, the number of length bytes comes first.
const derLength = (length: number): Buffer => {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
};

const sequence = (...parts: Buffer[]): Buffer => der(tags.sequence, ...parts);

const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value));

const oid = (hex: string): Buffer => der(tags.oid, Buffer.from(hex, 'hex'));

const toPem = (bytes: Buffer): string => {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};
