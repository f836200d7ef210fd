import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ConnectAuth, UpgradeAuth } from 'express-connect-auth';
import type { TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { type ListeningServer, listen } from '../support/listen.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { until } from '../support/until.ts';
import { useApps, useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const redis = await useRedisServer();
const startApp = useApps();
const start = () => startApp({ op, redis: redis.url, storeTimeoutMs: 1000 });

const engines: ListeningServer[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

type Handshake = IncomingMessage & { user?: Express.User; auth?: UpgradeAuth };

/** What socket.io's engine does with each request of its own: Node's objects, and 400 where the middleware fails. */
async function startEngine(
  auth: ConnectAuth,
  onConnection: (req: Handshake) => void = () => undefined,
): Promise<ListeningServer> {
  const engine = await listen((req: Handshake, res: ServerResponse) => {
    auth(req, res, (error) => {
      if (!error) onConnection(req);
      const { provider, claims } = req.auth ?? {};
      res.statusCode = error ? 400 : 200;
      res.end(
        JSON.stringify({ user: req.user?.sub ?? null, provider, sub: claims?.sub, error: String(error) }),
      );
    });
  }, 'localhost');
  engines.push(engine);
  return engine;
}

interface Asked {
  readonly headers?: Record<string, string>;
  readonly agent?: Agent;
}

/** Polls as the client of socket.io does, from a page of the application. */
function poll(engine: ListeningServer, { jar }: BrowserClient, { headers = {}, agent }: Asked = {}) {
  const cookie = jar.header(engine.origin);
  return new Promise<Record<string, unknown>>((resolve, reject) => {
    const asked = request(`${engine.origin}/socket.io/?EIO=4&transport=polling`, {
      headers: { ...(cookie && { cookie }), ...headers },
      ...(agent && { agent }),
    });
    asked.once('error', reject);
    asked.once('response', async (answer) => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      resolve({ status: answer.statusCode, ...JSON.parse(text) });
    });
    asked.end();
  });
}

describe('io.engine.use(auth)', () => {
  it('gives each handshake its user and its login, and neither to nobody (R-113)', async () => {
    const app = await start();
    const engine = await startEngine(app.auth);
    expect(await poll(engine, await logInWith(op, app))).toMatchObject({
      ...{ status: 200, user: 'ada', provider: 'default', sub: 'ada' },
    });
    expect(await poll(engine, app.browser())).toMatchObject({ status: 200, user: null });
  });

  it('refuses a handshake from a page of another origin (R-135)', async () => {
    const app = await start();
    const engine = await startEngine(app.auth);
    const browser = await logInWith(op, app);
    const foreign = await poll(engine, browser, { headers: { origin: 'https://evil.example' } });
    expect(foreign).toMatchObject({ status: 400, user: null });
    expect(foreign.error).toContain('CrossOriginError');
    const own = await poll(engine, browser, { headers: { origin: app.origin } });
    expect(own).toMatchObject({ status: 200, user: 'ada' });
  });

  it('refuses it while the store is away: nobody knows who that is', async () => {
    const app = await start();
    const engine = await startEngine(app.auth);
    const browser = await logInWith(op, app);
    redis.pause();
    try {
      const refused = await poll(engine, browser);
      expect(refused).toMatchObject({ status: 400, user: null });
      expect(refused.error).toContain('StoreError');
    } finally {
      redis.resume();
    }
  });

  it('tells a connection that its session has ended (F-31)', async () => {
    const app = await start();
    const ended: string[] = [];
    const engine = await startEngine(app.auth, ({ auth, user }) => {
      auth?.onEnd(() => void ended.push(user!.sub));
    });
    await poll(engine, await logInWith(op, app));
    await app.auth.sessions.revokeAll({ issuer: op.issuer, sub: 'ada' });
    await until(() => ended.length > 0);
    expect(ended).toEqual(['ada']);
  });

  it('leaves nothing behind on a connection that polls again and again', async () => {
    const app: TestApp = await start();
    const listeners: number[] = [];
    const engine = await startEngine(app.auth, ({ socket }) => {
      listeners.push(socket.listenerCount('error'));
    });
    const browser = await logInWith(op, app);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let index = 0; index < 4; index += 1) await poll(engine, browser, { agent });
    agent.destroy();
    expect(new Set(listeners).size).toBe(1);
  });
});

describe('allowRequest', () => {
  /** As engine.io asks it, for handshakes by polling and for upgrades alike. */
  const startGate = async ({ auth }: TestApp) => {
    const engine = await listen((req, res) => {
      auth.authenticateUpgrade(req).then(
        ({ user }) => void res.end(JSON.stringify({ user: user.sub })),
        ({ status, message }) => {
          res.statusCode = status;
          res.end(JSON.stringify({ message }));
        },
      );
    }, 'localhost');
    engines.push(engine);
    return engine;
  };

  it('lets in whoever is logged in, from a page of ours, by authenticateUpgrade() (R-113)', async () => {
    const app = await start();
    const gate = await startGate(app);
    const browser = await logInWith(op, app);
    expect(await poll(gate, browser)).toEqual({ status: 200, user: 'ada' });
    expect(await poll(gate, app.browser())).toMatchObject({ status: 401 });
    const headers = { origin: 'https://evil.example' };
    expect(await poll(gate, browser, { headers })).toMatchObject({ status: 403 });
  });
});
