import { expect, it } from '@jest/globals';
import type { LogoutMark } from '../../src/store/logout-mark.ts';
import { type IndexName, MARK_LIFE_MS } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';

const HOUR = 3_600_000;
const MARGIN = 20_000;

describeStore('what a logout from outside leaves (F-05, F-80)', (bed) => {
  const { send } = bed;
  const index = (): IndexName => ({ kind: 'sub', id: bed.id });
  const read = async () => (await bed.store.readMarks([index()]))[0];
  /** A time of ours, so long after the store's own. */
  const ahead = (ms: number) => bed.now() + ms;

  it('is a mark for each index, or none', async () => {
    const { store, id } = bed;
    expect(await store.readMarks([])).toEqual([]);
    await send(() => store.putMark(index(), { issuedBy: 1_700_000_000 }));
    const both = [index(), { kind: 'sid', id } as const];
    expect(await send(() => store.readMarks(both))).toEqual([{ issuedBy: 1_700_000_000 }, null]);
  });

  it('keeps the later of each of its times, in whatever order they come (N-31)', async () => {
    const { store } = bed;
    const [early, late] = [ahead(1000), ahead(2000)];
    await store.putMark(index(), { issuedBy: 200, cameAt: late });
    await send(() => store.putMark(index(), { startedBy: early, except: 'me' }));
    expect(await read()).toEqual({ issuedBy: 200, cameAt: late, startedBy: early, except: 'me' });
    await send(() => store.putMark(index(), { issuedBy: 100, cameAt: early }));
    expect(await read()).toEqual({ issuedBy: 200, cameAt: late, startedBy: early, except: 'me' });
    await send(() => store.putMark(index(), { issuedBy: 300, cameAt: ahead(3000), startedBy: late }));
    expect(await read()).toEqual({ issuedBy: 300, cameAt: ahead(3000), startedBy: late });
  });

  it.each<[string, LogoutMark[], LogoutMark]>([
    ['the later spares', [{ startedBy: 1 }, { startedBy: 2, except: 'b' }], { startedBy: 2, except: 'b' }],
    ['the later spares nobody', [{ startedBy: 1, except: 'a' }, { startedBy: 2 }], { startedBy: 2 }],
    [
      'the later comes first and spares',
      [{ startedBy: 2, except: 'b' }, { startedBy: 1 }],
      { startedBy: 2, except: 'b' },
    ],
    [
      'the later comes first and spares nobody',
      [{ startedBy: 2 }, { startedBy: 1, except: 'a' }],
      { startedBy: 2 },
    ],
    [
      'both spare',
      [
        { startedBy: 2, except: 'b' },
        { startedBy: 1, except: 'a' },
      ],
      { startedBy: 2, except: 'b' },
    ],
    ['both are as late', [{ startedBy: 1, except: 'a' }, { startedBy: 1 }], { startedBy: 1 }],
    [
      'one is of a token',
      [{ startedBy: 1, except: 'a' }, { issuedBy: 7 }],
      { startedBy: 1, except: 'a', issuedBy: 7 },
    ],
    [
      'the token comes first',
      [{ issuedBy: 7 }, { startedBy: 1, except: 'a' }],
      { startedBy: 1, except: 'a', issuedBy: 7 },
    ],
    [
      'three come',
      [{ startedBy: 2 }, { startedBy: 3, except: 'c' }, { startedBy: 1, except: 'a' }],
      { startedBy: 3, except: 'c' },
    ],
  ])('spares whom the later “log out everywhere” spares, and nobody else: %s (N-31)', async (_, marks, merged) => {
    const { store } = bed;
    const later = (mark: LogoutMark): LogoutMark =>
      mark.startedBy === undefined ? mark : { ...mark, startedBy: ahead(mark.startedBy * 1000) };
    for (const mark of marks) await send(() => store.putMark(index(), later(mark)));
    expect(await read()).toEqual(later(merged));
  });

  it('has our own time by the later clock, the caller’s or the store’s, and what a token says as it is', async () => {
    const { store, id } = bed;
    await send(() => store.putMark(index(), { issuedBy: 1, cameAt: 2, startedBy: ahead(-1) }));
    expect(await read()).toEqual({ issuedBy: 1, cameAt: 2, startedBy: bed.now() });
    const other: IndexName = { kind: 'sid', id };
    await send(() => store.putMark(other, { startedBy: ahead(1) }));
    expect(await store.readMarks([other])).toEqual([{ startedBy: ahead(1) }]);
  });

  it('is one of the newest thousand, where anybody may leave one (N-07)', async () => {
    const { store, id } = bed;
    const name = (number: number): IndexName => ({ kind: 'sid', id: `${id} ${number}` });
    const readOpen = async (number: number) => (await store.readMarks([name(number)], id))[1] ?? null;
    await store.putOpenMark(id, name(0), ahead(-HOUR));
    expect(await readOpen(0)).toEqual({ startedBy: ahead(0) });
    expect(await store.readMarks([name(0)], 'another set')).toEqual([null]);
    expect(await store.readMarks([{ kind: 'sub', id: name(0).id }], id)).toEqual([null]);
    await send(() => store.putOpenMark(id, name(1), ahead(2)));
    await send(() => store.putOpenMark(id, name(1), ahead(1)));
    expect(await readOpen(1)).toEqual({ startedBy: ahead(2) });
    const others = Array.from({ length: 999 }, (_, index) => index + 2);
    await Promise.all(others.map((number) => store.putOpenMark(id, name(number), ahead(1))));
    expect(await Promise.all([readOpen(0), readOpen(1), readOpen(1000)])).toEqual([
      null,
      { startedBy: ahead(2) },
      { startedBy: ahead(1) },
    ]);
  });

  it('is kept out by none of a clock that is far ahead, where anybody may leave one', async () => {
    const { store, id } = bed;
    await send(() => store.putOpenMark(id, { kind: 'sid', id }, ahead(24 * HOUR)));
    const marks = await store.readMarks([{ kind: 'sid', id }], id);
    expect(marks).toEqual([null, { startedBy: ahead(300_000) }]);
    await bed.moveClock(MARK_LIFE_MS + MARGIN);
    expect(await store.readMarks([{ kind: 'sid', id }], id)).toEqual([null]);
  });

  it('lives as long as a login that began before it, anew with each', async () => {
    const { store } = bed;
    await send(() => store.putMark(index(), { issuedBy: 1 }));
    await bed.moveClock(MARK_LIFE_MS - MARGIN);
    await send(() => store.putMark(index(), { issuedBy: 2 }));
    await bed.moveClock(MARK_LIFE_MS - MARGIN);
    expect(await read()).toEqual({ issuedBy: 2 });
    await bed.moveClock(2 * MARGIN);
    expect(await read()).toBeNull();
  });

  it('lives no longer than that when the store’s clock steps back, once it has been read', async () => {
    const { store } = bed;
    await store.putMark(index(), { issuedBy: 1 });
    await bed.moveClock(-24 * HOUR);
    expect(await send(() => store.readMarks([index()]))).toEqual([{ issuedBy: 1 }]);
    await bed.moveClock(MARK_LIFE_MS + MARGIN);
    expect(await read()).toBeNull();
  });

  it.each([
    '',
    'x',
    '{"issuedBy":1',
    'null',
    '1',
    '"x"',
    '[]',
    '[{"issuedBy":1}]',
    '{"issuedBy":"1"}',
    '{"issuedBy":null}',
    '{"cameAt":{}}',
    '{"startedBy":"soon"}',
    '{"startedBy":1e999}',
    '{"startedBy":1,"except":["me"]}',
  ])('is not taken for none when it cannot be read, and goes on ending what began before the next: %j (N-33)', async (text) => {
    const { store, id, redis } = bed;
    if (!redis) return;
    await redis.set(`test:mark:sub:{${id}}`, text, 'PX', HOUR);
    expect(await send(() => store.readMarks([index()]))).toEqual(['unreadable']);
    await send(() => store.putMark(index(), { issuedBy: 2 }));
    expect(await read()).toEqual({ issuedBy: 2, startedBy: ahead(0) });
  });

  it('is understood with members that this version does not know', async () => {
    const { store, id, redis } = bed;
    await redis?.set(`test:mark:sub:{${id}}`, '{"issuedBy":9,"later":true}', 'PX', HOUR);
    await send(() => store.putMark(index(), { issuedBy: 2 }));
    expect(await read()).toEqual({ issuedBy: redis ? 9 : 2 });
  });

  it('remembers a logout token by the first thing that was said of it (R-81)', async () => {
    const { store, id } = bed;
    const first = { meaning: '{"sub":"adà 😀"}', cameAt: ahead(1000) };
    const second = { meaning: 'second', cameAt: ahead(9 * HOUR) };
    expect(await send(() => store.putLogoutToken(id, first, HOUR))).toEqual(first);
    expect(await send(() => store.putLogoutToken(id, second, HOUR))).toEqual(first);
    await bed.moveClock(HOUR - MARGIN);
    expect(await send(() => store.putLogoutToken(id, second, HOUR))).toEqual(first);
    await bed.moveClock(2 * MARGIN);
    expect(await send(() => store.putLogoutToken(id, second, HOUR))).toEqual(second);
  });

  it('knows when a logout token came first, by the later clock, the caller’s or the store’s', async () => {
    const { store, id } = bed;
    const cameAt = bed.now();
    const token = { meaning: 'm', cameAt: ahead(-HOUR) };
    expect(await send(() => store.putLogoutToken(id, token, HOUR))).toEqual({ meaning: 'm', cameAt });
    await bed.moveClock(1000);
    expect(await send(() => store.putLogoutToken(id, token, HOUR))).toEqual({ meaning: 'm', cameAt });
  });
});
