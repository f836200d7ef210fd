// Next with a server of its own: Express signs people in, and Next draws the pages.
//   npm install express-connect-auth express next react react-dom
import { randomBytes } from 'node:crypto';
import express from 'express';
import { connectAuth, requireAuth } from 'express-connect-auth';
import { startTestProvider } from 'express-connect-auth/testing';
import createNext from 'next';

const port = Number(process.env.PORT ?? 3000);
const { definition } = await startTestProvider(); // For trying. Yours: providers.keycloak({ … }), providers.oidc({ … }), …

const next = createNext({ dev: process.env.NODE_ENV !== 'production', dir: import.meta.dirname });
await next.prepare();
const render = next.getRequestHandler();

const app = express();
app.disable('x-powered-by');
// Next's own files need no session.
app.use('/_next', (req, res) => render(withWholeUrl(req), res));
app.use(
  connectAuth({
    baseUrl: `http://localhost:${port}`,
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    provider: definition,
  }),
);
// The page itself reads `req.user` in getServerSideProps: see pages/account.jsx.
app.use('/account', requireAuth);
app.use((req, res) => render(req, res));

app.listen(port).on('listening', () => console.log(`Open http://localhost:${port}`));

/** Below a path Express shortens the URL, by which Next finds its files. */
function withWholeUrl(req: express.Request): express.Request {
  req.url = req.originalUrl;
  return req;
}
