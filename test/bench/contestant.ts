// One contestant as a process of its own: told what to be by its arguments, it prints its port and serves `/me`.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import { Redis } from 'ioredis';

export type Contestant = 'express' | 'express-get' | 'connect-auth';

export interface ContestantSettings {
  redisUrl: string;
  baseUrl: string;
  port: number;
  issuer: string;
}

const [kind, json] = process.argv.slice(2) as [Contestant, string];
const settings = JSON.parse(json) as ContestantSettings;

const user = { sub: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', email_verified: true };

const apps: Record<Contestant, (app: Express) => void> = {
  express: (app) => {
    app.get('/me', (_req, res) => {
      res.json(user);
    });
  },
  'express-get': (app) => {
    const redis = new Redis(settings.redisUrl, { enableAutoPipelining: true });
    app.get('/me', async (req, res) => {
      const record = await redis.get(`bench:${req.headers.cookie}`);
      res.json(JSON.parse(record!).claims);
    });
  },
  'connect-auth': (app) => {
    app.use(
      connectAuth({
        baseUrl: settings.baseUrl,
        secret: 'a secret of the benchmark, long enough to be one',
        redis: settings.redisUrl,
        provider: providers.oidc({
          issuer: settings.issuer,
          clientId: 'app',
          clientSecret: 'the-secret-of-the-app-at-the-provider',
        }),
      }),
    );
    app.get('/me', requireAuth, (req, res) => {
      res.json(req.user);
    });
  },
};

const app = express();
apps[kind](app);
// What the last window cost this process, in microseconds of CPU.
let before = process.cpuUsage();
process.on('message', () => {
  const { user: userTime, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  process.send?.(userTime + system);
});
const server = app.listen(settings.port, '127.0.0.1');
await once(server, 'listening');
process.send?.((server.address() as AddressInfo).port);
