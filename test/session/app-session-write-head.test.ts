import { describe, expect, it } from '@jest/globals';
import type { Response } from 'express';
import { dataOf, setUpBed } from '../support/bed.ts';

const bed = setUpBed();

/** Ways to give headers together with the status. */
const HEADS: Record<string, (res: Response) => Response> = {
  'an object': (res) =>
    res.writeHead(200, { 'Set-Cookie': 'theirs=1', 'Cache-Control': 'public, max-age=60' }),
  'a list in an object': (res) =>
    res.writeHead(200, 'Fine', { 'set-cookie': ['theirs=1'], 'cache-control': 'public' }),
  'an object behind a reason that is none': (res) =>
    res.writeHead(200, undefined as never, { 'Set-Cookie': 'theirs=1', 'Cache-Control': 'public' }),
  'a flat list': (res) => res.writeHead(200, ['Set-Cookie', 'theirs=1', 'Cache-Control', 'public'] as never),
};

describe.each(Object.keys(HEADS))('res.writeHead() with headers as %s', (form) => {
  it('sends the cookie of the session beside those of the application, and lets no cache keep it', async () => {
    const app = await bed.start({
      redis: 'memory',
      handlers: (server) =>
        server.get('/head', (req, res) => {
          Object.assign(req.session, { seen: true });
          res.appendHeader('Set-Cookie', 'early=1');
          HEADS[form]!(res).end();
        }),
    });
    const browser = app.browser();
    const { headers } = await browser.get('/head');
    expect(headers.getSetCookie()).toEqual(expect.arrayContaining(['theirs=1']));
    expect(headers.get('cache-control')).toMatch(/no-store/);
    expect(await dataOf(browser)).toEqual({ seen: true });
  });
});
