import { describe, expect, it, jest } from '@jest/globals';
import { SECRET, setUpFleet } from './fleet-bed.ts';
import { beginTraffic, createBalancer, roll } from './traffic.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

const bed = setUpFleet();
const NEXT = 'the next secret of the tests, long enough too';

describe('a secret that is replaced while people are at work', () => {
  it('logs nobody out and refuses nobody, process by process, in the order of the documents (F-102)', async () => {
    const starter = (secrets: string[]) => (name: string) => bed.start(name, { secrets });
    const fleet = await Promise.all(['a', 'b'].map(starter([SECRET])));
    const traffic = await beginTraffic(bed, fleet);
    await traffic.after(30);
    await roll(fleet, starter([SECRET, NEXT]), { traffic, name: 'knows both' });
    await roll(fleet, starter([NEXT, SECRET]), { traffic, name: 'signs anew' });
    await traffic.stop();
    expect(traffic.faults).toEqual([]);
    expect(traffic.counts.logins).toBeGreaterThan(traffic.workers.length + 4);
    expect(traffic.counts.tokens.size).toBeGreaterThan(traffic.workers.length);

    // The old one goes when the longest session has ended: whoever has logged in since stays.
    const late = await beginTraffic(bed, fleet);
    await roll(fleet, starter([NEXT]), { traffic: late, name: 'knows the new one alone' });
    await late.stop();
    expect(late.faults).toEqual([]);
    const send = createBalancer(bed.people, fleet);
    for (const { jar } of traffic.workers) expect((await send({ path: '/me' }, jar)).status).toBe(401);
  });
});
