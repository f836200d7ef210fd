import { describe, expect, it } from '@jest/globals';
import { setUpBed, whoIs } from '../support/bed.ts';
import { redisKeysOfBrowser } from '../support/session-records.ts';
import { addTokenRoutes, ask } from '../support/token-routes.ts';

const bed = setUpBed({ provider: { accessTokenSeconds: 300 } });

/** Two processes, and a login whose token has come to its end. */
async function logIn() {
  const common = { redis: bed.redis.url, now: bed.clock.now, handlers: addTokenRoutes };
  const one = await bed.start(common);
  const two = await bed.start({ ...common, baseUrl: one.origin });
  const browser = one.browser();
  await one.logIn(browser);
  const elsewhere = two.browser(browser.jar.clone());
  const { token } = await ask(elsewhere);
  bed.clock.advance(300_000);
  bed.op.resetRequests();
  /** The lock is held no longer, though its owner is still at work: a pause of half a minute, or a Redis that lost it. */
  const loseLock = () => bed.redis.client().del(redisKeysOfBrowser(one, browser).lock);
  return { one, two, browser, elsewhere, token, loseLock };
}

describe('two refreshes with one refresh token that is good once', () => {
  it('do not log out the winner when the loser is refused; it gets the winner’s token (N-36)', async () => {
    const { one, two, browser, elsewhere, token, loseLock } = await logIn();
    const held = bed.op.holdNext('token', 'before work');
    const losing = ask(browser);
    await held.arrived;
    await loseLock();
    const won = await ask(elsewhere);
    expect(won.status).toBe(200);
    expect(won.token).not.toBe(token);
    held.release();
    expect(await losing).toMatchObject({ status: 200, token: won.token });
    expect(bed.op.requests().token).toBe(2);
    expect([...one.logouts, ...two.logouts]).toEqual([]);
    expect(await Promise.all([browser, elsewhere].map(whoIs))).toEqual(['ada', 'ada']);
  });

  it('do not log out the winner either when it wins while the refusal is on its way (N-36)', async () => {
    const { one, two, browser, elsewhere, loseLock } = await logIn();
    const held = bed.op.holdNext('token', 'before answer');
    const winning = ask(elsewhere);
    await held.arrived;
    await loseLock();
    // The provider has rotated by now, and refuses the old token; the new one is not stored yet.
    const losing = bed.op.holdNext('token', 'before answer');
    const lost = ask(browser);
    await losing.arrived;
    held.release();
    const won = await winning;
    expect(won.status).toBe(200);
    losing.release();
    expect(await lost).toMatchObject({ status: 200, token: won.token });
    expect([...one.logouts, ...two.logouts]).toEqual([]);
    expect(await Promise.all([browser, elsewhere].map(whoIs))).toEqual(['ada', 'ada']);
  });

  it('end the session when the tokens are still those that were refused, and tell of it once (N-36)', async () => {
    const { one, two, browser, elsewhere, loseLock } = await logIn();
    const refuse = { status: 400, body: { error: 'invalid_grant' } };
    const held = bed.op.holdNext('token', 'before work');
    const losing = ask(browser);
    await held.arrived;
    await loseLock();
    bed.op.answerNext('token', refuse);
    expect(await ask(elsewhere)).toMatchObject({ status: 401, error: 'login_required' });
    held.release();
    expect(await losing).toMatchObject({ status: 401, error: 'login_required' });
    expect([...one.logouts, ...two.logouts].map(({ reason }) => reason)).toEqual(['refresh_refused']);
    expect(await Promise.all([browser, elsewhere].map(whoIs))).toEqual([null, null]);
  });
});
