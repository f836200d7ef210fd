import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FleetProcess } from '../chaos/fleet.ts';
import { bundleFleetApp, type FleetBundle } from '../chaos/fleet-bundle.ts';
import type { Jar } from '../chaos/person.ts';
import { setUpFleet } from './fleet-bed.ts';
import { beginTraffic, logIn, roll } from './traffic.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

const bed = setUpFleet();

/** A version of this library whose records, seals and cookies have other numbers. */
const bundleWith = (read: number[], written: number) =>
  bundleFleetApp({
    'formats.ts': (source) =>
      source.replaceAll('read: [1], written: 1', `read: ${JSON.stringify(read)}, written: ${written}`),
  });

describe('a deployment of a version with the next format number', () => {
  let [reading, next, careless] = [] as unknown as [FleetBundle, FleetBundle, FleetBundle];
  beforeAll(async () => {
    [reading, next, careless] = await Promise.all([
      bundleWith([1, 2], 1),
      bundleWith([1, 2], 2),
      bundleWith([2], 2),
    ]);
  });
  afterAll(() => Promise.all([reading, next, careless].map((bundle) => bundle.remove())));

  const enter = async (process: FleetProcess, sub: string): Promise<Jar> => {
    const jar: Jar = new Map();
    const done = await logIn((target, of) => bed.people.send(process.origin, target, of), {
      ...{ provider: bed.provider, sub, jar },
    });
    expect(done.status).toBe(303);
    return jar;
  };
  const send = ({ origin }: FleetProcess, path: string, jar: Jar, method: 'GET' | 'POST' = 'GET') =>
    bed.people.send(origin, { path, method }, jar);
  const statusOf = async (process: FleetProcess, jar: Jar) => (await send(process, '/me', jar)).status;
  const seenBy = async (process: FleetProcess, jar: Jar) =>
    JSON.parse((await send(process, '/me', jar)).body);

  it('that follows one which reads it already loses no session and refuses nobody, process by process (F-19)', async () => {
    const fleet = await Promise.all(['a', 'b'].map((name) => bed.start(name)));
    const traffic = await beginTraffic(bed, fleet);
    await traffic.after(30);
    for (const [name, bundle] of Object.entries({ reading, next })) {
      await roll(fleet, (each) => bed.start(each, { bundle }), { traffic, name });
    }
    await traffic.after(30);
    // And one of them back, because something else was wrong with it.
    await roll(fleet, (each) => bed.start(each, { bundle: reading }), { traffic, name: 'back', count: 1 });
    await traffic.stop();
    expect(traffic.faults).toEqual([]);
    expect(traffic.counts.logins).toBeGreaterThan(traffic.workers.length + 4);
    expect(traffic.counts.tokens.size).toBeGreaterThan(traffic.workers.length);
  });

  it('beside this one: what this one wrote is known there, what that one wrote is nobody here, and stays (F-19)', async () => {
    const [ours, theirs] = await Promise.all([bed.start('ours'), bed.start('theirs', { bundle: next })]);
    const here = await enter(ours, 'here');
    await send(ours, '/count', here, 'POST');
    await send(theirs, '/count', here, 'POST');
    expect(await seenBy(theirs, here)).toEqual({ sub: 'here', n: 2 });
    expect(await seenBy(ours, here)).toEqual({ sub: 'here', n: 2 });

    const there = await enter(theirs, 'there');
    await send(theirs, '/count', there, 'POST');
    const before = new Map(there);
    expect(await statusOf(ours, there)).toBe(401);
    expect((await send(ours, '/token', there)).status).toBe(401);
    expect((await send(ours, '/count', there, 'POST')).status).toBe(401);
    expect(there).toEqual(before);
    expect(await seenBy(theirs, there)).toEqual({ sub: 'there', n: 1 });
    expect((await send(theirs, '/token', there)).status).toBe(200);
    expect(ours.messages.filter(({ error }) => error)).toEqual([]);

    // Whoever comes back from the provider to the other one begins again, without a page.
    const jar: Jar = new Map();
    const { location } = await send(theirs, '/login', jar);
    const again = await send(ours, bed.provider.authorize(location!, 'again'), jar);
    expect(again.location).toMatch(bed.provider.issuer);
    expect((await send(ours, bed.provider.authorize(again.location!, 'again'), jar)).status).toBe(303);
    expect(await seenBy(theirs, jar)).toEqual({ sub: 'again', n: 0 });
  });

  it('beside this one: a logout at either ends the session at both (F-19, N-05)', async () => {
    const [ours, theirs] = await Promise.all([bed.start('ours'), bed.start('theirs', { bundle: next })]);
    for (const at of [ours, theirs]) {
      for (const from of [ours, theirs]) {
        const jar = await enter(from, 'leaves');
        const old = new Map(jar);
        expect((await send(at, '/logout', jar, 'POST')).status).toBe(200);
        expect([await statusOf(ours, old), await statusOf(theirs, old)]).toEqual([401, 401]);
      }
      const [one, two] = [await enter(ours, 'both'), await enter(theirs, 'both')];
      expect((await send(at, '/out-everywhere?sub=both', new Map(), 'POST')).status).toBe(200);
      for (const jar of [one, two])
        expect([await statusOf(ours, jar), await statusOf(theirs, jar)]).toEqual([401, 401]);
    }
  });

  it('that cannot read this one leaves its sessions alone, for when the deployment is taken back (F-19)', async () => {
    const [ours, theirs] = await Promise.all([bed.start('ours'), bed.start('theirs', { bundle: careless })]);
    const jar = await enter(ours, 'stays');
    expect(await statusOf(theirs, jar)).toBe(401);
    expect(await statusOf(theirs, jar)).toBe(401);
    expect(await seenBy(ours, jar)).toEqual({ sub: 'stays', n: 0 });
    expect((await send(ours, '/token', jar)).status).toBe(200);
    expect(theirs.messages.filter(({ error }) => error)).toEqual([]);
  });
});
