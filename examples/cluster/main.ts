// Several processes on one Redis: whoever logs in at one is known to all, a token is refreshed by one of them, and a logout
// ends the session in each. All have the same secret.
//   npm install express-connect-auth express ioredis
//   REDIS_URL=redis://localhost:6379 npx tsx main.ts
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);

if (cluster.isPrimary) {
  // For trying, and once for all. Yours is configured by the environment as well: ISSUER, CLIENT_ID, CLIENT_SECRET.
  const { issuer, clientId, clientSecret } = await startTestProvider();
  const given = { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret };
  const secret = process.env.SESSION_SECRET ?? randomBytes(32).toString('hex');
  const workers = [1, 2].map(() => cluster.fork({ ...given, SESSION_SECRET: secret }));
  await Promise.all(workers.map((worker) => once(worker, 'listening')));
  console.log(`Open http://localhost:${port}`);
} else {
  const app = express();
  const auth = connectAuth({
    baseUrl: `http://localhost:${port}`,
    secret: process.env.SESSION_SECRET!,
    redis: process.env.REDIS_URL!, // In the memory of a process nobody else finds a session.
    provider: providers.oidc({
      issuer: process.env.ISSUER!,
      clientId: process.env.CLIENT_ID!,
      clientSecret: process.env.CLIENT_SECRET!,
    }),
  });
  app.use(auth);
  app.get('/', (req, res) => {
    res.json({ worker: cluster.worker!.id, user: req.user?.sub ?? null });
  });
  app.get('/account', requireAuth, (req, res) => {
    res.json({ worker: cluster.worker!.id, user: req.user!.sub });
  });

  const server = app.listen(port);
  process.once('SIGTERM', () => {
    // Answers that are under way come to their end, and nobody is logged out.
    server.close(() => auth.close().then(() => process.exit()));
  });
}
