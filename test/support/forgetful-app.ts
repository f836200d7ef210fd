// node --import tsx test/support/forgetful-app.ts
//
// Two applications, of Express 5 and 4, whose handlers await nothing. Nobody handles the faults of this process.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connectAuth, providers } from 'express-connect-auth';
import { expressVersions } from './express-versions.ts';

for (const [, createExpress] of expressVersions) {
  const auth = connectAuth({
    baseUrl: 'http://localhost:3000',
    secret: 'a secret of the tests, long enough to be one',
    redis: 'memory',
    provider: providers.oidc({ issuer: 'https://id.example.com', clientId: 'app' }),
  });
  const app = createExpress();
  app.use(auth);
  app.get('/forgets', (req, res) => {
    req.auth.login();
    req.auth.renew().then(() => 'renewed');
    req.auth.fetch('https://api.example.com').finally(() => 'called');
    auth.sessions.revokeOthers({} as never);
    res.send('bye');
  });
  app.get('/throws', (_req, res) => {
    auth.health().then(() => {
      throw new Error('of the application');
    });
    res.send('bye');
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}
