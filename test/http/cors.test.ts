import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.ts';
import type { BrowserClient, RequestHeaders } from '../support/browser-client.ts';
import { useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const FRONT_END = 'https://app.example.com';
const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-site' };

/** What an answer says of who may read it. */
function corsOf({ headers }: Response) {
  return {
    origin: headers.get('access-control-allow-origin'),
    credentials: headers.get('access-control-allow-credentials'),
    variesBy: headers.get('vary')?.split(', '),
  };
}
const LISTED = { origin: FRONT_END, credentials: 'true' };
const NOBODY = { origin: null, credentials: null };

describe('a front end on another origin', () => {
  let app: TestApp;
  let browser: BrowserClient;
  beforeAll(async () => {
    app = await startApp({
      op,
      corsOrigins: [`${FRONT_END}/`],
      routes: { session: '/auth/session' },
      handlers: (server) => {
        server.get('/cached', (_req, res) => void res.set('Vary', 'Accept').json({}));
        server.put('/items', (req, res) => void res.json(req.user?.sub));
      },
    });
    browser = app.browser();
    await app.logIn(browser);
  });
  afterAll(() => app.close());
  const ask = (method: string, path: string, headers: RequestHeaders = {}) =>
    browser.request(method, path, { headers: { ...SCRIPT, origin: FRONT_END, ...headers } });

  it('that is listed may read every answer with the session’s cookie, a 401 and our own routes as well', async () => {
    for (const path of ['/', '/me', '/auth/session', '/nothing-there']) {
      expect(corsOf(await ask('GET', path))).toMatchObject(LISTED);
    }
    const stranger = await app.browser().get('/me', { ...SCRIPT, origin: FRONT_END });
    expect([stranger.status, corsOf(stranger)]).toEqual([401, expect.objectContaining(LISTED)]);
    expect(await (await ask('GET', '/')).json()).toMatchObject({ user: { sub: 'ada' } });
  });

  it('that is listed may send unsafe requests', async () => {
    const answer = await ask('PUT', '/items');
    expect([await answer.json(), corsOf(answer)]).toEqual(['ada', expect.objectContaining(LISTED)]);
  });

  it('is answered before a request what it may send, and nothing else happens', async () => {
    const answer = await ask('OPTIONS', '/items', {
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type,x-trace',
    });
    expect([answer.status, corsOf(answer)]).toEqual([204, expect.objectContaining(LISTED)]);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(answer.headers.get('access-control-allow-headers')).toBe('content-type,x-trace');
    expect(corsOf(answer).variesBy).toEqual(['Origin', 'Access-Control-Request-Headers']);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('is told of no header names that are none', async () => {
    const headers = { 'access-control-request-method': 'PUT', 'access-control-request-headers': '*' };
    expect((await ask('OPTIONS', '/items', headers)).headers.has('access-control-allow-headers')).toBe(false);
  });

  it.each([
    ['is not listed', 'https://evil.example'],
    ['is below a listed one', 'https://x.app.example.com'],
    ['begins like a listed one', 'https://app.example.com.evil.example'],
    ['ends like a listed one', 'https://evilapp.example.com'],
    ['has another port', 'https://app.example.com:8443'],
    ['has another scheme', 'http://app.example.com'],
    ['has another spelling', 'https://APP.example.com'],
    ['hides', 'null'],
    ['is anybody', '*'],
  ])('that %s may read nothing and send nothing', async (_, origin) => {
    const preflight = await ask('OPTIONS', '/items', { origin, 'access-control-request-method': 'PUT' });
    expect(corsOf(preflight)).toMatchObject(NOBODY);
    expect(preflight.headers.has('access-control-allow-methods')).toBe(false);
    expect(corsOf(await ask('GET', '/', { origin }))).toMatchObject(NOBODY);
    expect((await ask('PUT', '/items', { origin })).status).toBe(403);
  });

  it('never gets the answer of another from a cache: each says that it varies by origin', async () => {
    for (const origin of [FRONT_END, 'https://evil.example', undefined]) {
      expect(corsOf(await ask('GET', '/', { origin })).variesBy).toEqual(['Origin', 'Cookie']);
    }
    // An application that writes the header anew is on its own word.
    expect(corsOf(await ask('GET', '/cached')).variesBy).toEqual(['Accept']);
  });
});

describe('an application that lists no origin for CORS', () => {
  it('says nothing of it', async () => {
    const app = await startApp({ op, trustedOrigins: [FRONT_END] });
    const headers = { ...SCRIPT, origin: FRONT_END, 'access-control-request-method': 'PUT' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await app.browser().request(method, '/', { headers });
      expect(corsOf(answer)).toEqual({ ...NOBODY, variesBy: expect.not.arrayContaining(['Origin']) });
    }
    await app.close();
  });
});
