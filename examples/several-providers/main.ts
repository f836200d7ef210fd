// Several providers. `/login` asks which one, `/login?provider=staff` does not. Each has a redirect URI of its own:
// `/oauth/callback/staff`, `/oauth/callback/customers`.
//   npm install express-connect-auth express
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';

const port = Number(process.env.PORT ?? 3000);
// For trying. Yours: providers.entra({ … }), providers.google({ … }), providers.oidc({ … }), …
const staff = await startTestProvider();
const customers = await startTestProvider();

const app = express();
app.use(
  connectAuth({
    baseUrl: `http://localhost:${port}`,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    providers: { staff: staff.definition, customers: customers.definition },
    // What the page that asks calls them. Each may have a `logo` as well.
    pages: { providers: { staff: { name: 'Our people' }, customers: { name: 'Customers' } } },
    // A `sub` is unique at its provider only. What you store people by is the pair.
    mapUser: (claims, { issuer, provider }) => ({
      ...{ sub: claims.sub, name: claims.name, provider },
      id: `${issuer}|${claims.sub}`,
    }),
  }),
);

app.get('/', (req, res) => {
  res.send(
    req.user
      ? `<h1>Shop</h1><p>You are ${req.user.sub}, of ${req.user.provider}. <a href="/account">Account</a> <a href="/admin">For staff</a>
<form method="post" action="/logout"><button>Sign out</button></form>`
      : '<h1>Shop</h1><p><a href="/login">Sign in</a> <a href="/login?provider=staff">Sign in as staff</a>',
  );
});
app.get('/account', requireAuth, (req, res) => {
  res.json(req.user);
});
// Rules may name what only one of the providers can say.
app.get('/admin', requireAuth({ allow: (req) => req.auth.provider === 'staff' }), (req, res) => {
  res.send(`<h1>Hello, ${req.user!.sub}</h1>`);
});

app.listen(port).on('listening', () => console.log(`Open http://localhost:${port}`));

declare global {
  namespace Express {
    interface User {
      id?: string;
      provider?: string;
    }
  }
}
