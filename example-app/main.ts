// Starts the example: the application and, beside it, an OpenID provider with a few test people.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { providers } from 'express-connect-auth';
import { startProvider } from './provider.ts';
import { createApp } from './server.ts';

const server = createServer();
const port = await listenOnFirstFree([3000, 0]);
const baseUrl = `http://localhost:${port}`;

// Browsers take localhost and 127.0.0.1 for two sites, as the application and its provider are in real life.
const { issuer } = await startProvider({
  host: '127.0.0.1',
  clients: [
    {
      client_id: 'example-app',
      client_secret: 'only-for-this-example',
      redirect_uris: [`${baseUrl}/oauth/callback`],
      post_logout_redirect_uris: [`${baseUrl}/`],
    },
  ],
});

const app = createApp({
  baseUrl,
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('base64url'),
  redis: process.env.REDIS_URL ?? 'memory',
  provider: providers.oidc({ issuer, clientId: 'example-app', clientSecret: 'only-for-this-example' }),
  providerOrigin: issuer,
});
server.on('request', app);
console.log(
  `Open ${baseUrl} (sessions in ${process.env.REDIS_URL ? 'Redis' : 'memory'}, provider at ${issuer})`,
);

async function listenOnFirstFree(ports: readonly number[]): Promise<number> {
  for (const candidate of ports) {
    try {
      server.listen(candidate, 'localhost');
      await once(server, 'listening');
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  return (server.address() as AddressInfo).port;
}
