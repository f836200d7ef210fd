import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { createApplicationKeys } from '../keys.ts';
import type { ResolvedOptions } from '../options/options.ts';

/** The header of a sample request, and of the answer to it. */
export const SAMPLE_HEADER = 'connect-auth-sample';

/** Whoever asks must know the secret, and the time as well as two clocks agree, in milliseconds. */
const LIFE_MS = 300_000;

const FORM = /^(\d{13})\.([\w-]{22})\.([\w-]{43})$/;

/** What only an application with this name and a secret of these can write, and read. */
export interface SampleTokens {
  /** Makes a token that holds a nonce. */
  create(): { token: string; nonce: string };
  /** The nonce of a token of ours; `undefined` for any other, and for one that is older than five minutes. */
  read(token: unknown): string | undefined;
}

/** Makes them from the options. The first secret signs, all of them verify. */
export function createSampleTokens(
  { application, secrets }: Pick<ResolvedOptions, 'application' | 'secrets'>,
  now: Clock,
): SampleTokens {
  const applicationKeys = createApplicationKeys(application);
  const keys = secrets.map((secret) => applicationKeys.derive(secret, 'sample request'));
  const sign = (text: string, key: Buffer) => createHmac('sha256', key).update(text).digest();

  return {
    create: () => {
      const nonce = randomBytes(16).toString('base64url');
      const text = `${String(Math.floor(now())).padStart(13, '0')}.${nonce}`;
      return { token: `${text}.${sign(text, keys[0]!).toString('base64url')}`, nonce };
    },
    read: (token) => {
      const [, time, nonce, mac] = FORM.exec(String(token)) ?? [];
      if (time === undefined || Math.abs(Number(time) - now()) > LIFE_MS) return undefined;
      const given = Buffer.from(mac!, 'base64url');
      const isOurs = keys.some((key) => {
        const expected = sign(`${time}.${nonce}`, key);
        return given.length === expected.length && timingSafeEqual(given, expected);
      });
      return isOurs ? nonce : undefined;
    },
  };
}
