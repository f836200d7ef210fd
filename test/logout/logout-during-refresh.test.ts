import { beforeAll, describe, expect, it } from '@jest/globals';
import type { TestApp } from '../support/app.ts';
import { setUpBed, whoIs } from '../support/bed.ts';
import type { BrowserClient } from '../support/browser-client.ts';
import { findLiving, type IssuedSecrets, watchIssued } from '../support/issued-tokens.ts';
import { findLivingRecords } from '../support/living-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });
let issued: IssuedSecrets;
beforeAll(() => {
  issued = watchIssued(bed.op);
});

const ENDS: Record<string, (app: TestApp, browser: BrowserClient) => Promise<unknown>> = {
  'a logout': (_app, browser) => browser.post('/logout'),
  'a new login of the same person and then a logout': async (app, browser) => {
    await app.logIn(browser);
    await browser.post('/logout');
  },
  'a logout everywhere': (app) => app.auth.sessions.revokeAll({ issuer: bed.op.issuer, sub: 'ada' }),
};

describe.each(['redis', 'memory'] as const)('with sessions in %s', (kind) => {
  const redis = () => (kind === 'redis' ? bed.redis.url : 'memory');

  describe.each(Object.keys(ENDS))('%s while the provider refreshes the tokens', (end) => {
    it.each([
      ['is still to begin', 'before work'],
      ['is done, and its answer on the way', 'before answer'],
    ] as const)('leaves no token alive anywhere, when that %s (F-71)', async (_, moment) => {
      const app = await bed.start({ redis: redis(), now: bed.clock.now, handlers: addTokenRoutes });
      const browser = app.browser();
      await app.logIn(browser);
      issued.refreshTokens.splice(0, issued.refreshTokens.length - 1);
      bed.clock.advance(300_000);

      const held = bed.op.holdNext('token', moment);
      const refresh = ask(browser);
      await held.arrived;
      await ENDS[end]!(app, app.browser(browser.jar.clone()));
      held.release();
      expect(await refresh).toMatchObject({ status: 401, error: 'login_required' });
      expect(await whoIs(browser)).toBeNull();
      expect(app.logouts).toHaveLength(1);
      expect(await findLiving(bed.op, issued.refreshTokens)).toEqual([]);
      expect(await findLivingRecords(bed.redis.client())).toEqual([]);
      await bed.redis.client().flushall();
    });
  });

  it('a login keeps its refresh token alive, which shows that the look at it sees (F-71)', async () => {
    const app = await bed.start({ redis: redis() });
    await app.logIn(app.browser());
    expect(await findLiving(bed.op, issued.refreshTokens.slice(-1))).toHaveLength(1);
    await bed.redis.client().flushall();
  });
});
