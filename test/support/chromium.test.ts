import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { openChromium, withFreshContext } from './chromium.ts';
import { type ListeningServer, listen } from './listen.ts';
import { type OpenIdProvider, startOpenIdProvider } from './open-id-provider.ts';

describe('the provider in Chromium', () => {
  let browser: Browser;
  let op: OpenIdProvider;
  let app: ListeningServer;
  beforeAll(async () => {
    app = await listen((req, res) => res.end(`${req.method} ${req.url}`));
    op = await startOpenIdProvider({ baseUrl: app.origin });
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await op?.close();
    await app?.close();
  });

  const authorizationUrl = () =>
    `${op.issuer}/auth?${new URLSearchParams({
      client_id: 'app',
      redirect_uri: `${app.origin}/oauth/callback`,
      response_type: 'code',
      response_mode: 'form_post',
      scope: 'openid',
    })}`;

  it('signs somebody in and, without asking, out again', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await page.goto(authorizationUrl());
      await page.getByRole('button', { name: 'Ada Lovelace' }).click();
      await page.waitForURL(`${app.origin}/oauth/callback`);
      expect(await page.textContent('body')).toBe('POST /oauth/callback');

      const params = new URLSearchParams({ client_id: 'app', post_logout_redirect_uri: `${app.origin}/` });
      await page.goto(`${op.issuer}/session/end?${params}`);
      await page.waitForURL(`${app.origin}/`);
      const cookies = await context.cookies(op.issuer);
      expect(cookies.map(({ name }) => name)).not.toContain('op_session');
    }));
});
