// An API for two kinds of callers: pages of this application by their session, programs by an access token. Writing is for
// one role, and a session's requests from other sites are refused without more ado.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, providers, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const baseUrl = `http://localhost:${port}`;
// For trying. Yours is asked for tokens of this audience as well: Auth0 and Keycloak name it in the API's settings.
const audience = 'https://orders.example.com';
const people = [{ sub: 'ada', roles: ['clerk'] }, { sub: 'grace' }];
const { issuer, clientId, clientSecret, issueTokens } = await startTestProvider({
  audience,
  people,
});

const app = express();
app.use(
  connectAuth({
    baseUrl,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    provider: providers.oidc({ issuer, clientId, clientSecret, scope: 'openid profile orders' }),
    rolesFrom: 'roles', // the name of a claim, or the path to it
  }),
);

const bearer = { audience };
const orders = [{ by: 'ada', article: 'Engine' }];
app.get('/api/orders', requireAuth({ scopes: 'orders', bearer }), (req, res) => {
  res.json({ for: req.user!.sub, by: req.auth.kind, orders });
});
app.post(
  '/api/orders',
  requireAuth({ scopes: 'orders', roles: 'clerk', bearer }),
  express.json(),
  (req, res) => {
    orders.push({ by: req.user!.sub, article: String(req.body.article) });
    res.status(201).json({ orders: orders.length });
  },
);

app.get('/', requireAuth, (req, res) => {
  res.send(`<h1>Orders</h1><p>You are ${req.user!.sub}: <a href="/api/orders">see them by your session</a>,
<a href="/as-a-program">or as a program does</a>`);
});
// What a program does: its token comes from the provider, and it has no cookie.
app.get('/as-a-program', async (_req, res) => {
  const { accessToken } = await issueTokens('grace', { scope: 'orders' });
  const answer = await fetch(`${baseUrl}/api/orders`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  res.status(answer.status).json(await answer.json());
});

app.listen(port).on('listening', () => console.log(`Open ${baseUrl}`));
