import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';

/** The application, for any provider. */
export function createApp(provider, options = {}) {
  const app = express();
  const auth = connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'development secret, at least 32 characters',
    redis: 'memory',
    provider,
    ...options,
  });
  app.use(auth);
  app.get('/me', requireAuth, (req, res) => res.json({ hello: req.user.name }));
  app.get('/admin', requireAuth({ claims: { role: 'admin' } }), (_req, res) => res.json({ hello: 'admin' }));
  return { app, auth };
}
