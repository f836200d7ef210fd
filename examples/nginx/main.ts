// Behind nginx, which ends TLS and serves the application below /shop: see nginx.conf. Nothing is to be trusted here, no
// `trust proxy` and no X-Forwarded-*: what must be known of the outside follows from `baseUrl`.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const baseUrl = process.env.BASE_URL ?? 'https://localhost:8443/shop';
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …
const auth = connectAuth({
  baseUrl, // with the path, as browsers see it
  secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
  provider: definition,
});

const shop = express.Router();
shop.use(auth);
shop.get('/', (req, res) => {
  res.send(`<h1>Shop</h1><p>${req.user?.sub ?? 'Nobody'} <a href="account">Account</a>`);
});
shop.get('/account', requireAuth, (req, res) => {
  res.json({ user: req.user!.sub, secure: req.auth.isAuthenticated });
});
// What is open must not wait in a buffer of the proxy.
shop.get('/events', requireAuth, (req, res) => {
  res.set('X-Accel-Buffering', 'no').type('text/event-stream').flushHeaders();
  res.write(`data: Hello, ${req.user!.sub}\n\n`);
  req.auth.onEnd(() => res.end('event: end\ndata:\n\n'));
});

const app = express();
app.use('/shop', shop); // nginx passes the path on as it came.
app.listen(port, '127.0.0.1').on('listening', () => console.log(`Open ${baseUrl}`));
