import express from 'express';
import { connectAuth, providers } from 'express-connect-auth';
import { createBrowser } from './browser-client.ts';
import { serve } from './listen.ts';

/*
 * An application whose provider is away, in a process of its own: opens the login, a callback that nobody waits for, and
 * the same by a script, then prints what came of it as JSON.
 */

const references: string[] = [];
const program = await serve(async (origin) => {
  const app = express();
  app.use(
    connectAuth({
      baseUrl: origin,
      secret: 'a secret of the tests, long enough to be one',
      redis: 'memory',
      provider: providers.oidc({
        ...{ issuer: 'http://localhost:9', clientId: 'app', clientSecret: 'the secret of the client' },
        timeoutMs: 1000,
      }),
      onError: ({ reference }) => void references.push(reference),
    }),
  );
  return app;
}, 'localhost');
const browser = createBrowser(program.origin);
const login = await browser.get('/login');
const callback = await browser.get('/oauth/callback?code=a-code-of-nobody&state=a-state-of-nobody');
const script = await browser.get('/oauth/callback?state=x', { 'sec-fetch-mode': 'cors' });
process.stdout.write(
  JSON.stringify({
    references,
    pages: [await login.text(), await callback.text()],
    script: await script.json(),
  }),
);
await program.close();
