import { defineConfig } from '@playwright/test';

export default defineConfig({
  testMatch: 'app.spec.js',
  reporter: 'line',
  use: {
    launchOptions: {
      // The browser of this system, where one is named; else Playwright's own.
      ...(process.env.CHROMIUM_BIN && { executablePath: process.env.CHROMIUM_BIN }),
      args: ['--no-sandbox'],
    },
  },
});
