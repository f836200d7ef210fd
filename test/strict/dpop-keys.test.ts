import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { json } from '../support/scripted-answers.ts';
import { RESOURCES, setUpStrictBed } from '../support/strict-provider.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpStrictBed({ ...RESOURCES, dPoP: { enabled: true } }, {});
let apis: readonly [ApiServer, ApiServer];
beforeAll(async () => {
  apis = [await startApiServer(), await startApiServer()];
});
afterAll(() => Promise.all(apis.map((api) => api.close())));

/** An application whose tokens are bound, and which may call both. */
const start = () =>
  bed.start({
    now: bed.clock.now,
    apiOrigins: apis.map(({ origin }) => origin),
    op: {
      ...bed.op,
      registerApp: (base) => bed.op.registerApp(base, { dpop_bound_access_tokens: true }),
    },
    oidc: { dpop: true },
    handlers: addTokenRoutes,
  });
const call = (browser: BrowserClient, { origin }: ApiServer) =>
  ask(browser, `/call?url=${encodeURIComponent(`${origin}/`)}`);

it('sends the nonce of one API to no other (R-64)', async () => {
  const [one, two] = apis;
  one.answer = () => json(200, {}, { 'dpop-nonce': 'of-one' });
  two.answer = () => json(200, {});
  const app = await start();
  const browser = app.browser();
  await app.logIn(browser);
  for (const api of [one, two, one]) expect((await call(browser, api)).upstream).toBe(200);
  const noncesAt = (api: ApiServer) =>
    api.requests.map(({ headers }) => decodeJwt(String(headers.dpop)).nonce);
  expect(noncesAt(one)).toEqual([undefined, 'of-one']);
  expect(noncesAt(two)).toEqual([undefined]);
});

it('gives two sessions of one application two keys (R-63)', async () => {
  const app = await start();
  const [api] = apis;
  api.requests.length = 0;
  for (const browser of [app.browser(), app.browser()]) {
    await app.logIn(browser);
    await call(browser, api);
  }
  const keys = api.requests.map(({ headers }) => decodeProtectedHeader(String(headers.dpop)).jwk?.x);
  expect(new Set(keys).size).toBe(2);
});
