import { expect, it } from '@jest/globals';
import { describeStore } from '../support/store-bed.ts';

const LONG = 60_000;
const records = { auth: '{"v":1}', data: '{"cart":3}', tokens: 'sealed' };
const nothing = { auth: null, data: null, seenAt: null };
/** What an end finds that comes too late, and what one removes that does not. */
const found = { auth: null, tokens: null, movedTo: undefined };
const removed = { ...found, auth: records.auth, tokens: records.tokens };

describeStore('the records of a session (F-05)', (bed) => {
  const { send } = bed;

  it('are nothing where nothing was written', async () => {
    const { store, id } = bed;
    expect(await send(() => store.readSession(id))).toEqual(nothing);
    expect(await send(() => store.readTokens(id))).toBeNull();
  });

  it('are written by a login and expire together (F-23)', async () => {
    const { store, id } = bed;
    await send(() => store.writeLogin(id, records, LONG, 1000));
    const { auth, data } = records;
    expect(await send(() => store.readSession(id))).toEqual({ auth, data, seenAt: 1000 });
    expect(await send(() => store.readTokens(id))).toBe(records.tokens);
    await send(() => store.writeLogin(id, records, bed.shortMs, 1000));
    await bed.shortLivesEnd();
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it('get a new life by a touch, which is noted', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, records, bed.shortMs, 1000);
    await send(() => store.touchSession(id, LONG, 2000));
    await bed.shortLivesEnd();
    const { auth, data } = records;
    expect(await store.readSession(id)).toEqual({ auth, data, seenAt: 2000 });
    expect(await store.readTokens(id)).toBe(records.tokens);
    await send(() => store.touchSession(id, bed.shortMs, 3000));
    await bed.shortLivesEnd();
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it('are not brought back by a touch (F-25, F-27)', async () => {
    const { store, id } = bed;
    await send(() => store.touchSession(id, LONG, 2000));
    expect(await store.readSession(id)).toEqual(nothing);
    await store.writeLogin(id, records, LONG, 1000);
    await store.endSession(id);
    await send(() => store.touchSession(id, LONG, 2000));
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('are all removed at the end, and ending what is not there is no fault', async () => {
    const { store, id, calls } = bed;
    await store.writeLogin(id, records, LONG, 1000);
    const ended = await send(() => store.endSession(id));
    // What it removed is told once: sent again, it finds nothing any more.
    expect(ended).toEqual(calls === 'once' ? removed : found);
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
    expect(await send(() => store.endSession(id))).toEqual(found);
  });

  it('leave a pointer when a session moves, which every end finds and no touch prolongs', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, records, LONG, 1000);
    expect(await send(() => store.retireSession(id, 'next', bed.shortMs))).toBe(true);
    expect(await store.readSession(id)).toEqual({ auth: 'moved:next', data: null, seenAt: null });
    expect(await store.readTokens(id)).toBeNull();
    expect(await send(() => store.endSession(id))).toEqual({ ...found, movedTo: 'next' });
    expect(await store.endSession(id)).toEqual({ ...found, movedTo: 'next' });
    await send(() => store.touchSession(id, LONG, 2000));
    await bed.shortLivesEnd();
    expect(await store.readSession(id)).toEqual({ auth: null, data: null, seenAt: null });
  });

  it('move once, and not when the session has ended', async () => {
    const { store, id } = bed;
    expect(await send(() => store.retireSession(id, 'next', LONG))).toBe(false);
    expect(await store.readSession(id)).toEqual(nothing);
    await store.writeLogin(id, records, LONG, 1000);
    await store.retireSession(id, 'next', LONG);
    expect(await send(() => store.retireSession(id, 'another', LONG))).toBe(false);
    expect(await store.endSession(id)).toEqual({ ...found, movedTo: 'next' });
  });

  it("hold the application's data, created and changed", async () => {
    const { store, id } = bed;
    await send(() => store.writeData(id, 'one', LONG, { mustExist: false }));
    await send(() => store.writeData(id, 'two', LONG, { mustExist: true }));
    expect(await store.readSession(id)).toEqual({ ...nothing, data: 'two' });
    await send(() => store.writeData(id, 'three', bed.shortMs, { mustExist: true }));
    await bed.shortLivesEnd();
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('do not get data back that is gone (F-25)', async () => {
    const { store, id } = bed;
    await send(() => store.writeData(id, 'late', LONG, { mustExist: true }));
    expect(await store.readSession(id)).toEqual(nothing);
  });
});

describeStore('the tokens of a session (F-05)', (bed) => {
  const { send } = bed;
  const swap = { tokens: { from: 'sealed', to: 'sealed anew' } };
  const withAuth = { ...swap, auth: { from: records.auth, to: '{"v":1,"name":"New"}' } };

  it('are swapped, alone or with the identity, and keep their life', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, records, bed.shortMs, 1000);
    expect(await send(() => store.swapTokens(id, swap))).toBe('stored');
    expect(await store.readTokens(id)).toBe('sealed anew');
    expect((await store.readSession(id)).auth).toBe(records.auth);
    await store.writeLogin(id, records, bed.shortMs, 1000);
    expect(await send(() => store.swapTokens(id, withAuth))).toBe('stored');
    expect((await store.readSession(id)).auth).toBe(withAuth.auth.to);
    await bed.shortLivesEnd();
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it('stay as they are when somebody else has swapped them', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, { ...records, tokens: 'of another' }, LONG, 1000);
    expect(await send(() => store.swapTokens(id, withAuth))).toBe('conflict');
    await store.writeLogin(id, { ...records, auth: '{"v":1,"other":1}' }, LONG, 1000);
    expect(await send(() => store.swapTokens(id, withAuth))).toBe('conflict');
    expect(await store.readTokens(id)).toBe('sealed');
    expect((await store.readSession(id)).auth).toBe('{"v":1,"other":1}');
  });

  it('do not come back to a session that has ended or moved (F-71)', async () => {
    const { store, id } = bed;
    expect(await send(() => store.swapTokens(id, swap))).toBe('gone');
    await store.writeLogin(id, records, LONG, 1000);
    await store.retireSession(id, 'next', LONG);
    expect(await send(() => store.swapTokens(id, swap))).toBe('gone');
    expect(await store.readTokens(id)).toBeNull();
  });

  it('end a session only while they are its tokens (F-74)', async () => {
    const { store, id, calls } = bed;
    await store.writeLogin(id, records, LONG, 1000);
    expect(await send(() => store.endSessionWithTokens(id, 'of another'))).toBe('conflict');
    expect((await store.readSession(id)).auth).toBe(records.auth);
    const ended = await send(() => store.endSessionWithTokens(id, 'sealed'));
    expect(ended).toEqual(calls === 'once' ? removed : found);
    expect(await store.readSession(id)).toEqual(nothing);
  });
});

describeStore('the lock of a session (F-05, F-67, F-68)', (bed) => {
  const { send } = bed;

  it('is one owner’s, who gets it again, until it is given back', async () => {
    const { store, id } = bed;
    expect(await send(() => store.acquireLock(id, 'me', LONG))).toBe('taken');
    expect(await send(() => store.acquireLock(id, 'other', LONG))).toBe('held');
    await send(() => store.releaseLock(id, 'other'));
    expect(await store.acquireLock(id, 'other', LONG)).toBe('held');
    await send(() => store.releaseLock(id, 'me'));
    expect(await store.acquireLock(id, 'other', LONG)).toBe('taken');
  });

  it('is free when its lease is over', async () => {
    const { store, id } = bed;
    await send(() => store.acquireLock(id, 'me', bed.shortMs));
    await bed.shortLivesEnd();
    expect(await store.acquireLock(id, 'other', LONG)).toBe('taken');
  });

  it('may be left with a note for all to read, for as long as the note lives', async () => {
    const { store, id } = bed;
    await store.acquireLock(id, 'me', LONG);
    await send(() => store.releaseLock(id, 'me', { text: 'out of order', lifeMs: LONG }));
    expect(await send(() => store.acquireLock(id, 'other', LONG))).toEqual({ note: 'out of order' });
    expect(await store.acquireLock(id, 'me', LONG)).toEqual({ note: 'out of order' });
    const short = `${id}-short`;
    await store.acquireLock(short, 'me', LONG);
    await send(() => store.releaseLock(short, 'me', { text: 'briefly', lifeMs: bed.shortMs }));
    await bed.shortLivesEnd();
    expect(await store.acquireLock(short, 'other', LONG)).toBe('taken');
  });
});
