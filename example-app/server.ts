// The application: what you would write yourself. `main.ts` starts it with a provider beside it.
import { fileURLToPath } from 'node:url';
import express, { type Application, type Request } from 'express';
import { type ConnectAuthOptions, connectAuth, requireAuth, type UserName } from 'express-connect-auth';
import helmet from 'helmet';
import { renderHome, renderPage, renderProfile, renderTransfer } from './pages.ts';
import { addTokenPages } from './token-pages.ts';

/** What the application is started with. */
export type ExampleOptions = Pick<
  ConnectAuthOptions,
  'baseUrl' | 'secret' | 'redis' | 'provider' | 'providers' | 'pages'
> & {
  /** Where the providers' pages are: the sign-out form is redirected there, which a browser wants to be allowed. */
  providerOrigins: readonly string[];
  /** Life of an access token, where the provider says so. */
  accessTokenSeconds?: number | undefined;
};

/** Builds the application: public and guarded pages, one for which a login must be stronger, an API, a list of sessions, and what there is of tokens. */
export function createApp({ providerOrigins, accessTokenSeconds, ...options }: ExampleOptions): Application {
  const app = express();
  const formAction = ["'self'", ...providerOrigins];
  app.use(helmet({ contentSecurityPolicy: { directives: { formAction, upgradeInsecureRequests: null } } }));
  // Before connectAuth: files need no session.
  app.use('/public', express.static(fileURLToPath(new URL('public', import.meta.url))));

  const auth = connectAuth({
    ...options,
    pages: { brand: BRAND, ...options.pages },
    session: { describe: (req) => nameBrowser(req.get('user-agent')) },
  });
  app.use(auth);

  app.get('/', (req, res) => {
    res.send(renderHome(req.user));
  });
  app.get('/profile', requireAuth, async (req, res) => {
    req.session.visits = (req.session.visits ?? 0) + 1;
    const { claims, expiresAt } = req.auth;
    const sessions = await auth.sessions.list(findUser(req), { current: req });
    const visit = req.session.visits;
    res.send(renderProfile({ user: req.user!, claims: claims!, expiresAt: expiresAt!, visit, sessions }));
  });
  app.post('/sessions/end', requireAuth, express.urlencoded({ extended: false }), async (req, res) => {
    // Only what is in the person's own list: a handle from elsewhere is nobody's business here.
    const own = await auth.sessions.list(findUser(req), { current: req });
    const session = own.find(({ handle }) => handle === req.body.handle);
    if (session) await auth.sessions.revoke(session.handle);
    res.redirect(303, '/profile');
  });
  app.post('/sessions/end-others', requireAuth, async (req, res) => {
    await auth.sessions.revokeOthers(req);
    res.redirect(303, '/profile');
  });
  addTokenPages(app, accessTokenSeconds);
  // A stronger login: the page sends whoever has not proven "2" to the provider once more, and its form can then be sent.
  const stronger = requireAuth({ acrValues: '2' });
  app.get('/transfer', stronger, (req, res) => {
    res.send(renderTransfer(req.auth.acr!, req.session.transfers ?? 0));
  });
  app.post('/transfer', stronger, (req, res) => {
    req.session.transfers = (req.session.transfers ?? 0) + 1;
    res.redirect(303, '/transfer');
  });
  // The page learns that its session was ended elsewhere, by server-sent events.
  app.get('/events', requireAuth, (req, res) => {
    res.type('text/event-stream').flushHeaders();
    req.auth.onEnd(() => res.end('event: end\ndata:\n\n'));
  });
  app.get('/api/me', requireAuth, (req, res) => {
    res.json(req.user);
  });
  app.use((_req, res) => {
    res.status(404).send(renderPage('Nothing here', '<nav><a class="button" href="/">Home</a></nav>'));
  });
  return app;
}

/** The pages of the package look as ours do. */
const BRAND = { name: 'Example application', accent: '#2f6b4f', accentDark: '#7cc4a1' };

/** Only the pair of issuer and subject names a person. */
function findUser(req: Request): UserName {
  return { issuer: req.auth.issuer!, sub: req.auth.claims!.sub };
}

/** What people recognise in a list: no more than this is kept of the header. */
function nameBrowser(userAgent = ''): string {
  return /(Edg|Firefox|Chrome|Safari)/.exec(userAgent)?.[1] ?? 'another browser';
}

declare global {
  namespace Express {
    interface SessionData {
      visits: number;
      transfers: number;
    }
  }
}
