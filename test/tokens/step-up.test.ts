import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loginOnError, StepUpRequiredError } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { setUpBed } from '../support/bed.ts';
import { json } from '../support/scripted-answers.ts';
import { ask } from '../support/token-routes.ts';

const bed = setUpBed();
let api: ApiServer;
beforeAll(async () => {
  api = await startApiServer();
});
afterAll(() => api.close());

const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', 'sec-fetch-site': 'same-origin' };
const NAMED = 'error="insufficient_user_authentication"';

/** The API refuses with this header, or takes every token. */
const challengeWith = (header: string | undefined) => {
  api.requests.length = 0;
  api.answer = () =>
    header === undefined ? json(200, { ok: true }) : json(401, {}, { 'www-authenticate': header });
};

/** An application whose page /pay calls the API, and somebody who is logged in there. */
async function open() {
  const app = await bed.start({
    apiOrigins: [api.origin],
    handlers: (server) => {
      server.all('/pay', async (req, res) => {
        res.json(await (await req.auth.fetch(`${api.origin}/payments`)).json());
      });
      server.get('/why', async (req, res) => {
        const answer = await req.auth.fetch(api.origin).then(
          ({ status }) => ({ status }),
          (error: unknown) => {
            if (!(error instanceof StepUpRequiredError)) throw error;
            const { code, status, login, message } = error;
            return { code, status, login, message };
          },
        );
        res.json(answer);
      });
      server.get('/by-hand', async (req, res) => {
        await req.auth.fetch(api.origin).catch((error: unknown) => {
          if (!(error instanceof StepUpRequiredError)) throw error;
          return req.auth.login({ ...error.login, returnTo: '/done' });
        });
        if (!res.headersSent) res.json({ ok: true });
      });
      server.use(loginOnError);
    },
  });
  const browser = app.browser();
  await app.logIn(browser);
  return { app, browser };
}

describe('an API that asks req.auth.fetch() for another login (RFC 9470)', () => {
  it.each<[string, string, object]>([
    ['classes', `Bearer ${NAMED}, acr_values="2 3"`, { acrValues: ['2', '3'] }],
    ['an age', `Bearer realm="a, \\"b\\"", ${NAMED}, max_age=60`, { maxAgeSeconds: 60 }],
    [
      'both, beside another scheme',
      `Basic realm="x", bearer max_age="5",${NAMED} , ACR_VALUES=2`,
      {
        acrValues: ['2'],
        maxAgeSeconds: 5,
      },
    ],
    ['a proof made now', `DPoP algs="ES256", ${NAMED}, max_age=0`, { maxAgeSeconds: 1, prompt: 'login' }],
    ['no more than that', `Negotiate, Bearer ${NAMED}`, { prompt: 'login' }],
    ['an age that is none', `Bearer ${NAMED}, max_age=-1, acr_values=2`, { acrValues: ['2'] }],
    ['an age beyond all bounds', `Bearer ${NAMED}, max_age=99999999999`, { maxAgeSeconds: 31_536_000 }],
    [
      'more classes than a login can ask for',
      `Bearer ${NAMED}, acr_values="${'a'.repeat(150)} ${'b'.repeat(150)}"`,
      {
        acrValues: ['a'.repeat(150)],
      },
    ],
  ])('is told with the login that it wants: %s', async (_, header, login) => {
    const { browser } = await open();
    challengeWith(header);
    const said = await ask(browser, '/why');
    expect(said).toMatchObject({ code: 'step_up_required', login });
    expect((said as unknown as { login: object }).login).toEqual(login);
    // No other token of this login would do.
    expect(api.requests).toHaveLength(1);
  });

  it.each([
    [
      'words of another error',
      `Bearer error="invalid_token", error_description="${NAMED.replaceAll('"', "'")}"`,
    ],
    ['another scheme', `Digest ${NAMED}`],
    ['a quoted text', `Bearer realm="${NAMED.replaceAll('"', '\\"')}"`],
    ['a header beyond all bounds', `Bearer ${NAMED}, x="${'y'.repeat(8192)}"`],
    ['nonsense', ', , ='],
  ])('is not read out of %s', async (_, header) => {
    const { browser } = await open();
    challengeWith(header);
    expect(await ask(browser, '/why')).toEqual({ status: 401 });
  });

  it('becomes that login by loginOnError, and the page goes on behind it', async () => {
    const { app, browser } = await open();
    challengeWith(`Bearer ${NAMED}, acr_values="2", max_age="300"`);
    const redirect = await browser.get('/pay?order=7');
    expect(redirect.status).toBe(302);
    const asked = new URL(redirect.headers.get('location')!).searchParams;
    expect(asked.get('acr_values')).toBe('2');
    expect(asked.get('max_age')).toBe('300');
    const back = await browser.deliver(await bed.op.signIn(redirect.headers.get('location')!));
    expect(back.headers.get('location')).toBe('/pay?order=7');
    challengeWith(undefined);
    expect(await (await browser.get('/pay?order=7')).json()).toEqual({ ok: true });
    expect(app.errors).toEqual([]);
  });

  it('is asked for once only: an API that is never content gets nobody into a circle', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}, acr_values="2"`);
    const redirect = await browser.get('/pay');
    await browser.deliver(await bed.op.signIn(redirect.headers.get('location')!));
    expect((await browser.get('/pay')).status).toBe(403);
  });

  it('is told to scripts by 401, and to who sends a form by a page', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}, acr_values="2"`);
    const answer = await browser.get('/pay', SCRIPT);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: 'insufficient_user_authentication' });
    const form = await browser.post('/pay');
    expect([form.status, form.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
  });

  it('is what req.auth.login() takes', async () => {
    const { browser } = await open();
    challengeWith(`Bearer ${NAMED}, max_age="0"`);
    const redirect = await browser.get('/by-hand');
    const asked = new URL(redirect.headers.get('location')!).searchParams;
    expect([asked.get('prompt'), asked.get('max_age')]).toEqual(['login', '1']);
    const back = await browser.deliver(await bed.op.signIn(redirect.headers.get('location')!));
    expect(back.headers.get('location')).toBe('/done');
  });
});

describe('loginOnError', () => {
  it('begins a login where a session has ended meanwhile, and lets every other error pass', async () => {
    const app = await bed.start({
      apiOrigins: [api.origin],
      handlers: (server) => {
        server.get('/token', async (req, res) => {
          res.json(await req.auth.getAccessToken());
        });
        server.get('/broken', async () => {
          throw Object.assign(new Error('teapot'), { status: 418 });
        });
        server.use(loginOnError);
      },
    });
    const browser = app.browser();
    const redirect = await browser.get('/token');
    expect([redirect.status, redirect.headers.get('location')]).toEqual([
      302,
      expect.stringContaining(bed.op.issuer),
    ]);
    expect((await browser.get('/broken')).status).toBe(418);
  });
});
