import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestAuth } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import { createGate } from '../support/gate.ts';
import { json, redirect } from '../support/scripted-answers.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
let api: ApiServer;
let elsewhere: ApiServer;
beforeAll(async () => {
  [api, elsewhere] = await Promise.all([startApiServer(), startApiServer()]);
});
afterEach(() => {
  for (const server of [api, elsewhere]) {
    server.requests.length = 0;
    server.answer = () => json(200, { ok: true });
  }
});
afterAll(() => Promise.all([api.close(), elsewhere.close()]));

type Task = (auth: RequestAuth) => Promise<unknown>;

/** An application whose page `/do` does as the test says, and a person who is logged in there. */
async function open() {
  let task: Task = async () => undefined;
  const app = await bed.start({
    now: bed.clock.now,
    apiOrigins: [api.origin],
    handlers: (server) => {
      addTokenRoutes(server);
      server.get('/do', async (req, res) => {
        const failed = ({ name, code }: Error & { code?: string }) => ({ failed: [name, code] });
        res.json(await task(req.auth).catch(failed));
      });
    },
  });
  const browser = app.browser();
  await app.logIn(browser);
  bed.op.resetRequests();
  const run = async (work: Task): Promise<unknown> => {
    task = work;
    return (await browser.get('/do')).json();
  };
  return { app, browser, run };
}

const tokensSent = () => api.requests.map(({ headers }) => headers.authorization);
const refuse = (token: string | undefined) => {
  api.answer = ({ headers }) =>
    headers.authorization === `Bearer ${token}` ? json(401, { why: 'stale' }) : json(200, { ok: true });
};

