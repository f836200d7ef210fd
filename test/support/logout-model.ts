import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express, { type Request, type Response } from 'express';
import type { RedisTarget } from 'express-connect-auth';
import type { Redis } from 'ioredis';
import type { Clock } from '../../src/clock.ts';
import { createApplicationKeys } from '../../src/keys.ts';
import type { LogoutClaims } from '../../src/provider/logout-token.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createBackchannelLogout } from '../../src/routes/backchannel-logout.ts';
import { createSecret } from '../../src/secret.ts';
import {
  createClientFinder,
  createIdentityReader,
  encodeIdentity,
  type Identity,
} from '../../src/session/identity.ts';
import { createRefusedEnd } from '../../src/session/refused-end.ts';
import { createSessionCookie } from '../../src/session/session-cookie.ts';
import { createSessionEnding } from '../../src/session/session-ending.ts';
import { createSessionIndexes } from '../../src/session/session-indexes.ts';
import { createSessionRecords } from '../../src/session/session-records.ts';
import { createSessionRotation } from '../../src/session/session-rotation.ts';
import { createSessionUpkeep } from '../../src/session/session-upkeep.ts';
import { createSessions } from '../../src/session/sessions.ts';
import { createTokenDemand } from '../../src/session/token-demand.ts';
import { createUserSessions } from '../../src/session/user-sessions.ts';
import { createFinishLater, type FinishLater } from '../../src/store/finish-later.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { createSessionLock } from '../../src/store/session-lock.ts';
import type { Store } from '../../src/store/store.ts';
import type { TokenSet } from '../../src/tokens.ts';
import { createSealer } from '../../src/vault/sealer.ts';
import { createTokenSource } from '../../src/vault/token-source.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import type { Turns } from './turns.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** No bound is met: what takes time here takes none. */
const FOR_EVER_MS = DAY_MS;
const PREFIX = 'model:';

export const ISSUER = 'https://id.example';
export const CLIENT_ID = 'app';
export const keys = createApplicationKeys('https://app.example');
export const indexes = createSessionIndexes(keys);
const secrets = [createSecret('a secret of the tests, long enough to be one')];
const clients = new Map([['default', { issuer: ISSUER, clientId: CLIENT_ID }]]);

const createCookie = (name: string) =>
  createSessionCookie({
    ...{ name, purpose: name, path: '/', secure: false, maxAgeSeconds: undefined },
    ...{ secrets, keys },
  });
const cookie = createCookie('session');

/** The clocks of a process: its own, and that of its Redis. Durations are true in all of them. */
export interface ModelClocks {
  readonly now: Clock;
  readonly monotonic: Clock;
  readonly store: Clock;
}

/** A process of an application: the parts that write sessions, each command of theirs taking its turn. */
export type ModelProcess = ReturnType<typeof createModelProcess>;

export function createModelProcess(
  name: string,
  client: Redis,
  { redis = client, turns, clocks }: { redis?: RedisTarget; turns: () => Turns; clocks: ModelClocks },
) {
  const { now, monotonic, store: storeClock } = clocks;
  const real = createRedisStore({ redis, prefix: PREFIX, timeoutMs: 60_000, now: storeClock });
  const store = takeTurns(name, real, turns);
  const reportError = async (error: unknown) => {
    if (!turns().isOver) throw error;
  };
  const later = createFinishLater({ reportError });
  const finishLater: FinishLater = {
    ...later,
    // A process that was killed does nothing more.
    finish: (work) => {
      if (!turns().isOver) later.finish(work);
    },
  };
  const lock = createSessionLock({ store, leaseMs: FOR_EVER_MS, patienceMs: FOR_EVER_MS });
  const vault = createTokenVault({ store, sealer: createSealer(secrets, keys), keys });
  const times = { idleTimeoutMs: DAY_MS, absoluteTimeoutMs: WEEK_MS, now, monotonic };
  const records = createSessionRecords({ store, indexes, ...times });
  const readIdentity = createIdentityReader(clients);
  const onLogout = async () => undefined;
  const ending = createSessionEnding({ store, records, finishLater, onLogout, ...times, reportError });
  const upkeep = createSessionUpkeep({ store, indexes, records, ending, ...times });
  const common = { store, keys, readIdentity, records, ending, upkeep };
  const rotation = createSessionRotation({
    ...{ ...common, lock, finishLater, resealTokens: vault.reseal },
    patienceMs: FOR_EVER_MS,
  });
  const sessions = createSessions({
    ...{ ...common, ...times, rotation, cookie, endingCookie: createCookie('session-ending') },
    ...{ carryOver: [], reportError, tokenDemand: createTokenDemand() },
  });
  const userSessions = createUserSessions({
    ...common,
    indexes,
    now,
    clientsOf: createClientFinder(clients),
  });
  const provider = createModelProvider(name, turns, now);
  const providers = new Map([['default', provider]]);
  const tokenSource = createTokenSource({
    traceRefresh: (_, work) => work(),
    ...{ store, keys, vault, lock, now, providers, storePatienceMs: FOR_EVER_MS },
    hasLiveSession: sessions.hasLiveSession,
    updateIdentity: async (text, { claims }) => {
      const identity = JSON.parse(text) as Identity;
      return encodeIdentity({ ...identity, claims: claims ?? identity.claims });
    },
    endRefused: createRefusedEnd({ ending, keys, reportError }),
  });
  const answers = { reportError: async (_req: unknown, _res: unknown, error: unknown) => reportError(error) };
  const backchannelLogout = createBackchannelLogout({
    ...{ providers, userSessions, store, keys, now, monotonic },
    answers: answers as unknown as Parameters<typeof createBackchannelLogout>[0]['answers'],
  });
  /** Under which keys there is anything of a login. */
  const listSessions = async () => {
    const names = await Promise.all(['s', 't'].map((kind) => client.keys(`${PREFIX}${kind}:*`)));
    return [...new Set(names.flat().map((key) => key.slice(key.indexOf('{') + 1, -1)))];
  };
  /** The tokens that lie there, with or without a login. */
  const hasTokens = async (key: string) => (await client.exists(`${PREFIX}t:{${key}}`)) > 0;
  const isEnded = async (key: string) => /^x /.test((await client.get(`${PREFIX}s:{${key}}`)) ?? '');
  return {
    ...{ name, clocks, real, store, vault, sessions, userSessions, tokenSource },
    ...{ backchannelLogout, listSessions, hasTokens, isEnded },
  };
}

