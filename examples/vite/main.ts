// A front end built by Vite, and its API, on one origin: no CORS, no token in the browser, one command while you work on it.
//   npm install express-connect-auth express vite
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …

const app = express();
app.use(
  connectAuth({
    baseUrl: `http://localhost:${port}`,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    provider: definition,
    routes: { session: '/auth/session' }, // who is there and for how long, for src/main.ts
  }),
);
app.get('/api/orders', requireAuth, (req, res) => {
  res.json([{ by: req.user!.sub, article: 'Engine' }]);
});

if (process.env.SERVE === 'built') {
  app.use(express.static(join(import.meta.dirname, 'dist'))); // after `vite build`
} else {
  const { createServer } = await import('vite');
  const vite = await createServer({
    root: import.meta.dirname,
    server: { middlewareMode: true, hmr: { port: port + 1 } },
  });
  app.use(vite.middlewares);
}

app.listen(port).on('listening', () => console.log(`Open http://localhost:${port}`));
