import { createPrivateKey, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** Where the keys of a whole run of Jest wait, for all its processes. */
const VARIABLE = 'TEST_RSA_KEYS';
/** As many as most test files need. */
const KEYS = 6;

/** Makes keys for all test files of a run: each costs a tenth of a second or more, and most files need several. */
export async function provideRsaKeys(): Promise<void> {
  const make = () => promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const pairs = await Promise.all(Array.from({ length: KEYS }, make));
  process.env[VARIABLE] = JSON.stringify(
    pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' })),
  );
}

let taken = 0;

/** An RSA key of 2048 bits that no one else in this test file has. Another file may have the same one. */
export function takeRsaKey(): KeyObject {
  const provided: string[] = JSON.parse(process.env[VARIABLE] ?? '[]');
  const pem = provided[taken++];
  return pem ? createPrivateKey(pem) : generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}