/** Each command waits for its turn. Who finds a lock held tries again when one was given back, not by the clock. */
function takeTurns(process: string, real: Store, turns: () => Turns): Store {
  const scheduled = Object.fromEntries(
    Object.entries(real).map(([name, command]) => [
      name,
      (...args: unknown[]) =>
        turns().take(`${process} ${name}`, () =>
          (command as (...given: unknown[]) => Promise<unknown>)(...args),
        ),
    ]),
  ) as unknown as Store;
  return {
    ...scheduled,
    acquireLock: async (...args) => {
      for (;;) {
        const answer = await scheduled.acquireLock(...args);
        if (answer !== 'held') return answer;
        await turns().sleep();
      }
    },
    releaseLock: async (...args) => {
      await scheduled.releaseLock(...args);
      turns().wake();
    },
  };
}

/** A provider that renews whatever it is asked to, with new claims each time, and signs nothing. */
function createModelProvider(process: string, turns: () => Turns, now: Clock): Provider {
  let count = 0;
  const refresh = async (old: TokenSet, { sub }: { sub: string }) => {
    count += 1;
    return { tokens: createTokens(now(), { ...old, renewed: true }), proof: { claims: { sub, count } } };
  };
  return {
    issuer: ISSUER,
    definition: {
      ...{ clientId: CLIENT_ID, logoutTokenMaxAgeSeconds: 120, clockToleranceSeconds: 60 },
      capabilities: { refresh: true },
    },
    verifyLogoutToken: async (token: string) => readPayload(token) as unknown as LogoutClaims,
    refresh: (tokens: TokenSet, login: { sub: string }) =>
      turns().take(`${process} asks the provider`, () => refresh(tokens, login)),
    revoke: () => turns().take(`${process} revokes`, async () => undefined),
  } as unknown as Provider;
}

/** Delivers a logout token to the route of a process. Returns the status of the answer. */
export async function postToken(process: ModelProcess, claims: LogoutClaims): Promise<number> {
  const payload = { iss: ISSUER, aud: CLIENT_ID, ...claims };
  const jwt = ['{}', JSON.stringify(payload), 'x'].map((part) => Buffer.from(part).toString('base64url'));
  const req = new IncomingMessage(new Socket());
  req.headers['content-type'] = 'application/x-www-form-urlencoded';
  req.push(new URLSearchParams({ logout_token: jwt.join('.') }).toString());
  req.push(null);
  const res = createResponse();
  await process.backchannelLogout(req as Request, res);
  return res.statusCode;
}

function readPayload(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
}

let tokenCount = 0;

export function createTokens(time: number, old: Partial<TokenSet> = {}): TokenSet {
  tokenCount += 1;
  const kept = { idToken: undefined, scope: undefined, expiryAssumed: false, renewed: false, ...old };
  const [accessToken, refreshToken] = [`access ${tokenCount}`, `refresh ${tokenCount}`];
  return { ...kept, accessToken, refreshToken, receivedAt: time - 10_000, expiresAt: time + 3_600_000 };
}

const app = express();

/** A response that nobody reads but for its status and cookies. */
export function createResponse(): Response {
  const res = new ServerResponse(new IncomingMessage(new Socket()));
  return Object.assign(Object.setPrototypeOf(res, app.response), { app });
}

export function createRequest(id?: string): Request {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = headerOf(id);
  return req as Request;
}

/** A request and its response. */
export function createExchange(id?: string) {
  return { req: createRequest(id), res: createResponse() };
}

/** What a browser sends that was given this id. */
function headerOf(id: string): string {
  const res = createResponse();
  cookie.write(res, id);
  return /^[^;]*/.exec(String(res.getHeader('Set-Cookie')))![0];
}
