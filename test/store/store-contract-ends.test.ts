import { expect, it } from '@jest/globals';
import { ENDED_LIFE_MS, MARK_LIFE_MS } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';
import { login, nothing } from '../support/store-records.ts';

const HOUR = 3_600_000;
const MARGIN = 20_000;
const life = { idleMs: HOUR, absoluteMs: 24 * HOUR };
const others = Buffer.from('of another');

describeStore('the end of a session (F-05)', (bed) => {
  const { send } = bed;
  /** A session, and what its end finds. */
  const write = async () => {
    const written = await bed.store.writeLogin(bed.id, login, life);
    return { isFirst: true, login: written, tokens: login.tokens, at: bed.now() };
  };

  it('is told to whoever ended it, as often as they ask, and to others as not theirs (N-24)', async () => {
    const { store, id } = bed;
    const found = await write();
    expect(await send(() => store.endSession(id, { owner: 'me' }))).toEqual(found);
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
    const late = { ...found, isFirst: false };
    expect(await send(() => store.endSession(id, { owner: 'other' }))).toEqual(late);
    expect(await send(() => store.endSession(id, { owner: 'm' }))).toEqual(late);
    expect(await send(() => store.endSession(id, { owner: 'me' }))).toEqual(found);
  });

  it('is one owner’s among many who end it at once (N-24)', async () => {
    const { store, id } = bed;
    const found = await write();
    const owners = Array.from({ length: 20 }, (_, index) => `owner-${index}`);
    const answers = await Promise.all(owners.map((owner) => store.endSession(id, { owner })));
    expect(answers.filter((answer) => typeof answer === 'object' && 'isFirst' in answer)).toHaveLength(20);
    expect(answers.filter((answer) => (answer as typeof found).isFirst)).toEqual([found]);
  });

  it('is remembered for a minute, and is none after it', async () => {
    const { store, id } = bed;
    await write();
    await send(() => store.endSession(id, { owner: 'me' }));
    await bed.moveClock(ENDED_LIFE_MS - MARGIN);
    expect(await store.endSession(id, { owner: 'other' })).toMatchObject({ isFirst: false });
    await bed.moveClock(2 * MARGIN);
    for (const owner of ['other', 'me']) expect(await store.endSession(id, { owner })).toBe('none');
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('is none where nobody is logged in, and takes the data that is there', async () => {
    const { store, id } = bed;
    expect(await send(() => store.endSession(id, { owner: 'me' }))).toBe('none');
    await store.writeData(id, '{"cart":3}', HOUR, { mustExist: false });
    expect(await send(() => store.endSession(id, { owner: 'me' }))).toBe('none');
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('comes only while the tokens are those, where that is asked (F-74)', async () => {
    const { store, id } = bed;
    const found = await write();
    expect(await send(() => store.endSession(id, { owner: 'me', ifTokens: others }))).toBe('conflict');
    expect(await store.readSession(id)).toMatchObject({ login: found.login, data: login.data });
    expect(await store.readTokens(id)).toEqual(login.tokens);
    const { tokens: ifTokens } = login;
    expect(await send(() => store.endSession(id, { owner: 'me', ifTokens }))).toEqual(found);
    expect(await send(() => store.endSession(id, { owner: 'me', ifTokens: others }))).toEqual(found);
  });

  it('comes only when it has come by the store’s own clock, where that is asked: idle (N-06)', async () => {
    const { store, id } = bed;
    const found = await write();
    const condition = { owner: 'me', ifExpired: { idleMs: HOUR } };
    expect(await send(() => store.endSession(id, condition))).toBe('alive');
    await bed.moveClock(-24 * HOUR);
    expect(await send(() => store.endSession(id, condition))).toBe('alive');
    await bed.moveClock(25 * HOUR);
    expect(await send(() => store.endSession(id, condition))).toBe('alive');
    expect(await store.readSession(id)).toMatchObject({ login: found.login, data: login.data });
    await bed.moveClock(1);
    const ended = { ...found, at: bed.now() };
    expect(await send(() => store.endSession(id, condition))).toEqual(ended);
    await bed.moveClock(1000);
    expect(await send(() => store.endSession(id, condition))).toEqual(ended);
  });

  it('comes only when it has come by the store’s own clock, where that is asked: absolute (N-06)', async () => {
    const { store, id } = bed;
    const endsAt = bed.now() + HOUR;
    const written = await store.writeLogin(id, login, { ...life, endsAt });
    const condition = { owner: 'me', ifExpired: { idleMs: 9 * HOUR } };
    await bed.moveClock(HOUR - 1);
    expect(await send(() => store.endSession(id, condition))).toBe('alive');
    await bed.moveClock(1);
    const found = { isFirst: true, login: written, tokens: login.tokens, at: bed.now() };
    expect(await send(() => store.endSession(id, condition))).toEqual(found);
  });

  it('gives back a key that is in use again for nobody', async () => {
    const { store, id } = bed;
    await write();
    await store.endSession(id, { owner: 'me' });
    expect(await send(() => store.writeLogin(id, login, life))).toBeUndefined();
    expect(await store.readSession(id)).toEqual(nothing);
  });
});

describeStore('a session that is given another key (F-05, N-13)', (bed) => {
  const { send } = bed;

  it('leaves a pointer that every read and end finds, without data and tokens', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    expect(await send(() => store.rotateSession(id, 'next'))).toBe('rotated');
    expect(await send(() => store.readSession(id))).toEqual({ ...nothing, movedTo: 'next' });
    expect(await send(() => store.readTokens(id))).toBeNull();
    const conditions = [{}, { ifTokens: others }, { ifExpired: { idleMs: HOUR } }];
    for (const condition of conditions) {
      const answer = await send(() => store.endSession(id, { owner: 'me', ...condition }));
      expect(answer).toEqual({ movedTo: 'next' });
    }
  });

  it('gives way only with the tokens that its successor has, where that is asked (N-13)', async () => {
    const { store, id } = bed;
    const written = await store.writeLogin(id, login, life);
    const rotate = (ifTokens: Buffer) => store.rotateSession(id, 'next', { ifTokens, lockOwner: 'me' });
    expect(await send(() => rotate(others))).toBe('conflict');
    expect(await store.readSession(id)).toMatchObject({ login: written, data: login.data });
    expect(await store.readTokens(id)).toEqual(login.tokens);
    expect(await send(() => rotate(login.tokens))).toBe('rotated');
    expect(await send(() => rotate(others))).toBe('rotated');
  });

  it('gives way only to the owner of its lock, where that is asked, or while nobody has it (N-13)', async () => {
    const { store, id } = bed;
    const written = await store.writeLogin(id, login, life);
    const rotate = () => store.rotateSession(id, 'next', { ifTokens: login.tokens, lockOwner: 'me' });
    await store.acquireLock(id, 'somebody else', HOUR);
    expect(await send(rotate)).toBe('locked');
    await store.extendLock(id, 'somebody else', HOUR, { sent: true });
    expect(await send(rotate)).toBe('locked');
    expect(await store.readSession(id)).toMatchObject({ login: written });
    await store.releaseLock(id, 'somebody else', { text: 'a back-off', lifeMs: HOUR });
    await store.acquireLock(id, 'me', HOUR, { overBackoff: true });
    expect(await send(rotate)).toBe('rotated');
  });

  it('moves once: to the same key again it has, to another it has not', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    await send(() => store.rotateSession(id, 'next'));
    expect(await send(() => store.rotateSession(id, 'next'))).toBe('rotated');
    expect(await send(() => store.rotateSession(id, 'another'))).toEqual({ movedTo: 'next' });
    expect(await send(() => store.rotateSession(id, 'nex'))).toEqual({ movedTo: 'next' });
    expect((await store.readSession(id)).movedTo).toBe('next');
  });

  it('does not move when it has ended, or was never there', async () => {
    const { store, id } = bed;
    expect(await send(() => store.rotateSession(id, 'next'))).toBe('ended');
    expect(await store.readSession(id)).toEqual(nothing);
    await store.writeLogin(id, login, life);
    await store.endSession(id, { owner: 'me' });
    expect(await send(() => store.rotateSession(id, 'next'))).toBe('ended');
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.endSession(id, { owner: 'other' })).toMatchObject({ isFirst: false });
  });

  it('is pointed to as long as a login that began before can still come to its end', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, { ...life, endsAt: bed.now() + 1 });
    await send(() => store.rotateSession(id, 'next'));
    await bed.moveClock(MARK_LIFE_MS - MARGIN);
    expect((await store.readSession(id)).movedTo).toBe('next');
    await bed.moveClock(2 * MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('gets no data from a write that comes too late, and shows none of one that comes from nowhere', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    await store.rotateSession(id, 'next');
    await send(() => store.writeData(id, 'late', HOUR, { mustExist: true }));
    await send(() => store.writeData(id, 'late', HOUR, { mustExist: false }));
    expect(await store.readSession(id)).toEqual({ ...nothing, movedTo: 'next' });
  });
});
