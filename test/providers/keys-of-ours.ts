import { generateKeyPairSync } from 'node:crypto';

const PEM = { type: 'pkcs8', format: 'pem' } as const;

/** The application's key for `private_key_jwt`, and the one that Apple's secret is made from. */
export const OUR_RSA_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const OUR_EC_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const OUR_RSA_PEM = OUR_RSA_KEY.privateKey.export(PEM).toString();
export const OUR_EC_PEM = OUR_EC_KEY.privateKey.export(PEM).toString();
export const OTHER_EC_PEM = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export(PEM)
  .toString();
