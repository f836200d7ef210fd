import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { hash } from '../../src/keys.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createSecret } from '../../src/secret.ts';
import { encodeIdentity, type Identity } from '../../src/session/identity.ts';
import { createSessionCookie } from '../../src/session/session-cookie.ts';
import { createSessionRecords } from '../../src/session/session-records.ts';
import { createSessions } from '../../src/session/sessions.ts';
import { createUserSessions } from '../../src/session/user-sessions.ts';
import { createRedisStore } from '../../src/store/redis-store.ts';
import type { Store } from '../../src/store/store.ts';
import type { TokenSet } from '../../src/tokens.ts';
import type { Sealer } from '../../src/vault/sealer.ts';
import { createTokenSource } from '../../src/vault/token-source.ts';
import { createTokenVault } from '../../src/vault/token-vault.ts';
import type { Turns } from './turns.ts';

const DAY_MS = 86_400_000;
const PREFIX = 'model:';

const createCookie = (name: string) =>
  createSessionCookie({
    ...{ name, purpose: name, path: '/', secure: false, maxAgeSeconds: undefined },
    secrets: [createSecret('a secret of the tests, long enough to be one')],
  });
export const cookie = createCookie('session');

/** Seals by naming who may open. Cryptography takes a thread of its own, whose time nobody could decide. */
const sealer: Sealer = {
  seal: async (value, { salt }) => JSON.stringify([salt, value]),
  open: async (sealed, { salt }) => {
    const [owner, value] = JSON.parse(sealed) as [string, unknown];
    return owner === salt ? value : undefined;
  },
};

/** A process of an application: the parts that write sessions, each command of theirs taking its turn. */
export type ModelProcess = ReturnType<typeof createModelProcess>;

export function createModelProcess(name: string, client: Redis, turns: () => Turns, now: () => number) {
  const real = createRedisStore({ redis: client, prefix: PREFIX, timeoutMs: 60_000 });
  const store = takeTurns(name, real, turns);
  const records = createSessionRecords({ store, idleTimeoutMs: DAY_MS, now });
  const vault = createTokenVault({ store, sealer });
  const leaseMs = 30_000;
  const sessions = createSessions({
    ...{
      store,
      records,
      cookie,
      endingCookie: createCookie('session-ending'),
      carryOver: [],
      now,
      lockLeaseMs: leaseMs,
    },
    resealTokens: vault.reseal,
    reportError: async () => undefined,
  });
  const userSessions = createUserSessions({ store, records, now, onEnded: async () => undefined });
  const tokenSource = createTokenSource({
    ...{ store, vault, now, leaseMs, storeTimeoutMs: 60_000 },
    providers: new Map([['default', createModelProvider(name, turns, now)]]),
    livesOn: async (id) => (await sessions.findLiving(hash(id))) !== undefined,
    applyProof: async (auth, { claims }) => encodeIdentity({ ...(JSON.parse(auth) as Identity), claims }),
    onRefused: async ({ sessionId }, auth) => {
      await sessions.forgetEnded(hash(sessionId), auth);
    },
  });
  /** Under which keys there is anything of a session. */
  const listSessions = async () => {
    const names = await Promise.all(['auth', 'tok'].map((kind) => client.keys(`${PREFIX}${kind}:*`)));
    return [...new Set(names.flat().map((name) => name.slice(name.indexOf('{') + 1, -1)))];
  };
  return { name, real, store, vault, sessions, userSessions, tokenSource, listSessions };
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

/** A provider that renews whatever it is asked to, with new claims each time. */
function createModelProvider(process: string, turns: () => Turns, now: () => number): Provider {
  let count = 0;
  const refresh = async (old: TokenSet, { sub }: { sub: string }) => {
    count += 1;
    return { tokens: createTokens(now(), { ...old, renewed: true }), proof: { claims: { sub, count } } };
  };
  return {
    definition: { capabilities: { refresh: true } },
    refresh: (tokens: TokenSet, login: { sub: string }) =>
      turns().take(`${process} asks the provider`, () => refresh(tokens, login)),
    revoke: () => turns().take(`${process} revokes`, async () => undefined),
  } as unknown as Provider;
}

let tokenCount = 0;

export function createTokens(time: number, old: Partial<TokenSet> = {}): TokenSet {
  tokenCount += 1;
  const kept = { idToken: undefined, scope: undefined, expiryAssumed: false, renewed: false, ...old };
  const [accessToken, refreshToken] = [`access ${tokenCount}`, `refresh ${tokenCount}`];
  return { ...kept, accessToken, refreshToken, receivedAt: time - 10_000, expiresAt: time + 3_600_000 };
}

/** A response that nobody reads but for its cookies. */
export function createResponse(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

export function createRequest(id: string | undefined): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = cookie.header(id);
  return req;
}
