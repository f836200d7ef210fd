import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { providers } from 'express-connect-auth';
import type { Browser, Page } from 'playwright-core';
import { defaultPeople } from '../../example-app/provider.ts';
import { createApp } from '../../example-app/server.ts';
import { openChromium, withFreshContext } from '../support/chromium.ts';
import { type ExampleProcess, runExample, startExample } from '../support/example-process.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import { type OpenIdProvider, startOpenIdProvider } from '../support/open-id-provider.ts';
import { type RedisServer, startRedisServer } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const MALLORY = { sub: 'mallory', name: '<img src=x onerror="document.title=1">', email: '"><script>' };

/** Seconds. A token of at most a fifth of it counts as new. */
const TOKEN_LIFE = 10;

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(async () => {
  await browser.close();
});

/** Goes from the home page over the provider to the profile. */
async function logIn(page: Page, address: string, person = 'Ada Lovelace'): Promise<void> {
  await page.goto(address);
  await page.getByRole('link', { name: 'Your profile' }).click();
  await page.getByRole('button', { name: person }).click();
  await page.waitForURL(`${new URL(address).origin}/profile`);
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Welcome', exact: true }).waitFor();
}

describe('the example application', () => {
  let op: OpenIdProvider;
  let app: ListeningServer;
  beforeAll(async () => {
    op = await startOpenIdProvider({
      host: '127.0.0.1',
      accessTokenSeconds: TOKEN_LIFE,
      people: { ...defaultPeople, mallory: MALLORY },
    });
    app = await serve(async (baseUrl) => {
      const provider = providers.oidc(await op.registerApp(baseUrl));
      return createApp({
        baseUrl,
        secret: 's'.repeat(32),
        redis: 'memory',
        provider,
        providerOrigins: [op.issuer],
        accessTokenSeconds: TOKEN_LIFE,
      });
    }, 'localhost');
  });
  afterAll(async () => {
    await app.close();
    await op.close();
  });

  it('lists the sessions of a person, and ends one of them or all the others', () =>
    withFreshContext(browser, async (first) => {
      const here = await first.newPage();
      await logIn(here, app.origin);
      await withFreshContext(browser, async (second) => {
        const there = await second.newPage();
        await logIn(there, app.origin);
        await here.reload();
        const rows = here.locator('#sessions tr');
        expect(await rows.count()).toBe(2);
        expect(await rows.filter({ hasText: 'this one' }).count()).toBe(1);
        await here.getByRole('button', { name: 'End', exact: true }).click();
        await here.waitForFunction(() => document.querySelectorAll('#sessions tr').length === 1);
        // The other page notices by itself, and shows nothing of the person any more.
        await there.getByRole('heading', { name: 'Welcome', exact: true }).waitFor();

        await there.context().clearCookies();
        await logIn(there, app.origin);
        await here.reload();
        await here.getByRole('button', { name: 'End all others' }).click();
        await here.waitForLoadState();
        await there.goto(`${app.origin}/`);
        expect(await there.textContent('h1')).toBe('Welcome');
        expect(await rows.count()).toBe(1);
      });
    }));

  it('leads from its home page to the profile, counts the visits, and signs out here and at the provider', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(message.text()));
      await logIn(page, app.origin);
      expect(await page.textContent('main')).toContain('it is visit 1 of this session');
      expect(await page.textContent('table')).toContain('ada@example.com');
      await page.reload();
      expect(await page.textContent('main')).toContain('it is visit 2 of this session');

      await page.getByRole('link', { name: 'Home' }).click();
      expect(await page.textContent('#name')).toBe('Ada Lovelace');
      await logOut(page);
      expect(page.url()).toBe(`${app.origin}/`);
      await page.goto(`${app.origin}/profile`);
      await page.getByRole('button', { name: 'Ada Lovelace' }).waitFor();
      expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
    }));

  it('has its person prove more for a transfer, once, and keeps what the session held', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await logIn(page, app.origin);
      await page.getByRole('link', { name: 'Home' }).click();
      await page.getByRole('link', { name: 'Transfer money' }).click();
      await page.getByText('which asks for a login of the class 2').waitFor();
      await page.getByRole('button', { name: 'Ada Lovelace' }).click();
      await page.waitForURL(`${app.origin}/transfer`);
      expect(await page.textContent('#acr')).toBe('2');
      await page.getByRole('button', { name: 'Transfer' }).click();
      await page.waitForFunction(() => document.querySelector('#sent')?.textContent === '1');
      await page.goto(`${app.origin}/profile`);
      expect(await page.textContent('main')).toContain('it is visit 2 of this session');
    }));

  it('says which tokens there are and has them refreshed, and shows none of them', () =>
    withFreshContext(browser, async (context) => {
      const tokens: string[] = [];
      const note = (ctx: { body?: { access_token?: string; refresh_token?: string } }) =>
        tokens.push(ctx.body?.access_token ?? '', ctx.body?.refresh_token ?? '');
      op.provider.on('grant.success', note as never);
      const page = await context.newPage();
      await logIn(page, app.origin);
      await page.getByRole('link', { name: 'Home' }).click();
      await page.getByRole('link', { name: 'Your tokens' }).click();
      const mark = await page.textContent('#mark');
      const before = await page.content();
      expect(before).toMatch(/10 s, and then another[\s\S]*openid/);
      await until(async () => {
        await page.getByRole('button', { name: 'Refresh' }).click();
        return (await page.textContent('#refreshes')) === '1';
      });
      expect(await page.textContent('#mark')).not.toBe(mark);
      op.provider.off('grant.success', note as never);
      const shown = before + (await page.content());
      expect(tokens.filter((token) => token.length > 20)).toHaveLength(4);
      expect(tokens.filter((token) => shown.includes(token))).toEqual([]);
    }));

  it('signs in in a window of its own, and says what came of it', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await page.goto(app.origin);
      const open = async (choice: string) => {
        const popup = context.waitForEvent('page');
        await page.getByRole('button', { name: 'Sign in in a window' }).click();
        await (await popup).getByRole('button', { name: choice }).click();
      };
      await open('Cancel');
      await page.getByText('came to nothing').waitFor();
      await open('Grace Hopper');
      await page.waitForURL(`${app.origin}/profile`);
      expect(await page.textContent('h1')).toBe('Grace Hopper');
    }));

  it('signs in by the button of its home page, and comes back to it', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await page.goto(app.origin);
      await page.getByRole('link', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: 'Grace Hopper' }).click();
      await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
      expect(await page.textContent('#name')).toBe('Grace Hopper');
    }));

  it('has its style, and shows claims as text, whatever they hold', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await logIn(page, app.origin, '<img');
      expect(await page.textContent('h1')).toBe(MALLORY.name);
      expect(await page.textContent('table')).toContain(MALLORY.email);
      expect(await page.locator('img, script:not([src])').count()).toBe(0);
      const rules = await page.evaluate(() => document.styleSheets[0]!.cssRules.length);
      expect(rules).toBeGreaterThan(0);
      const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      await page.emulateMedia({ colorScheme: 'light' });
      const light = await paper();
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await paper()).not.toBe(light);
    }));

  it('shows claims by words and not by keys, and breaks no word on a phone', () =>
    withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await page.setViewportSize({ width: 320, height: 640 });
      await logIn(page, app.origin);
      expect(await page.locator('th').allTextContents()).toEqual(
        expect.arrayContaining(['Given name', 'Email verified']),
      );
      expect(await page.textContent('main')).not.toMatch(/\w_\w|true|false/);
      const broken = await page.evaluate(() => {
        const walker = document.createTreeWalker(document.querySelector('main')!, NodeFilter.SHOW_TEXT);
        const words: string[] = [];
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          for (const { index, 0: word } of node.textContent!.matchAll(/\w+/g)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            if (range.getClientRects().length > 1) words.push(word);
          }
        }
        return words;
      });
      expect(broken).toEqual([]);
      for (const path of ['/profile', '/tokens', '/']) {
        await page.goto(app.origin + path);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
      }
    }));

  it('answers its API by 401 to a script that is not signed in', async () => {
    const answer = await fetch(`${app.origin}/api/me`);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toEqual({ error: 'login_required', loginUrl: '/login' });
  });
});

