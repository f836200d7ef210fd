import { describe, expect, it } from '@jest/globals';
import type { TestAppOptions } from '../support/app.ts';
import { whoIs } from '../support/bed.ts';
import { useApps, useScriptedProvider } from '../support/use-apps.ts';

const op = await useScriptedProvider();
const startApp = useApps();
const start = (options: Partial<TestAppOptions> = {}) => startApp({ op, ...options });

class Account {
  readonly id = 7;
  isOwner() {
    return true;
  }
}

const loop: Record<string, unknown> = { sub: 'ada' };
loop.friends = [{ of: loop }];

function nest(depth: number): object {
  return depth === 0 ? {} : { in: nest(depth - 1) };
}

/** What is lost, and how the message names it. */
const losses: [what: string, member: object, told: string][] = [
  ['a Set', { roles: new Set(['admin']) }, 'user.roles is an object of the class Set.'],
  ['a Map', { rights: { of: new Map([['a', 1]]) } }, 'user.rights.of is an object of the class Map.'],
  ['a Date', { since: new Date(0) }, 'user.since is an object of the class Date.'],
  ['a Date in a list', { seen: [{ at: new Date(0) }] }, 'user.seen[0].at is an object of the class Date.'],
  ['a record of an ORM', { account: new Account() }, 'user.account is an object of the class Account.'],
  ['a URL', { picture: new URL('https://a.example') }, 'user.picture is an object of the class URL.'],
  ['bytes', { key: Buffer.from('a') }, 'user.key is an object of the class Buffer.'],
  ['a regular expression', { allowed: /a/ }, 'user.allowed is an object of the class RegExp.'],
  ['a big number', { balance: 1n }, 'user.balance is a bigint.'],
  ['a number that is none', { age: Number.NaN }, 'user.age is NaN.'],
  ['an endless number', { limits: [1, Number.POSITIVE_INFINITY] }, 'user.limits[1] is Infinity.'],
  ['a function', { can: () => true }, 'user.can is a function.'],
  ['a symbol', { kind: Symbol('a') }, 'user.kind is a symbol.'],
  ['nothing in a list', { names: ['a', undefined] }, 'user.names[1] is undefined.'],
  // biome-ignore lint/suspicious/noSparseArray: that is what is tested
  ['a hole in a list', { names: [, 'a'] }, 'user.names[0] is undefined.'],
  [
    'a member named by a symbol',
    { home: { [Symbol('city')]: 'London' } },
    'user.home is an object with a member named by a symbol.',
  ],
  [
    'a list with more than items',
    { tags: Object.assign(['a'], { total: 1 }) },
    'user.tags is an array with members beside its items.',
  ],
  ['more depth than any user has', { a: nest(200) }, `user.a${'.in'.repeat(99)} is inside of 100 others.`],
  ['itself', loop, 'user.friends[0].of.friends is an object that holds itself.'],
];

describe('what mapUser returns', () => {
  it.each(losses)('is refused with %s in it, by the path to that (F-123)', async (_what, member, told) => {
    const app = await start({ mapUser: ({ sub }) => ({ sub, ...member }) });
    const browser = app.browser();
    expect((await app.logIn(browser)).status).toBe(500);
    expect(await whoIs(browser)).toBeNull();
    expect(app.errors.map(({ error }) => error.message)).toEqual([
      `What mapUser returns must survive JSON: ${told} Give strings, finite numbers, true and false, null, arrays and plain objects.`,
    ]);
  });

  it('arrives as it was when JSON carries it (F-123)', async () => {
    const shared = { city: 'London' };
    const user = {
      ...{ sub: 'ada', nick: '', age: 36, debts: -1.5, admin: false, boss: null },
      ...{ roles: ['a', 'b'], lists: [[1], []], home: shared, work: shared, bare: Object.create(null) },
    };
    const app = await start({ mapUser: () => ({ ...user, name: undefined }) });
    const browser = app.browser();
    await app.logIn(browser);
    expect(await (await browser.get('/me')).json()).toEqual({ ...user, bare: {} });
  });
});
