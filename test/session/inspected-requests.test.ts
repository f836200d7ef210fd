import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import type { Request } from 'express';
import { setUpBed } from '../support/bed.ts';

const bed = setUpBed();

/** What a log takes a request for when its headers are cut out. */
function show(req: Request): string {
  return inspect(Object.assign(req, { headers: {}, rawHeaders: [] }), { depth: 4, maxStringLength: null });
}

it.each([
  ['a page', '/show', (req: Request) => req.user],
  ['a page that has a session', '/show', (req: Request) => req.session],
  ['a page that uses req.auth', '/show', (req: Request) => req.auth],
])('a request that is logged shows no session id, but in its headers: %s', async (_name, path, touch) => {
  let shown = '';
  const app = await bed.start({
    redis: 'memory',
    handlers: (server) =>
      server.get(path, (req, res) => {
        touch(req);
        shown = show(req);
        res.end();
      }),
  });
  const browser = app.browser();
  await app.logIn(browser);
  const id = /s(?::|%3A)([\w-]{43})/.exec(browser.jar.header(app.origin)!)![1]!;
  await browser.get(path);
  expect(shown).toContain('IncomingMessage');
  expect(shown).not.toContain(id);
});
