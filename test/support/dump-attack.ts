import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import type { Redis } from 'ioredis';

/** What somebody holds who broke in. */
export interface Loot {
  /** Every key of Redis and the bytes under it. */
  copy: ReadonlyMap<string, Buffer>;
  secrets: readonly string[];
  /** The name of the application, which is no secret. */
  application: string;
  /** Whatever else there is, such as a browser's cookies. */
  more?: readonly string[];
}

/** Copies all text and bytes in Redis. */
export async function copyRedis(redis: Redis): Promise<Map<string, Buffer>> {
  const copy = new Map<string, Buffer>();
  for (const key of await redis.keys('*')) {
    const [value] = await redis.mgetBuffer(key);
    if (value) copy.set(key, value);
  }
  return copy;
}

const PURPOSES = ['tokens', 'form'] as const;
const TAG_BYTES = 16;
const SEED_BYTES = 32;

/**
 * Tries to open every sealed value in a copy of Redis, and every word of the loot that could be the cookie of a login
 * under way, as the library's documents say that they are sealed: by each secret, salted with each word of the loot.
 */
export function openEverything({ copy, secrets, application, more = [] }: Loot): unknown[] {
  const texts = [...copy].flatMap(([key, value]) => [key, value.toString('latin1')]);
  const words = new Set([...texts, ...more].flatMap((text) => text.match(/[\w-]{16,}/g) ?? []));
  const opened: unknown[] = [];
  for (const secret of secrets) {
    const derive = (purpose: string) => {
      const info = JSON.stringify(['express-connect-auth', application, purpose]);
      return Buffer.from(hkdfSync('sha256', secret, '', info, 32));
    };
    const loginsKey = derive('login under way');
    for (const salt of ['', ...words]) {
      for (const purpose of PURPOSES) {
        const key = deriveBlock(1, derive(purpose), Buffer.from(salt)).subarray(0, 32);
        for (const [name, value] of copy) opened.push(openRecord(name, value, { purpose, key }));
      }
    }
    // The first character of a cookie says how it was set.
    for (const word of words) opened.push(openLogin(Buffer.from(word.slice(1), 'base64url'), loginsKey));
  }
  return opened.filter((value) => value !== undefined);
}

/** The one-step key derivation of NIST SP 800-56C, section 4.1. */
function deriveBlock(count: number, key: Buffer, info: Buffer): Buffer {
  return createHash('sha3-512')
    .update(Buffer.of(0, 0, 0, count))
    .update(key)
    .update(info)
    .digest();
}

/** `format ‖ key id ‖ IV ‖ ciphertext ‖ tag`, the head bound by purpose and record. */
function openRecord(
  name: string,
  sealed: Buffer,
  { purpose, key }: { purpose: string; key: Buffer },
): unknown {
  const record = name.replace(/^.*?:/, '').replace(/[{}]/g, '');
  const [head, iv] = [sealed.subarray(0, 17), sealed.subarray(5, 17)];
  const bound = Buffer.concat([head, Buffer.from(JSON.stringify([purpose, record]))]);
  const plain = decrypt(sealed.subarray(17), { key, iv, bound });
  return plain && JSON.parse(inflateRawSync(plain).toString());
}

/** `seed ‖ ciphertext ‖ tag`; everything follows from the seed. */
function openLogin(sealed: Buffer, loginsKey: Buffer): unknown {
  const seed = sealed.subarray(0, SEED_BYTES);
  const kept = deriveBlock(2, loginsKey, seed);
  const login = decrypt(sealed.subarray(SEED_BYTES), { key: kept.subarray(32), iv: Buffer.alloc(12) });
  const codeVerifier = kept.toString('base64url', 0, 32);
  return login && { login: login.toString('latin1'), codeVerifier };
}

function decrypt(
  sealed: Buffer,
  { key, iv, bound }: { key: Buffer; iv: Buffer; bound?: Buffer },
): Buffer | undefined {
  if (iv.length < 12 || sealed.length <= TAG_BYTES) return undefined;
  const cipher = createDecipheriv('aes-256-gcm', key, iv).setAuthTag(sealed.subarray(-TAG_BYTES));
  if (bound) cipher.setAAD(bound);
  try {
    return Buffer.concat([cipher.update(sealed.subarray(0, -TAG_BYTES)), cipher.final()]);
  } catch {
    return undefined;
  }
}
