// Tenants, each with a provider of its own that a database knows: acme.localhost and globex.localhost are two customers of
// one application, and nothing of the one counts at the other.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, type ProviderDefinition, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
const baseUrls = ['acme', 'globex'].map((name) => `http://${name}.localhost:${port}`);

// For trying. Yours: a row of a database, made into providers.oidc({ issuer, clientId, clientSecret }).
const acme = await startTestProvider();
const globex = await startTestProvider();
const database = new Map<string, ProviderDefinition>([
  ['acme', acme.definition],
  ['globex', globex.definition],
]);

const app = express();
app.use(
  connectAuth({
    baseUrl: baseUrls, // `Host` chooses among these, and nothing else is served.
    application: 'tenants-example',
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    tenant: (req) => req.headers.host?.split('.')[0],
    provider: async (tenant) => database.get(tenant), // asked again every ten minutes
  }),
);

app.get('/', (req, res) => {
  res.send(`<h1>${req.auth.tenant}</h1><p>${req.user?.sub ?? 'Nobody'} <a href="/account">Account</a>`);
});
app.get('/account', requireAuth, (req, res) => {
  res.json({ tenant: req.auth.tenant, user: req.user, issuer: req.auth.issuer });
});

app.listen(port).on('listening', () => console.log(`Open ${baseUrls[0]}`));
