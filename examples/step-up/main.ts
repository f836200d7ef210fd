// A page that wants more than a login: one of the last five minutes, of a class that the provider calls "2". Whoever has less
// is sent there once more, comes back to the page, and keeps the session.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
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
  }),
);

app.get('/', (req, res) => {
  const who = req.user ? `You are ${req.user.sub}.` : 'Nobody is signed in.';
  res.send(`<h1>Bank</h1><p>${who} <a href="/account">Account</a> <a href="/transfer">Transfer</a>`);
});

app.get('/account', requireAuth, (req, res) => {
  res.send(
    `<h1>Account of ${req.user!.sub}</h1><p>Signed in by the class ${req.auth.acr ?? 'of any login'}.`,
  );
});

// The same rules for the page and for what its form sends: a form cannot wait at the provider, its page can.
const stronger = requireAuth({ maxAgeSeconds: 300, acrValues: '2' });
app.get('/transfer', stronger, (req, res) => {
  res.send(`<h1>Transfer by ${req.user!.sub}</h1><form method="post"><button>Send</button></form>`);
});
app.post('/transfer', stronger, (req, res) => {
  res.json({ by: req.user!.sub, acr: req.auth.acr, provenAt: req.auth.authTime });
});

app.listen(port).on('listening', () => console.log(`Open http://localhost:${port}`));
