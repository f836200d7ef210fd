import { expect, it } from '@jest/globals';
import { QUIET_MS } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';
import { login } from '../support/store-records.ts';

const HOUR = 3_600_000;
const LEASE = 60_000;
const MARGIN = 15_000;
const life = { idleMs: HOUR, absoluteMs: 24 * HOUR };

describeStore('the tokens of a session (F-05)', (bed) => {
  const { send } = bed;
  /** Every byte there is, the other way round. */
  const anew = Buffer.from([...login.tokens].reverse());
  const others = Buffer.from(login.tokens.map((byte) => (byte === 0 ? 1 : byte)));
  const tokens = { from: login.tokens, to: anew };
  const identity = { from: login.identity, to: '{"sub":"ada","name":"Adà 😀"}' };

  it('are swapped, alone or with the identity, byte by byte', async () => {
    const { store, id } = bed;
    const written = await store.writeLogin(id, login, life);
    await bed.moveClock(1000);
    expect(await send(() => store.swapTokens(id, { tokens }))).toBe('stored');
    expect(await send(() => store.readTokens(id))).toEqual(anew);
    expect((await store.readSession(id)).login).toEqual(written);
    const back = { tokens: { from: anew, to: login.tokens }, identity };
    expect(await send(() => store.swapTokens(id, back))).toBe('stored');
    expect(await send(() => store.readTokens(id))).toEqual(login.tokens);
    // Times stay as they were.
    expect((await store.readSession(id)).login).toEqual({ ...written, identity: identity.to });
    const ended = await send(() => store.endSession(id, { owner: 'me' }));
    expect(ended).toMatchObject({ isFirst: true, tokens: login.tokens });
  });

  it('keep their life when they are swapped', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    await bed.moveClock(HOUR);
    await send(() => store.swapTokens(id, { tokens, identity }));
    await bed.moveClock(HOUR - MARGIN);
    expect(await store.readTokens(id)).toEqual(anew);
    await bed.moveClock(2 * MARGIN);
    expect(await store.readTokens(id)).toBeNull();
    expect((await store.readSession(id)).login).toBeUndefined();
  });

  it('stay as they are when somebody else has swapped them, or the identity', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, { ...login, tokens: others }, life);
    expect(await send(() => store.swapTokens(id, { tokens }))).toBe('conflict');
    expect(await send(() => store.swapTokens(id, { tokens, identity }))).toBe('conflict');
    expect(await store.readTokens(id)).toEqual(others);
    const second = `${id}-second`;
    await store.writeLogin(second, { ...login, identity: '{"sub":"grace"}' }, life);
    expect(await send(() => store.swapTokens(second, { tokens, identity }))).toBe('conflict');
    expect(await store.readTokens(second)).toEqual(login.tokens);
    expect((await store.readSession(second)).login?.identity).toBe('{"sub":"grace"}');
  });

  it('do not come back to a session that has ended, moved or never was (F-71)', async () => {
    const { store, id } = bed;
    expect(await send(() => store.swapTokens(id, { tokens }))).toBe('gone');
    await store.writeLogin(id, login, life);
    await store.rotateSession(id, 'next');
    expect(await send(() => store.swapTokens(id, { tokens }))).toBe('gone');
    const second = `${id}-second`;
    await store.writeLogin(second, login, life);
    await store.endSession(second, { owner: 'me' });
    expect(await send(() => store.swapTokens(second, { tokens }))).toBe('gone');
    for (const key of [id, second]) expect(await store.readTokens(key)).toBeNull();
    expect(await store.endSession(second, { owner: 'other' })).toMatchObject({ tokens: login.tokens });
  });
});

describeStore('the lock of a session (F-05, F-67, F-68)', (bed) => {
  const { send } = bed;
  const abandoned = 'abandoned';

  it('is one owner’s, who gets it again, until it is given back', async () => {
    const { store, id } = bed;
    expect(await send(() => store.acquireLock(id, 'me', LEASE))).toBe('taken');
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe('held');
    await send(() => store.releaseLock(id, 'other'));
    expect(await store.acquireLock(id, 'other', LEASE)).toBe('held');
    await send(() => store.releaseLock(id, 'me'));
    expect(await store.acquireLock(id, 'other', LEASE)).toBe('taken');
  });

  it('is free when its lease is over, which its owner may make longer (N-14)', async () => {
    const { store, id } = bed;
    await send(() => store.acquireLock(id, 'me', LEASE));
    await bed.moveClock(LEASE - MARGIN);
    expect(await send(() => store.extendLock(id, 'me', LEASE, { sent: false }))).toBe(true);
    await bed.moveClock(LEASE - MARGIN);
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe('held');
    expect(await send(() => store.extendLock(id, 'other', LEASE, { sent: true }))).toBe(false);
    await bed.moveClock(2 * MARGIN);
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe('taken');
    expect(await send(() => store.extendLock(id, 'me', LEASE, { sent: true }))).toBe(false);
  });

  it('whose refresh was sent is nobody’s for a while after its lease (N-14)', async () => {
    const { store, id } = bed;
    await store.acquireLock(id, 'me', LEASE);
    expect(await send(() => store.extendLock(id, 'me', LEASE, { sent: true }))).toBe(true);
    expect(await send(() => store.acquireLock(id, 'me', LEASE))).toBe('taken');
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe('held');
    await bed.moveClock(LEASE + MARGIN / 2);
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe(abandoned);
    expect(await send(() => store.acquireLock(id, 'other', LEASE, { overBackoff: true }))).toBe(abandoned);
    await bed.moveClock(QUIET_MS - MARGIN / 2);
    expect(await send(() => store.acquireLock(id, 'other', LEASE))).toBe('taken');
  });

  it('whose refresh was sent is free as soon as its owner gives it back', async () => {
    const { store, id } = bed;
    await store.acquireLock(id, 'me', LEASE);
    await store.extendLock(id, 'me', LEASE, { sent: true });
    await send(() => store.releaseLock(id, 'me'));
    expect(await store.acquireLock(id, 'other', LEASE)).toBe('taken');
  });

  it('may be left with a back-off for all to read, for as long as it lives', async () => {
    const { store, id } = bed;
    await store.acquireLock(id, 'me', LEASE);
    const backoff = { text: 'out of order', lifeMs: LEASE };
    await send(() => store.releaseLock(id, 'me', backoff));
    const told = { backoff: 'out of order' };
    for (const owner of ['other', 'me'])
      expect(await send(() => store.acquireLock(id, owner, LEASE))).toEqual(told);
    await send(() => store.releaseLock(id, 'me'));
    expect(await store.acquireLock(id, 'me', LEASE)).toEqual(told);
    await bed.moveClock(LEASE + MARGIN);
    expect(await store.acquireLock(id, 'other', LEASE)).toBe('taken');
  });

  it('is taken over a back-off by those to whom it does not matter', async () => {
    const { store, id } = bed;
    await store.acquireLock(id, 'me', LEASE);
    await store.releaseLock(id, 'me', { text: 'out of order', lifeMs: LEASE });
    const over = { overBackoff: true };
    expect(await send(() => store.acquireLock(id, 'other', LEASE, over))).toBe('taken');
    expect(await send(() => store.acquireLock(id, 'me', LEASE, over))).toBe('held');
  });
});
