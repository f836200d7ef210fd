import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** What a person has allowed an application, once. */
export interface Grant {
  readonly sub: string;
  readonly scope: string;
  /** The session at the provider. */
  readonly sid: string;
  /** Seconds since the epoch. */
  readonly authTime: number;
  readonly acr: string;
  readonly amr: readonly string[];
  readonly nonce: string | undefined;
  readonly redirectUri: string;
  /** Of PKCE, by S256; absent where no code stands for it. */
  readonly codeChallenge: string | undefined;
}

/** Codes and tokens that are good, in memory. Each code and each refresh token is good once. */
export interface Grants {
  issueCode(grant: Grant): string;
  /** A code that comes twice ends what its first use brought (RFC 6749, section 4.1.2). */
  redeemCode(code: string): Grant | undefined;
  issueRefreshToken(grant: Grant): string;
  /** A refresh token that comes twice ends all that follow from it (RFC 9700, section 4.14.2). */
  redeemRefreshToken(token: string): Grant | undefined;
  noteAccessToken(token: string, grant: Grant, endsAt: number): void;
  findAccess(token: string): Grant | undefined;
  /** Forgets an access token; of a refresh token, everything that belongs to its grant. */
  revoke(token: string): void;
  /** Forgets the tokens of all grants that are meant. */
  end(isMeant: (grant: Grant) => boolean): void;
}

interface Use {
  readonly grant: Grant;
  isUsed: boolean;
}

const CODE_LIFE_MS = 60_000;

/** Makes them. */
export function createGrants(now: Clock): Grants {
  const codes = new Map<string, Use & { readonly endsAt: number }>();
  const refreshTokens = new Map<string, Use>();
  const accessTokens = new Map<string, { readonly grant: Grant; readonly endsAt: number }>();
  const over = new WeakSet<Grant>();
  const create = () => randomBytes(24).toString('base64url');
  const use = (found: Use | undefined): Grant | undefined => {
    if (!found || over.has(found.grant)) return undefined;
    if (found.isUsed) over.add(found.grant);
    const isFirst = !found.isUsed;
    found.isUsed = true;
    return isFirst ? found.grant : undefined;
  };

  return {
    issueCode: (grant) => {
      const code = create();
      codes.set(code, { grant, isUsed: false, endsAt: now() + CODE_LIFE_MS });
      return code;
    },
    redeemCode: (code) => {
      const found = codes.get(code);
      return found && found.endsAt > now() ? use(found) : undefined;
    },
    issueRefreshToken: (grant) => {
      const token = create();
      refreshTokens.set(token, { grant, isUsed: false });
      return token;
    },
    redeemRefreshToken: (token) => use(refreshTokens.get(token)),
    noteAccessToken: (token, grant, endsAt) => void accessTokens.set(token, { grant, endsAt }),
    findAccess: (token) => {
      const found = accessTokens.get(token);
      return found && found.endsAt > now() && !over.has(found.grant) ? found.grant : undefined;
    },
    revoke: (token) => {
      accessTokens.delete(token);
      const found = refreshTokens.get(token);
      if (found) over.add(found.grant);
    },
    end: (isMeant) => {
      for (const { grant } of [...refreshTokens.values(), ...accessTokens.values()])
        if (isMeant(grant)) over.add(grant);
    },
  };
}
