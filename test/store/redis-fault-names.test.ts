import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Redis, type RedisOptions } from 'ioredis';
import { createRedisStore } from '../../src/store/redis-store.ts';
import { createSelfSignedCertificate } from '../emulators/certificate.ts';
import { createRsaKey } from '../emulators/signing.ts';
import { setUpBed } from '../support/bed.ts';
import { withFreePort } from '../support/free-port.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';

const TIMEOUT = 1000;
const SECRET = 'the-password-of-this-test';

const bed = setUpBed();
let directory: string;
let cert: string;
/** Listens to plain connections on its port, and to TLS on another. */
let server: RedisServer;
let tlsPort: number;
let admin: Redis;
const clients: Redis[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  const key = await createRsaKey();
  cert = createSelfSignedCertificate('localhost', key);
  const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  await writeFile(keyFile, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await writeFile(certFile, cert);
  server = await withFreePort(async (port) => {
    tlsPort = port;
    const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
    return startRedisServer({ args: [...tls, '--tls-ca-cert-file', certFile, '--tls-auth-clients', 'no'] });
  });
  admin = server.client();
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

type Target = string | RedisOptions | Redis;

const openStore = (redis: Target) => createRedisStore({ redis, prefix: 'connect-auth:', timeoutMs: TIMEOUT });

/** How a login fails to be written, and how its session fails to be read. */
async function findFaults(redis: Target): Promise<{ write: Error | undefined; read: Error | undefined }> {
  const store = openStore(redis);
  const records = { identity: '{}', data: '{}', tokens: Buffer.from(SECRET) };
  const catchError = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: Error) => error,
    );
  try {
    const write = await catchError(
      store.writeLogin(`${SECRET} ${randomUUID()}`, records, { idleMs: 60_000, absoluteMs: 60_000 }),
    );
    return { write, read: await catchError(store.readSession(SECRET)) };
  } finally {
    await store.close();
  }
}

async function expectFault(redis: Target, message: RegExp, which: 'write' | 'read' = 'write'): Promise<void> {
  const fault = (await findFaults(redis))[which];
  expect(fault).toMatchObject({ name: 'StoreError', code: 'store_unavailable', status: 503 });
  expect(fault!.message).toMatch(message);
  const told = inspect(fault, { depth: 9, showHidden: true });
  expect(told).not.toContain(SECRET);
  expect(told).not.toContain('connect-auth:');
}

const withUser = (name: string) => server.url.replace('//', `//${name}:${SECRET}@`);
const allow = (...rules: string[]) =>
  admin.call('ACL', 'SETUSER', 'app', 'reset', 'on', `>${SECRET}`, ...rules);
const tls = (more: RedisOptions['tls'] = {}): RedisOptions => ({
  host: '127.0.0.1',
  port: tlsPort,
  tls: { ca: cert, checkServerIdentity: () => undefined, ...more },
});

