import { createHash, randomBytes } from 'node:crypto';
import express, { type Express, type Request } from 'express';
import { createBrowser } from '../support/browser-client.ts';
import { serve } from '../support/listen.ts';
import type { Client, ClientSettings } from './stage.ts';

/** A client that does all that a login takes, and checks nothing of it. A judge that passes it judges nothing. */
export async function startNaiveClient({ op }: ClientSettings): Promise<Client> {
  const server = await serve(async (origin) => {
    await op.registerApp(origin);
    return addRoutes(express(), op, `${origin}/oauth/callback`);
  }, 'localhost');
  return {
    origin: server.origin,
    browser: (jar) => createBrowser(server.origin, jar),
    logIn: async (browser, { path = '/login', ...signIn } = {}) => {
      const location = (await browser.get(path)).headers.get('location') ?? '';
      return browser.deliver(await op.signIn(location, signIn));
    },
    close: server.close,
  };
}

function addRoutes(app: Express, op: ClientSettings['op'], redirectUri: string): Express {
  const verifiers = new Map<string, string>();
  const sessions = new Map<string, { user: unknown; refreshToken: string }>();
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  const basic = Buffer.from(`${encode(op.clientId)}:${encode(op.clientSecret)}`).toString('base64');
  const random = () => randomBytes(32).toString('base64url');
  const sessionOf = (req: Request) =>
    sessions.get(/\bnaive=([\w-]+)/.exec(req.headers.cookie ?? '')?.[1] ?? '');

  const ask = async (path: string, init?: RequestInit) => (await fetch(op.issuer + path, init)).json();
  const askForTokens = (params: Record<string, string>) =>
    ask('token', {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams(params),
    });
  const askWho = async (token: string) => {
    const answer = await fetch(`${op.issuer}userinfo`, { headers: { authorization: `Bearer ${token}` } });
    return answer.json();
  };

  app.get('/login', (_req, res) => {
    const [state, verifier] = [random(), random()];
    verifiers.set(state, verifier);
    const query = new URLSearchParams({
      ...{ response_type: 'code', client_id: op.clientId, redirect_uri: redirectUri, state, nonce: random() },
      ...{ scope: 'openid', code_challenge_method: 'S256' },
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    });
    res.redirect(`${op.issuer}authorize?${query}`);
  });
  app.get('/oauth/callback', async (req, res) => {
    const { code, state } = req.query as { code: string; state: string };
    const code_verifier = verifiers.get(state) ?? '';
    const params = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier };
    const tokens = await askForTokens(params);
    const user = await askWho(tokens.access_token);
    const id = random();
    sessions.set(id, { user, refreshToken: tokens.refresh_token });
    res.cookie('naive', id).redirect(303, '/');
  });
  app.get('/', (req, res) => void res.json({ user: sessionOf(req)?.user ?? null }));
  app.get('/userinfo', async (req, res) => {
    const refresh_token = sessionOf(req)?.refreshToken ?? '';
    const tokens = await askForTokens({ grant_type: 'refresh_token', refresh_token });
    res.json(await askWho(tokens.access_token));
  });
  app.post('/logout', (_req, res) => res.redirect(303, '/'));
  app.post('/oauth/backchannel-logout', (_req, res) => void res.end());
  return app;
}
