import { ConfigurationError } from '../errors.ts';
import { findNearestName } from './nearest-name.ts';
import { checkObject, quoteName } from './option-checks.ts';

/** Returns a value as our code uses it. Refuses it, as the option named by `where`, by a ConfigurationError. */
export type Check<Value> = (where: string, value: unknown) => Value;

/** What may be said of an option beside its check and its default. */
export interface FieldNotes {
  /** The default in words, where it is no value that could be written down. */
  readonly defaultIs?: string;
  /** What other libraries call it. */
  readonly aliases?: readonly string[];
}

/** One option: how it is checked, what it is when it is not given, and what other libraries call it. */
export interface Field<Value> extends FieldNotes {
  readonly check: Check<Value>;
  /** What is checked when nothing is given. Without this member the option must be given. */
  readonly default?: unknown;
}

/** Every option of one object, by name. An options type is covered by `satisfies Table<ThatType>`. */
export type Table<Options> = { readonly [Name in keyof Options]-?: Field<unknown> };

/** The table of any options. */
export type AnyTable = Readonly<Record<string, Field<unknown>>>;

/** What comes of the options of a table. */
export type Resolved<Fields extends AnyTable> = {
  readonly [Name in keyof Fields]: Fields[Name] extends Field<infer Value> ? Value : never;
};

/** Names that are written in hope, since another library has them, and what to write instead. */
export type Elsewhere = Readonly<Record<string, string>>;

/** The options that an object has, and those that it has not. */
interface Group {
  readonly table: AnyTable;
  readonly elsewhere: Elsewhere;
}

/** An option that must be given. */
export function required<Value>(check: Check<Value>, notes: FieldNotes = {}): Field<Value> {
  return { check, ...notes };
}

/** An option that may be absent. */
export function optional<Value>(check: Check<Value>, notes: FieldNotes = {}): Field<Value | undefined> {
  const checkGiven: Check<Value | undefined> = (where, value) =>
    value === undefined ? undefined : check(where, value);
  return { check: checkGiven, default: undefined, ...notes };
}

/** An option that has a value in any case. The default is written, and checked, as an application would give it. */
export function withDefault<Value, Default>(
  check: Check<Value>,
  value: Default,
  notes: FieldNotes = {},
): Field<Value> & { readonly default: Default } {
  return { check, default: value, ...notes };
}

/** An option that is an object of options itself, every one of which has a default. */
export function group<Fields extends AnyTable>(
  table: Fields,
  { elsewhere = {}, ...notes }: FieldNotes & { elsewhere?: Elsewhere } = {},
): Field<Resolved<Fields>> {
  const check: Check<Resolved<Fields>> = (where, value) => readOptions(where, value, table, elsewhere);
  return { check, default: {}, ...notes };
}

/**
 * Checks and completes an object of options.
 *
 * @param where - how messages name the object: a call such as `connectAuth()`, or an option of one.
 * @throws ConfigurationError that says everything that is wrong, a sentence for each: names that no option has, with what to
 * write instead, and values that are none, with what they must be; in the objects inside as well.
 */
export function readOptions<Fields extends AnyTable>(
  where: string,
  given: unknown,
  table: Fields,
  elsewhere: Elsewhere = {},
): Resolved<Fields> {
  checkObject(where, given);
  const findings = findUnknown(where, given, { table, elsewhere });
  const hasUnknown = findings.length > 0;
  const entries = Object.entries(table).flatMap(([name, field]): [string, unknown][] => {
    const isGiven = given[name] !== undefined;
    try {
      return [[name, field.check(nameOption(where, name), isGiven ? given[name] : field.default)]];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      // What is missing may be there under the name that no option has.
      if (isGiven || !hasUnknown) findings.push(error.message);
      return [];
    }
  });
  if (findings.length > 0) throw new ConfigurationError(findings.join('\n'));
  return Object.freeze(Object.fromEntries(entries)) as Resolved<Fields>;
}

/** How messages name an option: `requireAuth(): maxAgeSeconds`, `connectAuth(): session.cookieName`. */
export function nameOption(where: string, name: string): string {
  return where.endsWith('()') ? `${where}: ${name}` : `${where}.${name}`;
}

/** A sentence for each name that no option has. */
function findUnknown(where: string, given: object, { table, elsewhere }: Group): string[] {
  return Object.keys(given)
    .filter((name) => !Object.hasOwn(table, name))
    .map((name) => `${where} has no option ${quoteName(name)}. ${suggest(name, { table, elsewhere })}`);
}

function suggest(name: string, { table, elsewhere }: Group): string {
  const isMeant = (known: string) => known.toLowerCase() === name.toLowerCase();
  const remedy = Object.entries(elsewhere).find(([known]) => isMeant(known))?.[1];
  if (remedy) return remedy;
  const fields = Object.entries(table);
  const names = fields.map(([known]) => known);
  const alias = fields.find(([, field]) => field.aliases?.some(isMeant))?.[0];
  const meant = alias ?? findNearestName(name, names);
  return meant ? `Did you mean "${meant}"?` : `It has: ${names.join(', ')}.`;
}
