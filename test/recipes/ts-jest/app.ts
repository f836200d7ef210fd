import express, { type Express } from 'express';
import { type ConnectAuth, connectAuth, type ProviderDefinition, requireAuth } from 'express-connect-auth';

/** The application, for any provider. */
export function createApp(provider: ProviderDefinition): { app: Express; auth: ConnectAuth } {
  const app = express();
  const auth = connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'development secret, at least 32 characters',
    redis: 'memory',
    provider,
  });
  app.use(auth);
  app.get('/me', requireAuth, (req, res) => void res.json({ hello: req.user?.name }));
  app.get(
    '/admin',
    requireAuth({ claims: { role: 'admin' } }),
    (_req, res) => void res.json({ hello: 'admin' }),
  );
  return { app, auth };
}
