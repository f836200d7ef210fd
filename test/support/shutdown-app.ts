// node --import tsx test/support/shutdown-app.ts <redis URL or "memory">
//
// An application that ends as it should when it is told to: it takes no new requests, answers those under way, then
// closes what belongs to it. Nothing calls process.exit(): whatever is left keeps the process alive.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { connectAuth, providers } from 'express-connect-auth';
import { createGate } from './gate.ts';

const [, , redis = 'memory'] = process.argv;
const told = createGate();

const auth = connectAuth({
  baseUrl: 'http://localhost:3000',
  secret: 'a secret of the tests, long enough to be one',
  redis,
  storeTimeoutMs: 1000,
  provider: providers.oidc({ issuer: 'https://id.example.com', clientId: 'app' }),
});
const app = express();
app.use(auth);
app.get('/save', (req, res) => {
  Object.assign(req.session, req.query);
  res.json('saved');
});
app.get('/slow', async (req, res) => {
  console.log('waiting');
  await told.opened;
  Object.assign(req.session, { slow: true });
  res.json('done');
});

const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.once('SIGTERM', async () => {
  const closed = once(server, 'close');
  server.close();
  told.open();
  await closed;
  await auth.close();
});
console.log((server.address() as AddressInfo).port);
