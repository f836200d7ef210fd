// Run as a process of its own, by startWorker(): one of several that serve the same application.
import express from 'express';
import { connectAuth, providers } from '../../src/index.ts';
import { listen } from './listen.ts';
import { addTokenRoutes } from './token-routes.ts';
import type { WorkerOptions } from './worker.ts';

const { redis, baseUrl, registration, oidc, storeTimeoutMs } = JSON.parse(
  process.env.WORKER_OPTIONS ?? '',
) as WorkerOptions;
let ahead = 0;

const app = express();
app.use(
  connectAuth({
    ...{ baseUrl, redis, storeTimeoutMs },
    secret: 'a secret of the tests, long enough to be one',
    provider: providers.oidc({ ...registration, ...oidc }),
    session: { cookieName: 'session' },
    now: () => Date.now() + ahead,
  }),
);
addTokenRoutes(app);
app.get('/', (req, res) => void res.json({ user: req.user ?? null }));

process.on('message', (ms: number) => {
  ahead += ms;
  process.send?.('advanced');
});
// The tests have ended, however that came.
process.once('disconnect', () => process.exit());

const { origin } = await listen(app, 'localhost');
process.send?.(origin);