describe('req.auth.fetch()', () => {
  it('adds the token in the Authorization header and leaves the rest as it was given (R-58)', async () => {
    const { browser, run } = await open();
    const { token } = await ask(browser);
    const said = await run(async (auth) => {
      const response = await auth.fetch(new URL('/orders?since=1', api.origin), {
        method: 'POST',
        headers: { authorization: 'Bearer of the application', 'x-request-id': '7' },
        body: JSON.stringify({ order: 1 }),
      });
      return { real: response instanceof Response, status: response.status, body: await response.json() };
    });
    expect(said).toEqual({ real: true, status: 200, body: { ok: true } });
    const [request] = api.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/orders?since=1', body: '{"order":1}' });
    expect(request!.headers).toMatchObject({ authorization: `Bearer ${token}`, 'x-request-id': '7' });
  });

  it('sends nothing of the browser to the API: no cookie, no header (R-93, F-114)', async () => {
    const { browser } = await open();
    await browser.get(`/call?url=${api.origin}/x`, { 'x-user': 'root' });
    expect(api.requests[0]!.headers).not.toHaveProperty('cookie');
    expect(api.requests[0]!.headers).not.toHaveProperty('x-user');
  });

  it('refuses every place that is not listed, before anything is sent (R-58, R-93)', async () => {
    const { run } = await open();
    const { port } = new URL(api.origin);
    const places = [
      elsewhere.origin,
      `http://localhost:${port}/`,
      `https://127.0.0.1:${port}/`,
      `http://127.0.0.1:${port}@${new URL(elsewhere.origin).host}/`,
      `http://127.0.0.1.evil.example:${port}/`,
      '/relative',
      '//evil.example',
      'javascript:alert(1)',
      'data:text/plain,x',
      `http://user:secret@127.0.0.1:${port}/`,
      `blob:${api.origin}/x`,
      '',
    ];
    for (const place of places) {
      expect(await run((auth) => auth.fetch(place))).toEqual({ failed: ['TokenError', 'token_destination'] });
    }
    expect([...api.requests, ...elsewhere.requests]).toEqual([]);
  });

  it('hands back a redirect to another origin instead of following it with the token', async () => {
    const { run } = await open();
    api.answer = () => redirect(`${elsewhere.origin}/steal`, 307);
    for (const choice of ['follow', 'manual', undefined] as const) {
      const said = await run(async (auth) => {
        const { status, headers } = await auth.fetch(api.origin, choice && { redirect: choice });
        return { status, location: headers.get('location') };
      });
      expect(said).toEqual({ status: 307, location: `${elsewhere.origin}/steal` });
    }
    expect(await run((auth) => auth.fetch(api.origin, { redirect: 'error' }))).toMatchObject({
      failed: ['TypeError', null],
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it('hands on the answer while it still comes', async () => {
    const { run } = await open();
    const firstRead = createGate();
    api.answer = () => (res) => {
      res.write('first ');
      void firstRead.opened.then(() => res.end('second'));
    };
    const said = await run(async (auth) => {
      const reader = (await auth.fetch(api.origin)).body!.getReader();
      const chunks = [(await reader.read()).value];
      firstRead.open();
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
      return chunks.map((chunk) => new TextDecoder().decode(chunk));
    });
    expect(said).toEqual(['first ', 'second']);
  });

  it('leaves faults of the network and the way out to fetch itself', async () => {
    const { run } = await open();
    api.answer = () => (res) => res.destroy();
    expect(await run((auth) => auth.fetch(api.origin))).toMatchObject({ failed: ['TypeError', null] });
    api.answer = () => () => undefined;
    const bounded = (auth: RequestAuth) => auth.fetch(api.origin, { signal: AbortSignal.timeout(50) });
    expect(await run(bounded)).toMatchObject({ failed: ['TimeoutError', 23] });
  });
});

describe('req.auth.fetch(), when the API answers 401', () => {
  it.each([
    ['text', 'sent'],
    ['a form', new URLSearchParams('sent')],
    ['a blob', new Blob(['sent'])],
    ['bytes', Buffer.from('sent')],
  ])('tries once more with a refreshed token and the same request, whose body is %s', async (_, body) => {
    const { browser, run } = await open();
    const { token } = await ask(browser);
    refuse(token);
    const said = await run(async (auth) => {
      const response = await auth.fetch(api.origin, { method: 'PUT', body });
      return { status: response.status };
    });
    expect(said).toEqual({ status: 200 });
    const next = (await ask(browser)).token;
    expect(next).not.toBe(token);
    expect(tokensSent()).toEqual([`Bearer ${token}`, `Bearer ${next}`]);
    for (const request of api.requests) {
      expect(request.method).toBe('PUT');
      expect(request.body.replace('=', '')).toBe('sent');
    }
    expect(bed.op.requests().token).toBe(1);
  });

  it('hands back a second 401 as it is, and does not refresh for each request of a wrong API', async () => {
    const { browser } = await open();
    api.answer = () => json(401, { why: 'never' });
    for (let request = 0; request < 5; request += 1) {
      const said = await ask(browser, `/call?url=${api.origin}`);
      expect(said).toMatchObject({ status: 200, upstream: 401, said: '{"why":"never"}' });
    }
    expect(api.requests).toHaveLength(6);
    expect(bed.op.requests().token).toBe(1);
    bed.clock.advance(5000);
    await ask(browser, `/call?url=${api.origin}`);
    expect(bed.op.requests().token).toBe(2);
  });

  it('shares one refresh among many calls that were refused at once (F-66)', async () => {
    const { browser } = await open();
    const { token } = await ask(browser);
    refuse(token);
    const calls = Array.from({ length: 20 }, () => ask(browser, `/call?url=${api.origin}`));
    for (const call of await Promise.all(calls)) expect(call.upstream).toBe(200);
    expect(bed.op.requests().token).toBe(1);
  });

  it.each([
    ['a stream', () => new Blob(['stream']).stream()],
    [
      'an iterable',
      async function* () {
        yield Buffer.from('iterable');
      },
    ],
  ])('hands it back when the body was %s, which is gone', async (_, makeBody) => {
    const { run } = await open();
    api.answer = () => json(401, { why: 'stale' });
    const said = await run(async (auth) => {
      const init = { method: 'POST', body: makeBody(), duplex: 'half' } as unknown as RequestInit;
      const response = await auth.fetch(api.origin, init);
      return { status: response.status, body: await response.json() };
    });
    expect(said).toEqual({ status: 401, body: { why: 'stale' } });
    expect(api.requests).toHaveLength(1);
    expect(bed.op.requests().token).toBe(0);
  });

  it('hands it back untouched when the provider is away, and keeps the login', async () => {
    const { browser } = await open();
    api.answer = () => json(401, { why: 'stale' });
    bed.op.answerNext('token', { status: 503 });
    const said = await ask(browser, `/call?url=${api.origin}`);
    expect(said).toMatchObject({ upstream: 401, said: '{"why":"stale"}' });
    expect(await whoIs(browser)).toBe('ada');
  });

  it('hands it back when the provider has ended the login, which ends here as well', async () => {
    const { browser, app } = await open();
    api.answer = () => json(401, { why: 'revoked' });
    bed.op.answerNext('token', { status: 400, body: { error: 'invalid_grant' } });
    expect(await ask(browser, `/call?url=${api.origin}`)).toMatchObject({ upstream: 401 });
    expect(await whoIs(browser)).toBeNull();
    expect(app.logouts).toMatchObject([{ reason: 'refresh_refused', sub: 'ada' }]);
  });
});
