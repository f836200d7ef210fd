import { RedisStore } from 'connect-redis';
import express, { type Express } from 'express';
import openIdConnect from 'express-openid-connect';
import { Redis } from 'ioredis';
import type { ServerSettings } from './server-settings.ts';

/** express-openid-connect, with its session in Redis or, as by default, sealed in the browser's cookie. */
export function createApp(settings: ServerSettings): Express {
  const { redisUrl, variant, issuer, baseUrl, clientId, clientSecret } = settings;
  const app = express();
  app.use(
    openIdConnect.auth({
      issuerBaseURL: issuer,
      baseURL: baseUrl,
      clientID: clientId,
      clientSecret,
      secret: 'a secret of the benchmark, long enough to be one',
      authRequired: false,
      authorizationParams: { response_type: 'code', scope: 'openid profile email offline_access' },
      routes: { callback: '/oauth/callback' },
      // Its type asks for a store with callbacks that return nothing.
      ...(variant === 'redis' && { session: { store: createStore(redisUrl) } }),
    }),
  );
  app.get('/me', openIdConnect.requiresAuth(), (req, res) => {
    res.json(req.oidc.user);
  });
  return app;
}

function createStore(redisUrl: string): never {
  return new RedisStore({ client: new Redis(redisUrl), prefix: '' }) as never;
}
