import { expect, it } from '@jest/globals';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { INDEX_SLACK_MS, type IndexName } from '../../src/store/store.ts';
import { describeStore, type StoreBed } from '../support/store-bed.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MARGIN = 20_000;

/** All that a walk through an index finds, each once. */
async function walk(
  { store, send }: StoreBed,
  index: IndexName,
  onPage?: (keys: readonly string[]) => unknown,
) {
  const found = new Set<string>();
  let from: string | undefined;
  do {
    const page = await send(() => store.scanIndex(index, from));
    for (const key of page.keys) found.add(key);
    await onPage?.(page.keys);
    from = page.next;
  } while (from !== undefined);
  return [...found].sort();
}

describeStore('an index of sessions (F-05, R-89)', (bed) => {
  const { send } = bed;
  const index = (): IndexName => ({ kind: 'sub', id: bed.id });

  it('adds, finds and removes them', async () => {
    const { store } = bed;
    expect(await walk(bed, index())).toEqual([]);
    await send(() => store.addToIndexes([index()], 'a', HOUR));
    await send(() => store.addToIndexes([index()], 'b', HOUR));
    expect(await walk(bed, index())).toEqual(['a', 'b']);
    await send(() => store.removeFromIndex(index(), 'a'));
    await send(() => store.removeFromIndex(index(), 'nobody'));
    expect(await walk(bed, index())).toEqual(['b']);
    await send(() => store.removeFromIndex(index(), 'b'));
    expect(await walk(bed, index())).toEqual([]);
  });

  it('finds those that end last, the last first, and no more than asked for (N-19)', async () => {
    const { store } = bed;
    expect(await send(() => store.readNewest(index(), 9))).toEqual([]);
    for (const [at, key] of ['b', 'd', 'a', 'c'].entries()) {
      await store.addToIndexes([index()], key, HOUR + at * 1000);
    }
    expect(await send(() => store.readNewest(index(), 2))).toEqual(['c', 'a']);
    await send(() => store.addToIndexes([index()], 'b', 2 * HOUR));
    expect(await send(() => store.readNewest(index(), 9))).toEqual(['b', 'c', 'a', 'd']);
  });

  it('of users has nothing to do with one of provider sessions', async () => {
    const { store, id } = bed;
    await send(() => store.addToIndexes([index()], 'a', HOUR));
    expect(await walk(bed, { kind: 'sid', id })).toEqual([]);
    expect(await send(() => store.readNewest({ kind: 'sid', id }, 9))).toEqual([]);
  });

  it('drops what ended more than a day ago, and keeps the rest (N-05)', async () => {
    const { store } = bed;
    await store.addToIndexes([index()], 'early', HOUR);
    await store.addToIndexes([index()], 'late', HOUR + 2 * MARGIN);
    await bed.moveClock(HOUR + INDEX_SLACK_MS);
    await send(() => store.addToIndexes([index()], 'at its last', HOUR));
    expect(await walk(bed, index())).toEqual(['at its last', 'early', 'late']);
    await bed.moveClock(MARGIN);
    await send(() => store.addToIndexes([index()], 'next', HOUR));
    expect(await walk(bed, index())).toEqual(['at its last', 'late', 'next']);
  });

  it.each([
    ['50 minutes', HOUR * (5 / 6)],
    ['a day', DAY],
  ])('loses none that lives to a clock that steps ahead by %s and back (N-05)', async (_, ms) => {
    const { store } = bed;
    await store.addToIndexes([index()], 'living', HOUR / 60);
    await bed.moveClock(ms);
    await send(() => store.addToIndexes([index()], 'meanwhile', HOUR));
    expect(await walk(bed, index())).toEqual(['living', 'meanwhile']);
    await bed.moveClock(-ms);
    await send(() => store.addToIndexes([index()], 'after', HOUR));
    expect(await walk(bed, index())).toEqual(['after', 'living', 'meanwhile']);
    expect(await send(() => store.readNewest(index(), 9))).toEqual(['meanwhile', 'after', 'living']);
  });

  it('keeps an entry as long as the longest life that it was given, whatever the clock', async () => {
    const { store } = bed;
    await store.addToIndexes([index()], 'a', DAY);
    await bed.moveClock(-DAY);
    await send(() => store.addToIndexes([index()], 'a', HOUR));
    await send(() => store.addToIndexes([index()], 'b', HOUR));
    expect(await send(() => store.readNewest(index(), 9))).toEqual(['a', 'b']);
    await bed.moveClock(DAY + INDEX_SLACK_MS + 2 * HOUR);
    await send(() => store.addToIndexes([index()], 'c', HOUR));
    expect(await walk(bed, index())).toEqual(['a', 'c']);
  });

  it('is walked through while others end what is in it: all that stays is found (N-19)', async () => {
    const { store } = bed;
    const keys = Array.from({ length: 2500 }, (_, at) => `session ${String(at).padStart(4, '0')}`);
    await Promise.all(keys.map((key) => store.addToIndexes([index()], key, HOUR)));
    let pages = 0;
    const found = await walk(bed, index(), async (page) => {
      pages += 1;
      await Promise.all(page.map((key) => store.removeFromIndex(index(), key)));
    });
    expect(found).toEqual(keys);
    expect(pages).toBeGreaterThan(bed.kind === 'redis' ? 3 : 0);
    expect(await walk(bed, index())).toEqual([]);
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

it('an index in memory goes when the last of its sessions has ended, though nobody comes back to it', async () => {
  let time = Date.now();
  const store = createMemoryStore({ now: () => time });
  const index = (id: number) => ({ kind: 'sid' as const, id: String(id) });
  for (let id = 0; id < 10; id += 1) await store.addToIndexes([index(id)], `session ${id}`, 1000 + id);
  time += 1005 + INDEX_SLACK_MS;
  for (let id = 0; id < 1000; id += 1) await store.writeData(`data ${id}`, '{}', 1, { mustExist: false });
  const left = await Promise.all(Array.from({ length: 10 }, (_, id) => store.scanIndex(index(id))));
  expect(left.flatMap(({ keys }) => keys)).toEqual([5, 6, 7, 8, 9].map((id) => `session ${id}`));
});
