import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestAuth, TokenExchangeOptions } from 'express-connect-auth';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { TestAppOptions } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import { ACCESS_TOKEN_TYPE, addExchangeGrant, EXCHANGE_GRANT } from '../support/exchange-grant.ts';
import { json } from '../support/scripted-answers.ts';

const BILLING = { audience: 'billing', scope: 'invoices' };

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
let api: ApiServer;
/** The exchanges that the provider was asked for, as their parameters. */
let asked: Record<string, unknown>[];

beforeAll(async () => {
  api = await startApiServer();
  asked = addExchangeGrant(bed.op.provider);
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(() => api.close());

type Task = (auth: RequestAuth) => Promise<unknown>;

/** An application with a page that does as the test says, and somebody logged in there. */
async function open(options: Partial<TestAppOptions> = {}) {
  let task: Task = async () => undefined;
  const app = await bed.start({
    now: bed.clock.now,
    apiOrigins: [api.origin],
    op: {
      ...bed.op,
      registerApp: (base) =>
        bed.op.registerApp(base, { grant_types: ['authorization_code', 'refresh_token', EXCHANGE_GRANT] }),
    },
    ...options,
    handlers: (server) => {
      server.get('/do', async (req, res) => {
        const failed = ({ code, ...error }: Error & { code?: string; oauthError?: string }) => ({
          failed: code,
          oauthError: error.oauthError,
        });
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

const exchange =
  (wish: TokenExchangeOptions): Task =>
  (auth) =>
    auth.exchangeToken(wish);

describe('req.auth.exchangeToken() (RFC 8693)', () => {
  it("gives a token for somebody else in exchange for the login's own", async () => {
    const { run } = await open();
    const own = await run((auth) => auth.getAccessToken());
    const token = await run(exchange({ ...BILLING, resource: 'https://billing.example' }));
    expect(token).not.toBe(own);
    expect(asked).toEqual([
      expect.objectContaining({
        subject_token: own,
        subject_token_type: ACCESS_TOKEN_TYPE,
        requested_token_type: ACCESS_TOKEN_TYPE,
        audience: 'billing',
        scope: 'invoices',
        resource: 'https://billing.example',
      }),
    ]);
    expect(await run((auth) => auth.getAccessToken())).toBe(own);
  });

  it('keeps it with the session, for each wish its own, until it is about to end', async () => {
    const { run } = await open();
    const first = [await run(exchange(BILLING)), await run(exchange({ audience: 'stock' }))];
    expect([await run(exchange(BILLING)), await run(exchange({ audience: 'stock' }))]).toEqual(first);
    expect(asked).toHaveLength(2);
    bed.clock.advance(190_000);
    expect(first).not.toContain(await run(exchange(BILLING)));
    expect(asked).toHaveLength(3);
    // Its own has ended meanwhile, and is refreshed first.
    bed.clock.advance(190_000);
    expect(await run(exchange(BILLING))).toEqual(expect.any(String));
    expect(asked[3]!.subject_token).not.toBe(asked[2]!.subject_token);
    expect(await run(exchange(BILLING))).toEqual(expect.any(String));
    expect(asked).toHaveLength(4);
  });

  it('asks once for any number of requests at the same moment', async () => {
    const { run } = await open({ redis: bed.redis.url });
    const many = (auth: RequestAuth) => Promise.all([1, 2, 3, 4].map(() => auth.exchangeToken(BILLING)));
    expect(new Set((await run(many)) as string[]).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('is what req.auth.fetch() sends, and once more where the API wants another', async () => {
    const { run } = await open();
    const refused = await run(exchange(BILLING));
    bed.clock.advance(60_000);
    api.answer = ({ headers }) => json(headers.authorization === `Bearer ${refused}` ? 401 : 200, {});
    const call: Task = async (auth) => (await auth.fetch(api.origin, { exchange: BILLING })).status;
    expect(await run(call)).toBe(200);
    expect(api.requests).toHaveLength(2);
    expect(asked).toHaveLength(2);
  });

  it.each([
    ['a refusal', { status: 400, body: { error: 'invalid_target' } }, 'provider_refused'],
    ['a refusal of the token', { status: 400, body: { error: 'invalid_grant' } }, 'provider_refused'],
    [
      'an answer without its kind',
      { status: 200, body: { access_token: 'a', token_type: 'Bearer' } },
      'provider_invalid_response',
    ],
    [
      'a token of another kind',
      {
        status: 200,
        body: {
          access_token: 'a',
          token_type: 'Bearer',
          issued_token_type: 'urn:ietf:params:oauth:token-type:id_token',
        },
      },
      'provider_invalid_response',
    ],
    [
      'no access token',
      { status: 200, body: { token_type: 'N_A', id_token: 'x', issued_token_type: ACCESS_TOKEN_TYPE } },
      'provider_invalid_response',
    ],
    ['nothing', { status: 503 }, 'provider_unavailable'],
  ])('passes on %s as an error, asks no more for a moment, and the session stays', async (_, answer, code) => {
    const { app, browser, run } = await open();
    bed.op.answerNext('token', answer);
    expect(await run(exchange(BILLING))).toMatchObject({ failed: code });
    expect(await run(exchange(BILLING))).toMatchObject({ failed: code });
    expect(bed.op.requests().token).toBe(1);
    expect(await whoIs(browser)).toBe('ada');
    expect(app.logouts).toEqual([]);
  });

  it('keeps as many as can be opened again, however large they are', async () => {
    const { run } = await open();
    const own = await run((auth) => auth.getAccessToken());
    const body = { token_type: 'Bearer', issued_token_type: ACCESS_TOKEN_TYPE, expires_in: 300 };
    for (let count = 0; count < 8; count += 1) {
      const access_token = `${count}`.repeat(700_000);
      bed.op.answerNext('token', { status: 200, body: { ...body, access_token } });
      expect(await run(exchange({ audience: `api ${count}` }))).toBe(access_token);
    }
    expect(await run((auth) => auth.getAccessToken())).toBe(own);
  });

  it('takes nothing but the access token out of the answer', async () => {
    const { browser, run } = await open();
    const body = { access_token: 'a', token_type: 'Bearer', issued_token_type: ACCESS_TOKEN_TYPE };
    bed.op.answerNext('token', {
      status: 200,
      body: { ...body, refresh_token: 'foreign', id_token: 'foreign' },
    });
    expect(await run(exchange(BILLING))).toBe('a');
    bed.clock.advance(310_000);
    expect(await run((auth) => auth.getAccessToken())).toEqual(expect.any(String));
    expect(await whoIs(browser)).toBe('ada');
  });

  it.each([
    {},
    { audience: '' },
    { resource: 'billing' },
    { target: 'x' },
  ])('refuses %j before anything is sent', async (wish) => {
    const { run } = await open();
    expect(await run(exchange(wish as TokenExchangeOptions))).toEqual({ failed: 'configuration' });
    const call: Task = (auth) => auth.fetch(api.origin, { exchange: wish as TokenExchangeOptions });
    expect(await run(call)).toEqual({ failed: 'configuration' });
    expect(bed.op.requests().token).toBe(0);
  });

  it.each([
    { exchange: null },
    { exchange: '' },
    { resource: '' },
    { resource: null },
  ])("sends nobody the login's own token where req.auth.fetch() is given %j", async (wish) => {
    const { run } = await open();
    const before = api.requests.length;
    expect(await run((auth) => auth.fetch(api.origin, wish as object))).toEqual({ failed: 'configuration' });
    expect(api.requests).toHaveLength(before);
  });
});
