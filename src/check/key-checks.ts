import { X509Certificate } from 'node:crypto';
import type { Announced } from '../provider/provider-examiner.ts';
import { type Check, failed, failedBy, passed, skipped, warned } from './check.ts';
import type { ProviderSubject } from './provider-checks.ts';

/** A certificate that ends within that is worth a word, in milliseconds. */
const SOON_MS = 30 * 86_400_000;

const FETCH_REMEDY =
  'Look at what answers at jwks_uri, and at the network from here to there: without keys nobody logs in.';

/** Looks whether a key is there that signs as the options say. */
export async function checkKeys(
  subject: ProviderSubject,
  { jwks_uri: address }: Announced['metadata'],
): Promise<readonly Check[]> {
  const { name: provider, definition, examiner } = subject;
  const { identity, quirks } = definition;
  if (identity.from === 'user_api')
    return [skipped('provider.keys', 'Nothing is signed: its API says who somebody is.', { provider })];
  const { algorithm } = identity;
  if (algorithm.startsWith('HS'))
    return [passed('provider.keys', `The client secret is the key (${algorithm}).`, { provider })];
  if (identity.from === 'id_token' && identity.certificates)
    return identity.certificates.map((pem) => checkCertificate(pem, provider, subject.now()));
  if (address === undefined)
    return [
      failed('provider.keys', 'It has no jwks_uri.', {
        provider,
        field: 'metadata.jwks_uri',
        remedy: 'Give its address.',
      }),
    ];
  try {
    const keys = await examiner.fetchKeys(address);
    const fitting = keys.filter((key) => fits(key, algorithm, quirks.minimumKeyBits));
    if (fitting.length > 0)
      return [
        passed('provider.keys', `${fitting.length} of ${keys.length} keys can sign by ${algorithm}.`, {
          provider,
        }),
      ];
    const kinds = [...new Set(keys.map(describeKey))].join(', ') || 'none';
    return [
      failed(
        'provider.keys',
        `No key can sign by ${algorithm}: it publishes ${kinds}. Each login will be refused.`,
        {
          provider,
          field: 'idTokenSigningAlgorithm',
          remedy:
            "Set idTokenSigningAlgorithm to what the provider signs this client's ID tokens with, or change that there.",
        },
      ),
    ];
  } catch (error) {
    return [failedBy('provider.keys', error, { provider, field: 'jwks_uri', remedy: FETCH_REMEDY })];
  }
}

function checkCertificate(pem: string, provider: string, now: number): Check {
  const { validFrom, validTo } = new X509Certificate(pem);
  const notes = {
    provider,
    field: 'certificate',
    remedy: 'Ask the provider for the next one: both can be given.',
  };
  if (Date.parse(validTo) < now)
    return failed('provider.keys', `The certificate that signs its ID tokens ended at ${validTo}.`, notes);
  if (Date.parse(validFrom) > now)
    return failed('provider.keys', `The certificate that signs its ID tokens begins at ${validFrom}.`, notes);
  const says = `The certificate that signs its ID tokens ends at ${validTo}.`;
  return Date.parse(validTo) - now < SOON_MS
    ? warned('provider.keys', says, notes)
    : passed('provider.keys', says, { provider });
}

/** A key as it is published (RFC 7517), as far as it is looked at. */
interface PublishedKey {
  readonly kty?: string;
  readonly crv?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly n?: string;
}

const CURVES: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
};

function fits(key: PublishedKey, algorithm: string, minimumKeyBits: number): boolean {
  if ((key.use ?? 'sig') !== 'sig' || (key.alg ?? algorithm) !== algorithm) return false;
  const curve = CURVES[algorithm];
  if (curve !== undefined) return key.crv === curve;
  return key.kty === 'RSA' && 8 * Buffer.from(key.n ?? '', 'base64url').length >= minimumKeyBits;
}

function describeKey({ kty, crv, alg, use, n }: PublishedKey): string {
  const bits = kty === 'RSA' ? ` of ${8 * Buffer.from(n ?? '', 'base64url').length} bits` : '';
  const kind = [kty, crv].filter((word) => word !== undefined).join(' ');
  const notes = [alg, use === 'enc' ? 'for encryption' : undefined].filter((word) => word !== undefined);
  const text = `${kind}${bits}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
  return text.slice(0, 80).replace(/[^ -~]/g, '?');
}
