import { createServer } from 'node:http';
import { test as base } from '@playwright/test';
import { startTestProvider } from 'express-connect-auth/testing';
import { createApp } from './app.js';

export { expect } from '@playwright/test';

/** Each worker has the application and its provider in its own process. */
export const test = base.extend({
  provider: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what it needs there
    async ({}, use) => {
      const provider = await startTestProvider();
      await use(provider);
      await provider.close();
    },
    { scope: 'worker' },
  ],
  auth: [
    async ({ provider }, use) => {
      const server = createServer().listen(0, 'localhost');
      await new Promise((resolve) => server.once('listening', resolve));
      const baseUrl = `http://localhost:${server.address().port}`;
      const { app, auth } = createApp(provider.definition, { baseUrl });
      server.on('request', app);
      await use(Object.assign(auth, { baseUrl }));
      server.close();
      server.closeAllConnections();
      await auth.close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ auth }, use) => use(auth.baseUrl),
});