describe('npm start', () => {
  const running: ExampleProcess[] = [];
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
    // Two at once: the second cannot have the port of the first.
    running.push(...(await Promise.all([startExample(), startExample({ REDIS_URL: redis.url })])));
  });
  afterAll(async () => {
    for (const example of running) await example.stop();
    await redis.stop();
  });

  it.each([
    ['no environment', 0, 'memory'],
    ['a Redis server', 1, 'Redis'],
  ])('prints an address that works, with %s, and nothing else', async (_with, index, place) => {
    const { address, output } = running[index]!;
    await withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await logIn(page, address);
      expect(await page.textContent('h1')).toBe('Ada Lovelace');
      await logOut(page);
    });
    expect(output()).toMatch(
      new RegExp(
        `^Open http://localhost:\\d+ \\(sessions in ${place}, provider at http://127.0.0.1:\\d+\\)\n$`,
      ),
    );
  });

  it('lets choose between two providers, by the names that they have', async () => {
    const several = await startExample({}, ['--provider', 'several']);
    running.push(several);
    await withFreshContext(browser, async (context) => {
      const page = await context.newPage();
      await page.goto(`${several.address}/profile`);
      await page.getByRole('link', { name: 'The Admiralty' }).click();
      await page.getByRole('button', { name: 'Grace Hopper' }).click();
      await page.waitForURL(`${several.address}/profile`);
      expect(await page.textContent('h1')).toBe('Grace Hopper');
    });
  });

  it('says which providers there are when it is asked for another', async () => {
    const { output, code } = await runExample(['--provider', 'another']);
    expect(output).toMatch(/^There is no provider "another"\. There are: .*oidc.*\n$/);
    expect(code).toBe(1);
  });
});
