import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { FORMATS, isRead } from '../formats.ts';
import { type ApplicationKeys, deriveBlock } from '../keys.ts';
import type { LoginSecrets } from '../provider/provider.ts';
import type { Secret } from '../secret.ts';
import type { LoginDisplay } from './pending-logins.ts';

/** What a login under way keeps in its browser. */
export interface KeptLogin {
  /** Name of the provider in the options. */
  readonly provider: string;
  /** 16 bytes that name the issuer, the client and the redirect URI. */
  readonly fingerprint: Buffer;
  /** Milliseconds by the clock of the process that began it. */
  readonly startedAt: number;
  readonly display: LoginDisplay;
  readonly returnTo: string;
  /** What the answer must prove. */
  readonly maxAgeSeconds?: number | undefined;
  readonly acrValues?: readonly string[] | undefined;
  /** Whether the person was to prove it anew: no answer says so, and nobody shall ask for it again at once. */
  readonly prompt?: 'login' | undefined;
  /** The session that the browser had, where the provider's answer will be a POST without the cookie of it. */
  readonly sessionId?: string | undefined;
  /** Whether it was begun in place of one whose cookie was lost. Its `state` says so as well. */
  readonly isRestart?: boolean | undefined;
}

/** A login under way that was opened, with everything that follows from its seed. */
export interface OpenedLogin extends KeptLogin {
  readonly secrets: LoginSecrets;
}

/** A login that has begun: the secrets that follow from its seed, and how it is sealed. */
export interface BegunLogin {
  readonly secrets: LoginSecrets;
  /** Only one of what it returns may leave: all are sealed by the same key. */
  seal(login: KeptLogin): string;
}

/** A login under way that another version of this library began, in a format of its own. */
export interface ForeignLogin {
  /** One of them is its `state`. */
  readonly states: readonly string[];
}

/** Seals logins under way into cookies, and opens them. Nothing of them is stored anywhere else. */
export interface LoginCookies {
  begin(login: Pick<KeptLogin, 'isRestart'>): BegunLogin;
  /** `undefined`: altered, of another application, or sealed with a secret that is gone. */
  open(value: string): OpenedLogin | ForeignLogin | undefined;
}

const SEED_BYTES = 32;
const TAG_BYTES = 16;
/** Always the same, as no key is used twice. */
const IV = Buffer.alloc(12);
/** Of what names the client of a login: enough that no two are taken for each other. */
export const FINGERPRINT_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const DISPLAYS: readonly LoginDisplay[] = ['page', 'popup', 'provider_popup', 'silent'];
const HEAD_BYTES = 1 + 1 + 6 + FINGERPRINT_BYTES;
/** Ends the `state` of a login that was begun in place of another: no cookie is needed to know that it was. */
const RESTART_SIGN = 'r';
const STATE = /^[\w-]{43}(r?)$/;

/**
 * What a `state` says by its form alone: whether it can be one of ours, and whether its login was begun in place of
 * another. Proves nothing: anybody can write one.
 */
export function readState(state: string): { isOurs: boolean; isRestart: boolean } {
  const form = STATE.exec(state);
  return { isOurs: form !== null, isRestart: form?.[1] === RESTART_SIGN };
}

/**
 * A cookie is `seed ‖ ciphertext ‖ tag` in base64url. `state`, `nonce`, PKCE verifier and sealing key all follow from the
 * seed and the configured secret: a seed is used once, so that no two logins share any of them, and who has `state` and
 * code alone, which stand in one URL, has no verifier.
 *
 * They are two blocks of {@link deriveBlock}, by a key that HKDF derives once.
 */
export function createLoginCookies(secrets: readonly Secret[], keys: ApplicationKeys): LoginCookies {
  const ring = secrets.map((secret) => keys.derive(secret, 'login under way'));

  const derive = (secretKey: Buffer, seed: Buffer) => {
    const [shown, kept] = [deriveBlock(secretKey, seed, 1), deriveBlock(secretKey, seed, 2)];
    return {
      secretsOf: ({ isRestart }: Pick<KeptLogin, 'isRestart'>): LoginSecrets => ({
        state: shown.toString('base64url', 0, 32) + (isRestart ? RESTART_SIGN : ''),
        nonce: shown.toString('base64url', 32),
        codeVerifier: kept.toString('base64url', 0, 32),
      }),
      key: kept.subarray(32),
    };
  };

  const openWith = (secretKey: Buffer, sealed: Buffer): OpenedLogin | ForeignLogin | undefined => {
    const { key, secretsOf } = derive(secretKey, sealed.subarray(0, SEED_BYTES));
    try {
      const decipher = createDecipheriv(CIPHER, key, IV);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const plain = decipher.update(sealed.subarray(SEED_BYTES, -TAG_BYTES));
      const login = decodeLogin(Buffer.concat([plain, decipher.final()]));
      if (login) return { ...login, secrets: secretsOf(login) };
      return { states: [false, true].map((isRestart) => secretsOf({ isRestart }).state) };
    } catch {
      // Sealed with another secret, or not whole.
      return undefined;
    }
  };

  return {
    begin: (begun) => {
      const seed = randomBytes(SEED_BYTES);
      const { key, secretsOf } = derive(ring[0]!, seed);
      return {
        secrets: secretsOf(begun),
        seal: (login) => {
          const cipher = createCipheriv(CIPHER, key, IV);
          const sealed = [cipher.update(encodeLogin(login)), cipher.final(), cipher.getAuthTag()];
          return Buffer.concat([seed, ...sealed]).toString('base64url');
        },
      };
    },

    open: (value) => {
      const sealed = Buffer.from(value, 'base64url');
      if (sealed.length < SEED_BYTES + HEAD_BYTES + TAG_BYTES) return undefined;
      for (const secretKey of ring) {
        const login = openWith(secretKey, sealed);
        if (login) return login;
      }
      return undefined;
    },
  };
}

/** Short, because every request brings it: what has a length of its own as bytes, the rest as JSON. */
function encodeLogin(login: KeptLogin): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head[0] = FORMATS.loginCookie.written;
  head[1] = DISPLAYS.indexOf(login.display);
  head.writeUIntBE(login.startedAt, 2, 6);
  login.fingerprint.copy(head, 8);
  const { provider, returnTo, maxAgeSeconds, acrValues, sessionId, isRestart, prompt } = login;
  const optional = [maxAgeSeconds, acrValues, sessionId, isRestart || undefined, prompt];
  const rest = [provider, returnTo, ...optional.map((value) => value ?? null)];
  while (rest.at(-1) === null) rest.pop();
  return Buffer.concat([head, Buffer.from(JSON.stringify(rest))]);
}

function decodeLogin(plain: Buffer): KeptLogin | undefined {
  const display = DISPLAYS[plain[1] ?? -1];
  if (!isRead(FORMATS.loginCookie, plain[0]) || !display) return undefined;
  const [provider, returnTo, maxAgeSeconds, acrValues, sessionId, isRestart, prompt] = JSON.parse(
    plain.subarray(HEAD_BYTES).toString('utf8'),
  );
  return {
    provider,
    fingerprint: plain.subarray(8, HEAD_BYTES),
    startedAt: plain.readUIntBE(2, 6),
    display,
    returnTo,
    maxAgeSeconds: maxAgeSeconds ?? undefined,
    acrValues: acrValues ?? undefined,
    sessionId: sessionId ?? undefined,
    isRestart: isRestart ?? undefined,
    prompt: prompt ?? undefined,
  };
}
