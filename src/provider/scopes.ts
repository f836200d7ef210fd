import type { TokenSet } from '../tokens.ts';
import { splitWords } from './split-words.ts';

/** Tokens as far as they tell what was granted. */
export type GrantedTokens = Pick<TokenSet, 'scope' | 'idToken' | 'refreshToken'>;

/**
 * What a login was granted, in words of the answer and of the request. Without `scope` in the answer that is everything;
 * a scope whose token has come was granted, whether or not the answer repeats its name: Entra ID leaves both out.
 *
 * @see [RFC 6749, section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)
 */
export function completeScope(asked: string, { scope, idToken, refreshToken }: GrantedTokens): string {
  if (scope === undefined) return asked;
  const granted = splitWords(scope);
  const shown = [idToken && 'openid', refreshToken && 'offline_access'];
  const unnamed = splitWords(asked).filter((name) => shown.includes(name) && !granted.includes(name));
  return [...granted, ...unnamed].join(' ');
}

/** Scopes that were asked for and not granted. */
export function findMissingScopes(asked: string, granted: string): readonly string[] {
  const given = splitWords(granted);
  return splitWords(asked).filter((scope) => !given.some((other) => isSameScope(scope, other)));
}

/** What a refresh answers: it never grows beyond what was granted. */
export function narrowScope(granted: string | undefined, answered: GrantedTokens): string | undefined {
  if (granted === undefined) return answered.scope;
  const now = splitWords(completeScope(granted, answered));
  return splitWords(granted)
    .filter((scope) => now.some((other) => isSameScope(scope, other)))
    .join(' ');
}

/**
 * Some providers answer with a scope's long name: Google with `https://www.googleapis.com/auth/userinfo.email` for `email`,
 * Entra ID with `https://graph.microsoft.com/User.Read` for `User.Read`. Only an address counts as one.
 *
 * @see [Scopes of Google](https://developers.google.com/identity/protocols/oauth2/scopes#openid-connect)
 */
function isSameScope(one: string, other: string): boolean {
  return one === other || isLongNameOf(one, other) || isLongNameOf(other, one);
}

function isLongNameOf(long: string, short: string): boolean {
  return long.includes('://') && (long.endsWith(`/${short}`) || long.endsWith(`/userinfo.${short}`));
}
