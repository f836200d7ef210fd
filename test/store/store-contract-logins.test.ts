import { expect, it } from '@jest/globals';
import type { IndexName } from '../../src/store/store.ts';
import { describeStore } from '../support/store-bed.ts';

const LONG = 60_000;

describeStore('a pending login (F-05)', (bed) => {
  const { send } = bed;

  it('goes to one taker, who may ask again (F-53)', async () => {
    const { store, id } = bed;
    await send(() => store.putLogin(id, 'sealed', LONG));
    expect(await send(() => store.takeLogin(id, 'me'))).toEqual({ value: 'sealed' });
    expect(await send(() => store.takeLogin(id, 'other'))).toBe('taken');
    expect(await store.takeLogin(id, 'me')).toEqual({ value: 'sealed' });
  });

  it('goes to exactly one of many takers at once (F-53)', async () => {
    const { store, id } = bed;
    await store.putLogin(id, 'sealed', LONG);
    const takers = Array.from({ length: 20 }, (_, index) => `taker-${index}`);
    const answers = await Promise.all(takers.map((taker) => store.takeLogin(id, taker)));
    expect(answers.filter((answer) => answer !== 'taken')).toEqual([{ value: 'sealed' }]);
  });

  it('may hold whatever characters (CVE-2021-32785)', async () => {
    const { store, id } = bed;
    const odd = 'x:\r\n\u0000\u202e %s {}[]* "é😀';
    await send(() => store.putLogin(id, odd, LONG));
    expect(await send(() => store.takeLogin(id, 'me'))).toEqual({ value: odd });
  });

  it('is unknown when it was never there or has expired', async () => {
    const { store, id } = bed;
    expect(await send(() => store.takeLogin(id, 'me'))).toBe('unknown');
    await send(() => store.putLogin(id, 'sealed', bed.shortMs));
    await bed.shortLivesEnd();
    expect(await store.takeLogin(id, 'me')).toBe('unknown');
  });
});

describeStore('an index of sessions (F-05, R-89)', (bed) => {
  const { send } = bed;
  const index = (): IndexName => ({ kind: 'sub', id: bed.id });

  it('adds, lists and removes them', async () => {
    const { store } = bed;
    await send(() => store.addToIndex(index(), 'a', 2000, 1000));
    await send(() => store.addToIndex(index(), 'b', 3000, 1000));
    expect(await send(() => store.readIndex(index(), 1000))).toEqual(['a', 'b']);
    await send(() => store.removeFromIndex(index(), 'a'));
    await send(() => store.removeFromIndex(index(), 'nobody'));
    expect(await store.readIndex(index(), 1000)).toEqual(['b']);
  });

  it('drops what has reached its absolute end, and keeps the living', async () => {
    const { store } = bed;
    await store.addToIndex(index(), 'late', 9000, 1000);
    await store.addToIndex(index(), 'early', 2000, 1000);
    expect(await send(() => store.readIndex(index(), 2000))).toEqual(['late']);
    await send(() => store.addToIndex(index(), 'next', 8000, 5000));
    expect([...(await store.readIndex(index(), 0))].sort()).toEqual(['late', 'next']);
  });

  it('of users has nothing to do with one of provider sessions', async () => {
    const { store, id } = bed;
    await send(() => store.addToIndex(index(), 'a', 2000, 1000));
    expect(await send(() => store.readIndex({ kind: 'sid', id }, 1000))).toEqual([]);
  });
});

describeStore('what a logout from outside leaves (F-05, F-80)', (bed) => {
  const { send } = bed;
  const index = (): IndexName => ({ kind: 'sub', id: bed.id });
  const cutOf = async () => {
    const [text] = await bed.store.readCuts([index()]);
    return text && JSON.parse(text);
  };

  it('is a cut for each index, or none', async () => {
    const { store, id } = bed;
    expect(await store.readCuts([])).toEqual([]);
    await send(() => store.putCut(index(), { issuedBy: 1_700_000_000 }, LONG));
    const [cut, none] = await send(() => store.readCuts([index(), { kind: 'sid', id }]));
    expect([JSON.parse(cut!), none]).toEqual([{ issuedBy: 1_700_000_000 }, null]);
  });

  it('keeps the later of each of its two clocks', async () => {
    const { store } = bed;
    await store.putCut(index(), { issuedBy: 200 }, LONG);
    await send(() => store.putCut(index(), { startedBy: 1_700_000_000_123, except: 'me' }, LONG));
    expect(await cutOf()).toEqual({ issuedBy: 200, startedBy: 1_700_000_000_123, except: 'me' });
    await send(() => store.putCut(index(), { issuedBy: 100 }, LONG));
    await send(() => store.putCut(index(), { startedBy: 1_600_000_000_000 }, LONG));
    expect(await cutOf()).toEqual({ issuedBy: 200, startedBy: 1_700_000_000_123, except: 'me' });
    await send(() => store.putCut(index(), { issuedBy: 300, startedBy: 1_800_000_000_000 }, LONG));
    expect(await cutOf()).toEqual({ issuedBy: 300, startedBy: 1_800_000_000_000 });
  });

  it('lives as long as the longest of them asked for', async () => {
    const { store, id } = bed;
    const short: IndexName = { kind: 'sid', id };
    await send(() => store.putCut(index(), { issuedBy: 1 }, LONG));
    await send(() => store.putCut(index(), { issuedBy: 2 }, bed.shortMs));
    await send(() => store.putCut(short, { issuedBy: 2 }, bed.shortMs));
    await bed.shortLivesEnd();
    expect(await cutOf()).toEqual({ issuedBy: 2 });
    expect(await store.readCuts([short])).toEqual([null]);
  });

  it('remembers a logout token by the first thing that was said of it (R-81)', async () => {
    const { store, id } = bed;
    expect(await send(() => store.putLogoutToken(id, 'first', LONG))).toBe('first');
    expect(await send(() => store.putLogoutToken(id, 'second', LONG))).toBe('first');
    const short = `${id}-short`;
    await send(() => store.putLogoutToken(short, 'first', bed.shortMs));
    await bed.shortLivesEnd();
    expect(await store.putLogoutToken(short, 'second', LONG)).toBe('second');
  });
});

describeStore('the health of the store', (bed) => {
  it('is told in plain sentences', async () => {
    expect(await bed.store.health()).toEqual({
      kind: bed.kind,
      ok: true,
      warnings: bed.kind === 'redis' ? [] : ['Sessions live in the memory of this process.'],
    });
  });
});
