import { type Claims, type ScriptedKey, signToken } from './scripted-keys.ts';
import type { ScriptedProvider } from './scripted-provider.ts';

/** The audience of the API under test. */
export const AUDIENCE = 'https://api.example.com';

/** How a token departs from an honest one. `undefined` leaves a claim out. */
export interface TokenChanges {
  readonly header?: Claims;
  readonly key?: ScriptedKey | string;
}

/** Makes access tokens as a provider that keeps to RFC 9068 does, by its key and this clock. */
export function createBearerTokens(op: ScriptedProvider, now: () => number) {
  return (claims: Claims = {}, { header = {}, key = op.key }: TokenChanges = {}): string => {
    const seconds = Math.floor(now() / 1000);
    const honest = {
      ...{ iss: op.issuer, aud: AUDIENCE, sub: 'ada', client_id: 'their-app', scope: 'orders.read' },
      ...{ iat: seconds, exp: seconds + 300, jti: `token ${seconds}` },
    };
    return signToken(
      { alg: 'RS256', typ: 'at+jwt', kid: op.key.kid, ...header },
      { ...honest, ...claims },
      key,
    );
  };
}
