import { describe, expect, it, jest } from '@jest/globals';
import type { FleetProcess } from '../chaos/fleet.ts';
import type { Answer, Jar } from '../chaos/person.ts';
import { until } from '../support/until.ts';
import { setUpFleet } from './fleet-bed.ts';

// Several processes at once: on a machine that is busy they take their time.
jest.setTimeout(120_000);

const bed = setUpFleet();

async function logIn({ origin }: FleetProcess, sub: string): Promise<Jar> {
  const jar: Jar = new Map();
  const { location } = await bed.people.send(origin, { path: '/login' }, jar);
  const done = await bed.people.send(origin, { path: bed.provider.authorize(location!, sub) }, jar);
  expect(done.status).toBe(303);
  return jar;
}

describe('auth.close({ server }), called while people are at work', () => {
  it('answers and saves what is under way, tells streams, lets no request be lost, and the process ends by itself (F-121)', async () => {
    const [first, second] = [await bed.start('first'), await bed.start('second')];
    const jars = await Promise.all(Array.from({ length: 8 }, (_, index) => logIn(first, `u${index}`)));
    const answers: Answer[] = [];
    let isOver = false;
    // As behind a proxy, which leads nobody to a process any more before that is told to end.
    let led = first;
    const work = async (jar: Jar) => {
      while (!isOver) {
        const target = { method: 'POST', path: '/count' } as const;
        answers.push(await bed.people.send(led.origin, target, jar));
      }
    };
    const traffic = jars.slice(0, 6).map(work);
    const stream = bed.people.send(first.origin, { path: '/stream' }, jars[6]!);
    const waiting = first.next(({ waiting }) => waiting === 'first');
    const slow = bed.people.send(first.origin, { path: '/slow?ms=1500' }, jars[7]!);
    await waiting;
    await until(() => answers.length > 20);
    led = second;
    first.signal('SIGTERM');
    expect(await stream).toMatchObject({ outcome: 'answered', body: 'begun\ntold\n' });
    expect(await slow).toMatchObject({ status: 200, process: 'first' });
    expect(await first.ended()).toBe(0);
    isOver = true;
    await Promise.all(traffic);

    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ process }) => process))).toEqual(new Set(['first', 'second']));
    // What both have counted is there, once each.
    const counted = await Promise.all(
      jars.map((jar) =>
        bed.people.send(second.origin, { path: '/me' }, jar).then(({ body }) => JSON.parse(body).n),
      ),
    );
    expect(counted.reduce((sum, n) => sum + n, 0)).toBe(answers.length + 1);
  });
});
