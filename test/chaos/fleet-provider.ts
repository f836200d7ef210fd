import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../support/listen.ts';
import { LOGOUT_EVENT } from '../support/logout-token.ts';
import { createScriptedKey, signToken } from '../support/scripted-keys.ts';

/** A provider that costs little: many people log in at once, and each refresh token is good once. */
export interface FleetProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Logs a person in, as the address that a login was sent to asks. Returns the callback's path and query. */
  authorize(location: string, sub: string): string;
  /** A logout token that means all sessions of a person. */
  logoutToken(sub: string): string;
  /** What became of the refresh tokens of a person, newest last. */
  refreshes(sub: string): readonly Refresh[];
  readonly counts: { logins: number; refreshes: number; refused: number };
  close(): Promise<void>;
}

/** One request of a refresh. `refused`: the token had been used before, and with it the whole line ends. */
export interface Refresh {
  readonly at: number;
  readonly outcome: 'given' | 'refused';
}

interface Line {
  readonly sub: string;
  readonly sid: string;
  current: string;
  isRevoked: boolean;
}

/** How long access tokens live, in seconds: short enough that people at work need new ones. */
const ACCESS_TOKEN_LIFE = 6;
const KEPT_REFRESHES = 20;

/** Starts it on loopback. */
export async function startFleetProvider({
  accessTokenLife = ACCESS_TOKEN_LIFE,
} = {}): Promise<FleetProvider> {
  const clientId = 'fleet';
  const key = createScriptedKey('ES256', 'the key');
  const grants = new Map<string, { sub: string; nonce: string; at: number }>();
  const lines = new Map<string, Line>();
  const bySub = new Map<string, Refresh[]>();
  const counts = { logins: 0, refreshes: 0, refused: 0 };
  const header = { alg: 'ES256', kid: key.kid };
  const seconds = () => Math.floor(Date.now() / 1000);

  const tokensOf = (line: Line, nonce?: string) => {
    lines.delete(line.current);
    line.current = randomBytes(24).toString('base64url');
    lines.set(line.current, line);
    const iat = seconds();
    const claims = { iss: issuer, aud: clientId, sub: line.sub, sid: line.sid, iat, exp: iat + 300 };
    return {
      ...{ token_type: 'Bearer', expires_in: accessTokenLife, refresh_token: line.current },
      access_token: `${line.sub}.${randomBytes(12).toString('base64url')}`,
      ...(nonce && { id_token: signToken(header, { ...claims, auth_time: iat, nonce }, key) }),
    };
  };
  const note = (sub: string, outcome: Refresh['outcome']) => {
    const known = bySub.get(sub) ?? [];
    known.push({ at: Date.now(), outcome });
    bySub.set(sub, known.slice(-KEPT_REFRESHES));
  };
  /** Of tokens that have been used: who uses one again ends its line. */
  const spent = new Map<string, Line>();

  const exchange = (code: string): object | undefined => {
    const grant = grants.get(code);
    grants.delete(code);
    if (!grant) return undefined;
    counts.logins += 1;
    return tokensOf({ sub: grant.sub, sid: randomUUID(), current: '', isRevoked: false }, grant.nonce);
  };
  const refresh = (token: string): object | undefined => {
    const line = lines.get(token);
    if (line && !line.isRevoked) {
      counts.refreshes += 1;
      note(line.sub, 'given');
      spent.set(token, line);
      return tokensOf(line);
    }
    const old = line ?? spent.get(token);
    if (!old) return undefined;
    counts.refused += 1;
    note(old.sub, 'refused');
    lines.delete(old.current);
    return undefined;
  };
  const revoke = (token: string) => {
    const line = lines.get(token);
    if (line) line.isRevoked = true;
    return {};
  };

  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    const params = new URLSearchParams(await text(req));
    const answers: Record<string, () => object | undefined> = {
      '/.well-known/openid-configuration': () => document,
      '/jwks': () => ({ keys: [key.jwk] }),
      '/token': () =>
        params.get('grant_type') === 'refresh_token'
          ? refresh(params.get('refresh_token') ?? '')
          : exchange(params.get('code') ?? ''),
      '/revoke': () => revoke(params.get('token') ?? ''),
    };
    const answer = answers[req.url ?? '']?.();
    res.writeHead(answer ? 200 : 400, { 'content-type': 'application/json' });
    res.end(JSON.stringify(answer ?? { error: 'invalid_grant' }));
  };

  const server = await listen((req, res) => void handle(req, res).catch(() => res.destroy()));
  const issuer = server.origin;
  const document = {
    ...{ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` },
    ...{ authorization_endpoint: `${issuer}/authorize`, revocation_endpoint: `${issuer}/revoke` },
    ...{ response_types_supported: ['code'], subject_types_supported: ['public'] },
    ...{ id_token_signing_alg_values_supported: ['ES256'], code_challenge_methods_supported: ['S256'] },
  };

  return {
    issuer,
    clientId,
    authorize: (location, sub) => {
      const { searchParams } = new URL(location);
      const code = randomBytes(16).toString('base64url');
      grants.set(code, { sub, nonce: searchParams.get('nonce') ?? '', at: Date.now() });
      const { pathname } = new URL(searchParams.get('redirect_uri') ?? '');
      return `${pathname}?${new URLSearchParams({ code, state: searchParams.get('state') ?? '' })}`;
    },
    logoutToken: (sub) => {
      const iat = seconds();
      const claims = { iss: issuer, aud: clientId, iat, exp: iat + 120, jti: randomUUID(), sub };
      return signToken({ ...header, typ: 'logout+jwt' }, { ...claims, events: { [LOGOUT_EVENT]: {} } }, key);
    },
    refreshes: (sub) => bySub.get(sub) ?? [],
    counts,
    close: server.close,
  };
}
