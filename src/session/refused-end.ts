import type { ProviderError } from '../errors.ts';
import type { ApplicationKeys } from '../keys.ts';
import type { SessionEnding } from './session-ending.ts';

/** What it is made of. */
export interface RefusedEndOptions {
  readonly ending: SessionEnding;
  readonly keys: ApplicationKeys;
  readonly reportError: (error: unknown) => Promise<void>;
}

/**
 * Ends a session that its provider does not renew, if its tokens are still those that were refused. `conflict`: somebody
 * else has renewed it meanwhile, and it lives.
 */
export type RefusedEnd = (
  owner: { readonly sessionId: string },
  tokens: Buffer,
  refusal: ProviderError,
) => Promise<'ended' | 'conflict'>;

/** Makes it on the one place where sessions end. */
export function createRefusedEnd({ ending, keys, reportError }: RefusedEndOptions): RefusedEnd {
  return async ({ sessionId }, tokens, refusal) => {
    const target = { key: keys.sessionKey(sessionId), ifTokens: tokens };
    if ((await ending.end(target, 'refresh_refused')) === 'conflict') return 'conflict';
    // A plain "no" is said by that; that somebody else came back, or that there was no word of why, is not.
    if (refusal.oauthError === undefined) await reportError(refusal);
    return 'ended';
  };
}
