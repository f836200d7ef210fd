import type { Response as Answer, Express } from 'express';
import type { BrowserClient } from './browser-client.ts';

/** Routes that use the person's tokens. A fault is answered by its status and code. */
export function addTokenRoutes(app: Express): void {
  app.get('/token', (req, res) =>
    answer(res, async () => {
      const { min } = req.query;
      const token = await req.auth.getAccessToken(
        min === undefined ? {} : { minValiditySeconds: Number(min) },
      );
      return { token, user: req.user };
    }),
  );
  app.get('/call', (req, res) =>
    answer(res, async () => {
      const response = await req.auth.fetch(String(req.query.url));
      return { upstream: response.status, said: await response.text() };
    }),
  );
  app.get('/userinfo', (req, res) => answer(res, async () => ({ claims: await req.auth.fetchUserInfo() })));
}

async function answer(res: Answer, work: () => Promise<object>): Promise<void> {
  try {
    res.json(await work());
  } catch (error) {
    const { status = 500, code, name } = error as { status?: number; code?: string; name: string };
    const { oauthError, retryAfterSeconds } = error as { oauthError?: string; retryAfterSeconds?: number };
    res.status(status).json({ error: code, name, oauthError, retryAfterSeconds });
  }
}

/** What one of the routes said, and with which status. */
export interface RouteAnswer {
  status: number;
  token?: string;
  user?: Express.User;
  claims?: Record<string, unknown>;
  upstream?: number;
  said?: string;
  error?: string;
  name?: string;
  oauthError?: string;
  retryAfterSeconds?: number;
}

/** Asks one of the routes. */
export async function ask(browser: Pick<BrowserClient, 'get'>, path = '/token'): Promise<RouteAnswer> {
  const response = await browser.get(path);
  return { status: response.status, ...(await response.json()) };
}