describe('a connection to Redis that cannot be made', () => {
  it.each<[string, () => Target, RegExp]>([
    [
      'a closed port',
      () => 'redis://127.0.0.1:1',
      /^Redis at 127\.0\.0\.1:1 refused .*ECONNREFUSED.* correct host/,
    ],
    [
      'a closed port of several addresses',
      () => 'redis://localhost:1',
      /^Redis at localhost:1 refused the conn/,
    ],
    ['one of IPv6', () => 'redis://[::1]:1', /^Redis at \[::1\]:1 .*\(E[A-Z]+\)\. ./],
    [
      'an unknown host',
      () => 'redis://redis.invalid',
      /^Redis at redis\.invalid:6379 has a host name .*Correct the host/,
    ],
    [
      'no socket',
      () => `${directory}/none`,
      /^Redis at \/.*\/none is not there \(ENOENT\).*path of the socket/,
    ],
    ['an untrusted certificate', () => `rediss://127.0.0.1:${tlsPort}`, /not trusted \(DEPTH_ZERO.*tls\.ca/],
    [
      'a certificate for another name',
      () => ({ host: '127.0.0.1', port: tlsPort, tls: { ca: cert } }),
      /another host name .*tls\.servername/,
    ],
    [
      'a plain port, asked by TLS',
      () => server.url.replace('redis:', 'rediss:'),
      /ETIMEDOUT.* write redis:\/\/ in place/,
    ],
    [
      'a TLS port, asked plainly',
      () => `redis://127.0.0.1:${tlsPort}`,
      /broke the connection.* write rediss:\/\//,
    ],
  ])('is named: %s (N-27)', async (_, target, message) => {
    await expectFault(target(), message);
  });

  it('is named when the server asks for a certificate of ours (N-27)', async () => {
    await admin.config('SET', 'tls-auth-clients', 'yes');
    try {
      await expectFault(tls(), /asks for a certificate of this client.*tls\.cert|broke the connection/);
    } finally {
      await admin.config('SET', 'tls-auth-clients', 'no');
    }
    expect((await findFaults(tls())).write).toBeUndefined();
  });

  it('is named when there is no room for one more client (N-27)', async () => {
    await admin.config('SET', 'maxclients', 1);
    try {
      await expectFault(server.url, /has no room for one more client.*maxclients/);
    } finally {
      await admin.config('SET', 'maxclients', 100);
    }
  });

  it.each<[string, (socket: Socket) => void]>([
    ['before it is greeted', (socket) => socket.destroy()],
    ['at the greeting', (socket) => socket.once('data', () => socket.end())],
    ['by a reset', (socket) => socket.resetAndDestroy()],
    [
      'with a reply that is overtaken by the end',
      (socket) => socket.once('data', () => socket.end('-ERR max number of clients reached\r\n')),
    ],
  ])('is named when the other end closes %s (N-27)', async (_, close) => {
    const listener = createServer(close);
    await once(listener.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = listener.address() as AddressInfo;
      await expectFault(`redis://127.0.0.1:${port}`, /no room for one more client.*maxclients/);
    } finally {
      listener.close();
    }
  });

  it('is told without the URL that somebody put in the place of the host (N-27)', async () => {
    const fault = (await findFaults({ host: `redis://:${SECRET}@localhost` })).write!;
    expect(fault.message).toMatch(/whose host is no host name/);
    expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });

  it.each([
    `redis://:12/${SECRET}@localhost`,
    `redis://user:12#${SECRET}@localhost`,
    `redis://:a?${SECRET}@localhost`,
  ])('is refused at start where a password breaks its URL, and told without it (N-27)', (url) => {
    const message = (() => {
      try {
        return openStore(url);
      } catch (error) {
        expect(error).toMatchObject({ code: 'configuration' });
        return inspect(error, { depth: 9, showHidden: true });
      }
    })();
    expect(message).toMatch(/encodeURIComponent/);
    expect(message).not.toContain(SECRET);
  });
});

describe('a Redis that answers, and refuses', () => {
  afterEach(async () => {
    await admin.config('SET', 'maxmemory', 0);
    await admin.config('SET', 'min-replicas-to-write', 0);
  });

  it('a password that is missing or wrong is named (N-27)', async () => {
    await admin.config('SET', 'requirepass', 'another');
    try {
      await expectFault(server.url, /^Redis at 127\.0\.0\.1:\d+ asks for a password \(NOAUTH\)\. Give/);
      await expectFault(
        server.url.replace('//', `//:${SECRET}@`),
        /refused the password \(WRONGPASS\)\. Correct/,
      );
      await expectFault(withUser('nobody'), /refused the password \(WRONGPASS\)/, 'read');
    } finally {
      await server.client({ password: 'another' }).config('SET', 'requirepass', '');
    }
  });

  it.each<[string, string[], RegExp, 'write' | 'read']>([
    ['all commands but INFO', ['~*', '-@all', '+info'], /forbids a command \(NOPERM MGET\)/, 'read'],
    [
      'scripts',
      ['~*', '+@all', '-eval', '-evalsha'],
      /forbids scripts \(NOPERM EVAL\).*\+eval and \+evalsha/,
      'write',
    ],
    ['a command in a script', ['~*', '+@all', '-set'], /forbids what a script of ours does/, 'write'],
    ['our keys', ['~other:*', '+@all'], /no right to our keys \(NOPERM\).*redisPrefix/, 'read'],
    ['our keys, to scripts', ['~other:*', '+@all'], /no right to our keys \(NOPERM\)/, 'write'],
  ])('a right that is missing is named: %s (N-27)', async (_, rules, message, which) => {
    await allow(...rules);
    await expectFault(withUser('app'), message, which);
  });

  it('a replica, a full one and one without its replicas are named (N-27)', async () => {
    await admin.replicaof('127.0.0.1', 1);
    await expectFault(server.url, /takes no writes \(READONLY\): it is a replica.*address of the primary/);
    await admin.replicaof('NO', 'ONE');
    await admin.config('SET', 'min-replicas-to-write', 1);
    await expectFault(server.url, /too few replicas to write \(NOREPLICAS\)/);
    await admin.config('SET', 'min-replicas-to-write', 0);
    await admin.config('SET', 'maxmemory', '1mb', 'maxmemory-policy', 'noeviction');
    await expectFault(server.url, /is full \(OOM\).*noeviction/);
  });

  it('one that has renamed its scripts, and a node of a cluster, are named (N-27)', async () => {
    const renamed = await startRedisServer({
      args: ['--rename-command', 'EVAL', '', '--rename-command', 'EVALSHA', ''],
    });
    const node = await startRedisServer({ args: ['--cluster-enabled', 'yes'] });
    await expectFault(renamed.url, /knows no scripts \(EVAL is unknown\).*rename-command/);
    await expectFault(node.url, /is down as a cluster \(CLUSTERDOWN\)|is a node of a cluster/);
    await renamed.stop();
    await node.stop();
  });

  it('one that hangs is named (N-27)', async () => {
    server.pause();
    await expectFault(
      server.url,
      /^Redis at 127\.0\.0\.1:\d+ did not answer within 1000 ms\. Look whether it hangs/,
    );
    server.resume();
  });
});

describe("a client of the application's own", () => {
  const ownClient = (options: RedisOptions) => {
    const client = new Redis({ host: '127.0.0.1', port: 1, ...options });
    clients.push(client);
    return client;
  };

  it('tells what its error event says, whatever it does with commands (N-27)', async () => {
    for (const options of [{}, { maxRetriesPerRequest: null }, { maxRetriesPerRequest: 0 }]) {
      const client = ownClient(options);
      client.on('error', () => undefined);
      await expectFault(client, /^Redis at 127\.0\.0\.1:1 refused the connection \(ECONNREFUSED\)/);
    }
  });

  it('without a listener has its errors printed as before, and we say that nobody listens (N-27)', async () => {
    const print = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    try {
      await expectFault(
        ownClient({ maxRetriesPerRequest: 1 }),
        /could not be asked \(.*Listen to 'error' of the/,
      );
      await expectFault(
        ownClient({ enableOfflineQueue: false }),
        /could not be asked \(.*Listen to 'error' of the/,
      );
      await expectFault(ownClient({ port: server.port, username: 'nobody', password: SECRET }), /WRONGPASS/);
      expect(print).toHaveBeenCalledWith(expect.stringContaining('Unhandled error event'), expect.anything());
    } finally {
      print.mockRestore();
    }
  });

  it('is let go of when the application ends (N-27)', async () => {
    const client = server.client();
    const names = () => client.eventNames().map((name) => [name, client.listenerCount(name)]);
    const before = names();
    await openStore(client).close();
    expect(names()).toEqual(before);
  });
});

describe('an application whose Redis cannot be reached', () => {
  it('tells its operator which, and what to do (N-27)', async () => {
    const app = await bed.start({ redis: 'redis://127.0.0.1:1', storeTimeoutMs: TIMEOUT });
    await expect(app.auth.sessions.list({ issuer: bed.op.issuer, sub: 'ada' })).rejects.toThrow(
      'ECONNREFUSED',
    );
    expect((await app.auth.health()).store.warnings).toEqual([
      'Redis at 127.0.0.1:1 refused the connection (ECONNREFUSED). Start it, or correct host and port in redis.',
    ]);
  });
});
