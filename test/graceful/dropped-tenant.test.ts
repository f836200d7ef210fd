import { expect, it } from '@jest/globals';
import { createTestClock } from '../support/clock.ts';
import { createGate } from '../support/gate.ts';
import { json } from '../support/scripted-answers.ts';
import { at, useTenantApps } from '../support/tenant-bed.ts';
import { addTokenRoutes } from '../support/token-routes.ts';
import { until } from '../support/until.ts';
import { useRedisServer, useScriptedProvider } from '../support/use-apps.ts';

const clock = createTestClock();
const acme = await useScriptedProvider({ now: clock.now });
const globex = await useScriptedProvider({ now: clock.now });
const redis = await useRedisServer();
const start = useTenantApps();

it('a refresh of a tenant that is kept no more is stored before the process ends (F-121)', async () => {
  const options = {
    ...{ ops: { acme, globex }, redis: redis.url, maxTenants: 1, now: clock.now, handlers: addTokenRoutes },
    application: 'shop',
  };
  const app = await start(options);
  const browser = app.browser();
  await app.logIn(browser, 'acme');
  clock.advance(3_600_000);
  const gate = createGate();
  acme.script({ refresh: (answer) => (res) => void gate.opened.then(() => json(200, answer)(res)) });
  acme.forgetRequests();
  const hangUp = new AbortController();
  const waiting = browser
    .request('GET', '/token', { headers: at('acme'), signal: hangUp.signal })
    .catch(() => 'gone');
  await until(() => acme.requests('token').length === 1);
  hangUp.abort();
  expect(await waiting).toBe('gone');
  // Another tenant takes its place.
  await app.browser().get('/', at('globex'));
  const closed = app.auth.close();
  gate.open();
  await closed;
  acme.script();
  const next = await start({ ...options, baseUrl: app.origin });
  clock.advance(3_600_000);
  expect((await next.browser(browser.jar).get('/token', at('acme'))).status).toBe(200);
});
