import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { Clock } from './clock.ts';
import { readChallenges } from './read-challenges.ts';

/** A private key on P-256, by the members of its JWK. It signs by ES256. */
export interface DpopKey {
  readonly d: string;
  readonly x: string;
  readonly y: string;
}

/** What a proof is of. */
export interface ProvenRequest {
  readonly key: DpopKey;
  readonly method: string;
  readonly url: string | URL;
  /** The access token that goes with it. */
  readonly accessToken?: string | undefined;
  /** The nonce of the answer that wants it once more: others may use up the newest. @default that which the server gave last */
  readonly nonce?: string | undefined;
}

/**
 * Proves that whoever sends a token has its key.
 *
 * @see [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)
 */
export interface DpopProver {
  /** The value of the `DPoP` header. */
  prove(request: ProvenRequest): string;
  /** Keeps the nonce that came with an answer, and returns it. */
  note(url: string | URL, headers: Headers): string | undefined;
}

/** Servers whose nonces are known at once; the one that spoke longest ago gives way. */
const MAX_SERVERS = 100;
/** Above any honest nonce. */
const MAX_NONCE_LENGTH = 512;

/** Makes it. Nonces are those of a server, for all keys. @param now - in milliseconds. */
export function createDpopProver(now: Clock): DpopProver {
  const nonces = new Map<string, string>();
  // Tokens that are kept open are the same object from one request to the next.
  const opened = new WeakMap<DpopKey, KeyObject>();

  const openKey = (key: DpopKey): KeyObject => {
    const known = opened.get(key) ?? createPrivateKey({ format: 'jwk', key: { ...PUBLIC, ...key } });
    opened.set(key, known);
    return known;
  };

  return {
    prove: ({ key, method, url, accessToken, nonce }) => {
      const { origin, pathname } = new URL(url);
      const { x, y } = key;
      const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: { ...PUBLIC, x, y } };
      const claims = {
        jti: randomBytes(16).toString('base64url'),
        iat: Math.floor(now() / 1000),
        htm: method,
        htu: origin + pathname,
        nonce: nonce ?? nonces.get(origin),
        ath: accessToken && createHash('sha256').update(accessToken).digest('base64url'),
      };
      const content = `${encode(header)}.${encode(claims)}`;
      const signature = sign('sha256', Buffer.from(content), {
        key: openKey(key),
        dsaEncoding: 'ieee-p1363',
      });
      return `${content}.${signature.toString('base64url')}`;
    },

    note: (url, headers) => {
      const nonce = readNonce(headers);
      if (nonce === undefined) return undefined;
      const { origin } = new URL(url);
      nonces.delete(origin);
      nonces.set(origin, nonce);
      if (nonces.size > MAX_SERVERS) nonces.delete(nonces.keys().next().value!);
      return nonce;
    },
  };
}

const PUBLIC = { kty: 'EC', crv: 'P-256' } as const;

/** Makes a new key. */
export function createDpopKey(): DpopKey {
  const { d, x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  return { d: d!, x: x!, y: y! };
}

/** Whether a resource server refused a proof for want of the nonce that it gives along (RFC 9449, section 9). */
export function wantsNonce({ status, headers }: Pick<Response, 'status' | 'headers'>): boolean {
  if (status !== 401 || readNonce(headers) === undefined) return false;
  return readChallenges(headers.get('www-authenticate')).some(
    ({ scheme, parameters }) => scheme === 'dpop' && parameters.get('error') === 'use_dpop_nonce',
  );
}

/** One nonce, in the characters that RFC 9449, section 8.1, allows. */
function readNonce(headers: Headers): string | undefined {
  const nonce = headers.get('dpop-nonce');
  const isNonce = nonce !== null && nonce.length <= MAX_NONCE_LENGTH && /^[!#-[\]-~]+$/.test(nonce);
  return isNonce ? nonce : undefined;
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
