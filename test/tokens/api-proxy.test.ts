import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { requireAuth } from 'express-connect-auth';
import { createApiProxy } from '../../docs/recipes/api-proxy.ts';
import { startApp, type TestApp } from '../support/app.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { exchange } from '../support/http-exchange.ts';
import { type ListeningServer, listen } from '../support/listen.ts';
import { until } from '../support/until.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const docs = join(import.meta.dirname, '..', '..', 'docs');

describe('the recipe of an API proxy (R-93)', () => {
  let api: ListeningServer;
  let app: TestApp;
  let browser: BrowserClient;
  let cookie: string;
  /** What the API does with a request. */
  let handle: (req: IncomingMessage, res: ServerResponse) => void;
  /** What it was asked. */
  const asked: IncomingMessage[] = [];

  beforeAll(async () => {
    api = await listen((req, res) => {
      asked.push(req);
      handle(req, res);
    });
    app = await startApp({
      op,
      apiOrigins: [api.origin],
      handlers: (server) => server.use('/proxy', requireAuth, createApiProxy(`${api.origin}/v1/`)),
    });
    browser = app.browser();
    await app.logIn(browser);
    cookie = `session=${browser.jar.get('session')!.value}`;
  });
  beforeEach(() => {
    asked.length = 0;
    handle = (_req, res) => void res.setHeader('content-type', 'application/json').end('{"ok":true}');
  });
  afterAll(async () => {
    await app.close();
    await api.close();
  });

  it('stands in the documents as it runs here', () => {
    const recipe = readFileSync(join(docs, 'recipes', 'api-proxy.ts'), 'utf8');
    expect(readFileSync(join(docs, 'front-ends.md'), 'utf8')).toContain(`\`\`\`ts\n${recipe}\`\`\`\n`);
  });

  it('sends the person’s token, and nothing that the browser says of who it is', async () => {
    const headers = { authorization: 'Bearer of-somebody-else', 'x-user': 'eve', accept: 'application/json' };
    const answer = await browser.get('/proxy/orders/7?page=2', headers);
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
    const [{ url, headers: sent } = {}] = asked;
    expect(url).toBe('/v1/orders/7?page=2');
    expect(sent?.authorization).toMatch(/^Bearer (?!of-somebody-else)/);
    expect([sent?.cookie, sent?.['x-user'], sent?.accept]).toEqual([
      undefined,
      undefined,
      'application/json',
    ]);
  });

  it('tells the browser no cookie, cache or origin of the API, and makes no page of what it says', async () => {
    handle = (_req, res) => {
      res.writeHead(418, {
        ...{
          'set-cookie': 'session=evil',
          'cache-control': 'public, max-age=9',
          'access-control-allow-origin': '*',
        },
        ...{ 'content-type': 'text/html', etag: '"1"', 'content-encoding': 'identity' },
      });
      res.end('<script>alert(1)</script>');
    };
    const answer = await browser.get('/proxy/page');
    expect([answer.status, answer.headers.get('etag')]).toEqual([418, '"1"']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  });

  it.each([
    '/proxy/../admin',
    '/proxy/%2e%2e/admin',
    '/proxy/a/..%2f..%2fadmin',
    '/proxy/a\\..\\..\\admin',
    '/proxy/%5c..%5cadmin',
    '/proxy/a%00',
  ])('leads %s out of the API nowhere', async (target) => {
    const answer = await exchange({ method: 'GET', url: app.origin, target, headers: { cookie } });
    expect(answer.status).toBe(404);
    expect(asked).toEqual([]);
  });

  it.each([
    '/proxy//evil.example/x',
    '/proxy/http://evil.example/',
    '/proxy/@evil.example',
  ])('asks nobody else for %s', async (target) => {
    await exchange({ method: 'GET', url: app.origin, target, headers: { cookie } });
    expect(asked[0]?.url).toMatch(/^\/v1\//);
  });

  it('streams what is sent: the API has the first part before the second is there', async () => {
    const came: string[] = [];
    handle = async (req, res) => {
      for await (const chunk of req) came.push(String(chunk));
      res.end(came.join('+'));
    };
    const outgoing = request(`${app.origin}/proxy/upload`, {
      method: 'PUT',
      headers: { cookie, 'content-type': 'text/plain', 'sec-fetch-site': 'same-origin' },
    });
    outgoing.write('first');
    await until(() => came[0] === 'first');
    outgoing.end('second');
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(String((await incoming.toArray()).join(''))).toBe('first+second');
  });

  it('streams what comes: the browser has the first part before the second is there', async () => {
    let goOn = () => {};
    handle = (_req, res) => {
      res.write('first');
      goOn = () => void res.end('second');
    };
    const [incoming] = (await once(
      request(`${app.origin}/proxy/events`, { headers: { cookie } }).end(),
      'response',
    )) as [IncomingMessage];
    const parts: string[] = [];
    incoming.on('data', (chunk) => parts.push(String(chunk)));
    await once(incoming, 'data');
    expect(parts).toEqual(['first']);
    goOn();
    await once(incoming, 'end');
    expect(parts).toEqual(['first', 'second']);
  });

  it('leaves nothing open at the API when the browser goes', async () => {
    const closed = new Promise<void>((resolve) => {
      handle = (_req, res) => {
        res.once('close', resolve);
        res.write('first');
      };
    });
    const outgoing = request(`${app.origin}/proxy/events`, { headers: { cookie } }).end();
    outgoing.on('error', () => undefined);
    await once((await once(outgoing, 'response'))[0], 'data');
    outgoing.destroy();
    await closed;
  });

  it('breaks off where the API does, and hangs nobody', async () => {
    handle = (_req, res) => {
      res.writeHead(200, { 'content-length': '100' });
      res.write('first', () => res.destroy());
    };
    await expect(browser.get('/proxy/broken')).rejects.toThrow();
    handle = (_req, res) => void res.destroy();
    expect((await browser.get('/proxy/broken')).status).toBe(500);
  });

  it('asks the API nothing for a stranger, or for a page of somebody else', async () => {
    const script = { 'sec-fetch-mode': 'cors', accept: 'application/json' };
    expect((await app.browser().get('/proxy/orders', script)).status).toBe(401);
    const foreign = { 'sec-fetch-site': 'same-site', origin: 'https://other.example' };
    expect((await browser.post('/proxy/orders', { a: '1' }, foreign)).status).toBe(403);
    expect(asked).toEqual([]);
  });
});
