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
  /** The options inside, when its value is an object of them. */
  readonly inner?: Group;
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

/** The options inside of an option. */
export interface Group {
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
  { elsewhere = {}, ...notes }: Omit<FieldNotes, 'inner'> & { elsewhere?: Elsewhere } = {},
): Field<Resolved<Fields>> {
  const check: Check<Resolved<Fields>> = (where, value) => readOptions(where, value, table, elsewhere);
  return { check, default: {}, inner: { table, elsewhere }, ...notes };
}

/**
 * Checks and completes an object of options.
 *
 * @param where - how messages name the object: a call such as `connectAuth()`, or an option of one.
 * @throws ConfigurationError that names every unknown option with what to write instead, in the objects inside as well;
 * else one that names the first option that is wrong, what it must be and what it is.
 */
export function readOptions<Fields extends AnyTable>(
  where: string,
  given: unknown,
  table: Fields,
  elsewhere: Elsewhere = {},
): Resolved<Fields> {
  checkObject(where, given);
  const unknown = findUnknown(where, given, { table, elsewhere });
  if (unknown.length > 0) throw new ConfigurationError(unknown.join('\n'));
  const entries = Object.entries(table).map(([name, field]) => {
    const value = given[name] === undefined ? field.default : given[name];
    return [name, field.check(nameOption(where, name), value)];
  });
  return Object.freeze(Object.fromEntries(entries)) as Resolved<Fields>;
}

/** How messages name an option: `requireAuth(): maxAgeSeconds`, `connectAuth(): session.cookieName`. */
export function nameOption(where: string, name: string): string {
  return where.endsWith('()') ? `${where}: ${name}` : `${where}.${name}`;
}

/** A sentence for each name that no option has. */
function findUnknown(where: string, given: object, { table, elsewhere }: Group): string[] {
  return Object.entries(given).flatMap(([name, value]) => {
    const field = Object.hasOwn(table, name) ? table[name] : undefined;
    if (!field) return `${where} has no option ${quoteName(name)}. ${suggest(name, { table, elsewhere })}`;
    if (!field.inner || typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return findUnknown(nameOption(where, name), value, field.inner);
  });
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
