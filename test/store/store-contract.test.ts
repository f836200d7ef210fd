import { expect, it } from '@jest/globals';
import { AFTERLIFE_MS, CLOCK_SLACK_MS, MARK_LIFE_MS } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';
import { login, nothing } from '../support/store-records.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
/** For what Redis's own clock runs on meanwhile. */
const MARGIN = 20_000;
const life = { idleMs: HOUR, absoluteMs: 24 * HOUR };

describeStore('the records of a session (F-05)', (bed) => {
  const { send } = bed;
  const find = async () => (await bed.store.readSession(bed.id)).login;
  const setRecord = (text: string) => bed.redis!.set(`test:s:{${bed.id}}`, text, 'PX', HOUR);

  it('are nothing where nothing was written', async () => {
    const { store, id } = bed;
    expect(await send(() => store.readSession(id))).toEqual(nothing);
    expect(await send(() => store.readTokens(id))).toBeNull();
  });

  it('are written by a login, touched now and with their end, once', async () => {
    const { store, id } = bed;
    const written = { identity: login.identity, seenAt: bed.now(), endsAt: bed.now() + 24 * HOUR };
    expect(await send(() => store.writeLogin(id, login, life))).toEqual(written);
    await bed.moveClock(MINUTE);
    const other = { identity: '{"sub":"eve"}', tokens: Buffer.from('others'), data: '{}' };
    expect(await send(() => store.writeLogin(id, other, life))).toEqual(written);
    expect(await send(() => store.readSession(id))).toEqual({ ...nothing, login: written, data: login.data });
    expect(await send(() => store.readTokens(id))).toEqual(login.tokens);
  });

  it('are written with the end of the session whose place they take', async () => {
    const { store, id } = bed;
    const endsAt = bed.now() + 5000;
    const written = await send(() => store.writeLogin(id, login, { ...life, endsAt }));
    expect(written).toEqual({ identity: login.identity, seenAt: bed.now(), endsAt });
  });

  it('may hold whatever characters (CVE-2021-32785)', async () => {
    const { store, id } = bed;
    const odd = 'x\r\n> \u0000\u202e %s {}[]* "é😀\n';
    await send(() => store.writeLogin(id, { ...login, identity: odd, data: odd }, life));
    const read = await send(() => store.readSession(id));
    expect([read.login?.identity, read.data]).toEqual([odd, odd]);
  });

  it('expire together, an hour after their idle end (F-23)', async () => {
    const { store, id } = bed;
    await send(() => store.writeLogin(id, login, life));
    await bed.moveClock(HOUR + AFTERLIFE_MS - MARGIN);
    expect((await store.readSession(id)).data).toBe(login.data);
    expect(await store.readTokens(id)).toEqual(login.tokens);
    await bed.moveClock(2 * MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it('get a new life by a touch, which is noted', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    for (let touch = 0; touch < 2; touch += 1) {
      await bed.moveClock(HOUR + AFTERLIFE_MS - MARGIN);
      await send(() => store.touchSession(id, HOUR));
      expect((await find())?.seenAt).toBe(bed.now());
      expect((await store.readSession(id)).data).toBe(login.data);
      expect(await store.readTokens(id)).toEqual(login.tokens);
    }
    await bed.moveClock(HOUR + AFTERLIFE_MS + MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it('are never given a life beyond the hour after their absolute end, nor any when it has come (F-23)', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, { ...life, absoluteMs: HOUR + MINUTE });
    await bed.moveClock(HOUR);
    await send(() => store.touchSession(id, HOUR));
    await bed.moveClock(MINUTE);
    const seenAt = (await find())?.seenAt;
    await send(() => store.touchSession(id, HOUR));
    expect((await find())?.seenAt).toBe(seenAt);
    await bed.moveClock(AFTERLIFE_MS + MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
    expect(await store.readTokens(id)).toBeNull();
  });

  it.each([
    ['a little', MINUTE],
    ['as far as clocks may differ', CLOCK_SLACK_MS],
  ])('keep the later touch when the clock steps back by %s (N-06)', async (_, ms) => {
    const { store, id } = bed;
    const written = await store.writeLogin(id, login, life);
    await bed.moveClock(-ms);
    await send(() => store.touchSession(id, HOUR));
    expect(await find()).toEqual(written);
    await bed.moveClock(ms + 1);
    await send(() => store.touchSession(id, HOUR));
    expect((await find())?.seenAt).toBe(bed.now());
  });

  it.each([
    ['a millisecond more than that', CLOCK_SLACK_MS + 1],
    ['a day', 24 * HOUR],
  ])('have their touch set back when it is ahead by %s (N-06)', async (_, ms) => {
    const { store, id } = bed;
    const written = await store.writeLogin(id, login, life);
    await bed.moveClock(-ms);
    await send(() => store.touchSession(id, HOUR));
    expect(await find()).toEqual({ ...written, seenAt: bed.now() });
  });

  it('are not brought back by a touch: neither what never was, nor what has ended (F-25, F-27)', async () => {
    const { store, id } = bed;
    await send(() => store.touchSession(id, HOUR));
    expect(await store.readSession(id)).toEqual(nothing);
    await store.writeLogin(id, login, life);
    await store.endSession(id, { owner: 'me' });
    await send(() => store.touchSession(id, HOUR));
    expect(await store.readSession(id)).toEqual(nothing);
    await bed.moveClock(MINUTE + MARGIN);
    expect(await store.endSession(id, { owner: 'me' })).toBe('none');
  });

  it('that have moved are not prolonged by a touch, nor written over', async () => {
    const { store, id } = bed;
    await store.writeLogin(id, login, life);
    await store.rotateSession(id, 'next');
    await bed.moveClock(MARK_LIFE_MS - MARGIN);
    await send(() => store.touchSession(id, HOUR));
    expect(await send(() => store.writeLogin(id, login, life))).toBeUndefined();
    expect(await store.readSession(id)).toEqual({ ...nothing, movedTo: 'next' });
    await bed.moveClock(2 * MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it("hold the application's data, created and changed, each time with a new life", async () => {
    const { store, id } = bed;
    await send(() => store.writeData(id, 'one', MINUTE, { mustExist: false }));
    await send(() => store.writeData(id, 'two', HOUR, { mustExist: true }));
    await bed.moveClock(HOUR - MARGIN);
    expect(await store.readSession(id)).toEqual({ ...nothing, data: 'two' });
    await send(() => store.touchSession(id, HOUR));
    await bed.moveClock(HOUR - MARGIN);
    expect(await store.readSession(id)).toEqual({ ...nothing, data: 'two' });
    await bed.moveClock(2 * MARGIN);
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it('do not get data back that is gone (F-25)', async () => {
    const { store, id } = bed;
    await send(() => store.writeData(id, 'late', HOUR, { mustExist: true }));
    expect(await store.readSession(id)).toEqual(nothing);
    await store.writeLogin(id, login, life);
    await store.endSession(id, { owner: 'me' });
    await send(() => store.writeData(id, 'late', HOUR, { mustExist: true }));
    expect(await store.readSession(id)).toEqual(nothing);
  });

  it.each([
    '2 in a way of its own',
    '10 1 2\n{}',
    '99 ',
  ])('of a later format are nobody, and left alone by reads, touches and writes: %j (F-19)', async (text) => {
    const { store, id, redis } = bed;
    if (!redis) return;
    await store.writeLogin(id, login, life);
    await setRecord(text);
    expect(await send(() => store.readSession(id))).toEqual({
      ...{ ...nothing, data: login.data, unreadable: 'later_format' },
    });
    await send(() => store.touchSession(id, 20 * HOUR));
    expect(await send(() => store.writeLogin(id, login, life))).toBeUndefined();
    const to = Buffer.from('new');
    expect(await send(() => store.swapTokens(id, { tokens: { from: login.tokens, to } }))).toBe('gone');
    expect(await send(() => store.readTokens(id))).toBeNull();
    expect(await redis.get(`test:s:{${id}}`)).toBe(text);
    expect(await redis.getBuffer(`test:t:{${id}}`)).toEqual(login.tokens);
    for (const kind of ['s', 'd', 't'])
      expect(await redis.pttl(`test:${kind}:{${id}}`)).toBeLessThanOrEqual(2 * HOUR);
  });

  it.each([
    '',
    'x',
    '1',
    '1 ',
    '{"sub":"ada"}',
    `1 ${'9'.repeat(13)}\n{}`,
    `1 long ago      ${'9'.repeat(13)}\n{}`,
    `1 ${'9'.repeat(13)} never        \n{}`,
    `1 ${'9'.repeat(12)} ${'9'.repeat(13)}\n{}`,
    `0 ${'9'.repeat(13)} ${'9'.repeat(13)}\n{}`,
  ])('that are damaged are nobody, whatever is done with them, until they are ended: %j (F-18)', async (text) => {
    const { store, id, redis } = bed;
    if (!redis) return;
    await store.writeLogin(id, login, life);
    await setRecord(text);
    const damaged = { ...nothing, data: login.data, unreadable: 'damaged' };
    await send(() => store.touchSession(id, HOUR));
    expect(await send(() => store.writeLogin(id, login, life))).toBeUndefined();
    expect(await send(() => store.readTokens(id))).toBeNull();
    const swap = { tokens: { from: login.tokens, to: Buffer.from('new') } };
    expect(await send(() => store.swapTokens(id, swap))).toBe('gone');
    expect(await send(() => store.readSession(id))).toEqual(damaged);
    const ended = await send(() => store.endSession(id, { owner: 'me', ifExpired: { idleMs: HOUR } }));
    expect(ended).toEqual({ isFirst: true, login: undefined, tokens: login.tokens, at: bed.now() });
    expect(await store.readSession(id)).toEqual(nothing);
  });
});
