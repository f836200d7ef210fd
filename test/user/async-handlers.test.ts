import { describe, expect, it } from '@jest/globals';
import type { ErrorRequestHandler, Request, Response } from 'express';
import { requireAuth } from 'express-connect-auth';
import { startApiServer } from '../support/api-server.ts';
import { expressVersions } from '../support/express-versions.ts';
import { logInWith } from '../support/scripted-logins.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();

describe.each(expressVersions)('an async handler of %s, as the documents show it', (_, createExpress) => {
  it('fails its own request and nothing else when the API is down, or nobody is logged in', async () => {
    const api = await startApiServer();
    await api.close();
    const listOrders = async (req: Request, res: Response) => {
      const answer = await req.auth.fetch(`${api.origin}/orders`);
      res.status(answer.status).json(await answer.json());
    };
    const seen: string[] = [];
    const app = await startApp({
      ...{ op, createExpress, apiOrigins: [api.origin] },
      handlers: (server) => {
        server.get('/orders', requireAuth, async (req, res, next) => {
          try {
            await listOrders(req, res);
          } catch (error) {
            next(error);
          }
        });
        server.get('/open', (req, res, next) => {
          listOrders(req, res).catch(next);
        });
        const answerFault: ErrorRequestHandler = (error, _req, res, _next) => {
          seen.push(error.name);
          res.status(error.status ?? 500).json('failed');
        };
        server.use(answerFault);
      },
    });
    const browser = await logInWith(op, app);
    expect((await browser.get('/orders')).status).toBe(500);
    expect((await app.browser().get('/open')).status).toBe(401);
    expect(seen).toEqual(['TypeError', 'LoginRequiredError']);
    expect((await browser.get('/me')).status).toBe(200);
    expect(app.errors).toEqual([]);
  });
});
