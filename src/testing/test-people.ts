import { ConfigurationError } from '../errors.ts';

/** Somebody who can log in: the claims that the provider tells of them, `sub` and any others. */
export interface TestPerson {
  /** Identifies the person. */
  sub: string;
  /** What the sign-in page calls them. @default `sub` */
  name?: string;
  [claim: string]: unknown;
}

/** The people of a provider, who may become more. */
export interface TestPeople {
  /** In the order in which the page shows them. */
  list(): readonly TestPerson[];
  find(sub: string): TestPerson | undefined;
  /** Adds somebody, or replaces who has the same `sub`. */
  add(person: TestPerson): void;
}

/** Who can log in unless a test says otherwise. */
export const DEFAULT_PEOPLE: readonly TestPerson[] = Object.freeze([
  createPerson('Ada', 'Lovelace'),
  createPerson('Grace', 'Hopper'),
  createPerson('Alan', 'Turing'),
]);

/** @throws ConfigurationError for somebody without a `sub`. */
export function createTestPeople(given: readonly TestPerson[]): TestPeople {
  const people = new Map<string, TestPerson>();
  const add = (person: TestPerson) => {
    if (typeof person?.sub !== 'string' || person.sub === '')
      throw new ConfigurationError('Each of the people must have a sub, such as { sub: "ada" }.');
    people.set(person.sub, Object.freeze({ ...person }));
  };
  given.forEach(add);
  return { list: () => [...people.values()], find: (sub) => people.get(sub), add };
}

function createPerson(given: string, family: string, sub = given.toLowerCase()): TestPerson {
  return Object.freeze({
    sub,
    name: `${given} ${family}`,
    given_name: given,
    family_name: family,
    preferred_username: sub,
    email: `${sub}@example.com`,
    email_verified: true,
  });
}
