// Starts the example: the application and, beside it, a provider. `--provider telenor` takes an emulator of Telenor
// CONNECT; see providers.ts for the others.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { starters } from './providers.ts';
import { createApp } from './server.ts';

const { values } = parseArgs({ options: { provider: { type: 'string', default: 'oidc' } } });
const startProvider = starters[values.provider];
if (!startProvider) {
  console.error(`There is no provider "${values.provider}". There are: ${Object.keys(starters).join(', ')}.`);
  process.exit(1);
}

const server = createServer();
const port = await listenOnFirstFree([3000, 0]);
const baseUrl = `http://localhost:${port}`;
const { options, origins, accessTokenSeconds } = await startProvider(baseUrl);

const app = createApp({
  baseUrl,
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('base64url'),
  redis: process.env.REDIS_URL ?? 'memory',
  ...options,
  providerOrigins: origins,
  accessTokenSeconds,
});
server.on('request', app);
console.log(
  `Open ${baseUrl} (sessions in ${process.env.REDIS_URL ? 'Redis' : 'memory'}, provider at ${origins.join(' and ')})`,
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
