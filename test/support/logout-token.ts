import { randomUUID } from 'node:crypto';
import type { TestApp } from './app.ts';
import { exchange } from './http-exchange.ts';
import { type Claims, type ScriptedKey, signToken } from './scripted-keys.ts';
import type { ScriptedProvider } from './scripted-provider.ts';
import { PUNCTUATION } from './scripted-token-endpoint.ts';

export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** The `sid` that a scripted provider gives each person. */
export const sidOf = (sub: string) => `sid${PUNCTUATION}${sub}`;

/** How a logout token differs from an honest one. */
export interface LogoutTokenChanges {
  /** Whom it means. `sub` or `sid` or both. */
  sub?: string;
  sid?: string;
  /** Claims to add or replace; `undefined` leaves one out. */
  claims?: Claims;
  header?: Claims;
  /** Signs it instead of the provider's key. A string is the secret of an HMAC. */
  key?: ScriptedKey | string;
  /** The provider's clock. @default Date.now */
  now?: () => number;
}

/** A logout token as the conformance suite makes them: no `typ`, and a claim that nobody knows (C-10). */
export function createLogoutToken(op: ScriptedProvider, changes: LogoutTokenChanges): string {
  const { sub, sid, claims, header, key = op.key, now = Date.now } = changes;
  const time = Math.floor(now() / 1000);
  const honest = {
    iss: op.issuer,
    aud: op.clientId,
    iat: time,
    exp: time + 120,
    jti: randomUUID(),
    events: { [LOGOUT_EVENT]: {} },
    ignored_claim: 'of nobody',
  };
  const alg = typeof key === 'string' ? { alg: 'HS256' } : { alg: key.alg, kid: key.kid };
  return signToken({ ...alg, ...header }, { ...honest, sub, sid, ...claims }, key);
}

/** Posts a form to the back-channel logout as a provider's server does: no cookie, none of a browser's headers. */
export function postLogoutForm(
  app: Pick<TestApp, 'origin'>,
  body: string,
  { type = 'application/x-www-form-urlencoded', method = 'POST' } = {},
): Promise<Response> {
  const headers = { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) };
  return exchange({ method, url: `${app.origin}/oauth/backchannel-logout`, headers, body });
}

/** Posts a logout token, with a parameter beside it that nobody knows (C-10). */
export function postLogoutToken(app: Pick<TestApp, 'origin'>, token: string): Promise<Response> {
  return postLogoutForm(app, new URLSearchParams({ logout_token: token, ignored: 'yes' }).toString());
}

/** What a provider sees of an answer. */
export interface LogoutAnswer {
  status: number;
  /** The JSON it has, if any. */
  body: unknown;
  cacheControl: string | null;
}

export async function readLogoutAnswer(answer: Response): Promise<LogoutAnswer> {
  const text = await answer.text();
  const body = text === '' ? undefined : JSON.parse(text);
  return { status: answer.status, body, cacheControl: answer.headers.get('cache-control') };
}

/** Posts a logout token and reads the answer. */
export async function sendLogout(
  app: Pick<TestApp, 'origin'>,
  op: ScriptedProvider,
  changes: LogoutTokenChanges,
): Promise<LogoutAnswer> {
  return readLogoutAnswer(await postLogoutToken(app, createLogoutToken(op, changes)));
}

export const done: LogoutAnswer = { status: 200, body: undefined, cacheControl: 'no-store' };
export const refusedLogout: LogoutAnswer = {
  status: 400,
  body: { error: 'invalid_request' },
  cacheControl: 'no-store',
};
export const failedLogout: LogoutAnswer = {
  status: 503,
  body: { error: 'temporarily_unavailable' },
  cacheControl: 'no-store',
};
