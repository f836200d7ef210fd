import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import { createReturnAddressReader } from '../../src/routes/return-address.ts';
import { openChromium } from '../support/chromium.ts';
import { type ListeningServer, serve } from '../support/listen.ts';
import {
  arbitraryAddress,
  createHonestAddresses,
  createRedirectPayloads,
} from '../support/redirect-payloads.ts';

/** What our reader makes of an address, and what Chromium makes of it and of ours. */
interface Reading {
  text: string;
  emitted: string | undefined;
}

describe('a return address in Chromium', () => {
  let browser: Browser;
  let page: Page;
  let server: ListeningServer;
  let redirects: string[];
  let readings: Reading[];
  beforeAll(async () => {
    browser = await openChromium();
    page = await browser.newPage();
    server = await serve(
      () => (req, res) => {
        const number = /^\/redirect\/(\d+)$/.exec(req.url!)?.[1];
        if (number) res.writeHead(303, { location: redirects[Number(number)] });
        res.end();
      },
      'localhost',
    );
    await page.goto(`${server.origin}/oauth/callback?code=x`);

    const read = createReturnAddressReader(server.origin, ['/login', '/logout', '/oauth/callback']);
    const texts = [
      ...[...createRedirectPayloads(server.origin), ...createHonestAddresses(server.origin)].map(
        ({ text }) => text,
      ),
      ...fc.sample(arbitraryAddress(server.origin), 20_000),
    ];
    readings = [...new Set(texts)].map((text) => ({ text, emitted: read(text) }));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** The origins that Chromium resolves addresses to, as a script reads them and as a link is followed. */
  const resolve = (texts: readonly string[]) =>
    // As JSON in a string: lone surrogates do not survive the way to the browser in any other form.
    page.evaluate((json) => {
      const link = document.createElement('a');
      return (JSON.parse(json) as string[]).map((text) => {
        link.href = text;
        const parsed = URL.canParse(text, location.href) ? new URL(text, location.href).origin : 'none';
        return link.origin === parsed || parsed === 'none' ? parsed : `${parsed} or ${link.origin}`;
      });
    }, JSON.stringify(texts));

  it('stays on the origin, as it is emitted (F-89, F-125)', async () => {
    const emitted = readings.map((reading) => reading.emitted).filter((address) => address !== undefined);
    expect(emitted.length).toBeGreaterThan(1000);
    const origins = await resolve(emitted);
    expect(emitted.filter((_, index) => origins[index] !== server.origin)).toEqual([]);
  });

  it('is refused whenever Chromium would take it elsewhere as it came (F-89, F-125)', async () => {
    const origins = await resolve(readings.map(({ text }) => text));
    const leaving = readings.filter((_, index) => origins[index] !== server.origin);
    expect(leaving.length).toBeGreaterThan(1000);
    expect(leaving.filter(({ emitted }) => emitted !== undefined)).toEqual([]);
  });

  it('stays on the origin in a Location header that is followed (F-89, F-91)', async () => {
    const emitted = readings.map((reading) => reading.emitted).filter((address) => address !== undefined);
    // Chromium refuses more than some 1,350 requests at once.
    redirects = [...new Set(emitted)].slice(0, 1000);
    const ends = await page.evaluate(
      (count) =>
        Promise.all(Array.from({ length: count }, async (_, at) => (await fetch(`/redirect/${at}`)).url)),
      redirects.length,
    );
    expect(ends.length).toBeGreaterThan(300);
    expect(ends.filter((url) => !url.startsWith(`${server.origin}/`) || url.includes('/redirect/'))).toEqual(
      [],
    );
  });
});
