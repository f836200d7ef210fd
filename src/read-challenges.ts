/** One challenge of a `WWW-Authenticate` header. */
export interface AuthChallenge {
  /** In lower case. */
  readonly scheme: string;
  /** By their names in lower case; of a name that comes twice, the first. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Above any honest header; Node's own bound for all of them together is 16 KiB. */
const MAX_LENGTH = 8192;
const MAX_PARTS = 64;

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const PARAMETER = new RegExp(`(${TOKEN})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`, 'y');
const SCHEME = new RegExp(`(${TOKEN})(?:[ \\t]+|(?=,|$))`, 'y');
const TOKEN68 = /[\w\-.~+/]+=*[ \t]*(?=,|$)/y;
const SEPARATOR = /[ \t]*(?:,[ \t]*)+|[ \t]+/y;

/**
 * Reads a `WWW-Authenticate` header, which may hold several challenges, joined by commas as their parameters are. It ends
 * at the first place that it does not understand: what came before stands.
 *
 * @see [RFC 9110, section 11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)
 */
export function readChallenges(header: string | null): readonly AuthChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  if (header === null || header.length > MAX_LENGTH) return challenges;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found) at = pattern.lastIndex;
    return found;
  };
  for (let parts = 0; at < header.length && parts < MAX_PARTS; parts += 1) {
    take(SEPARATOR);
    const current = challenges.at(-1);
    const parameter = current && take(PARAMETER);
    if (parameter) {
      const [, name, quoted, plain] = parameter;
      const value = plain ?? quoted!.replace(/\\(.)/gs, '$1');
      const key = name!.toLowerCase();
      if (!current.parameters.has(key)) current.parameters.set(key, value);
      continue;
    }
    const scheme = take(SCHEME);
    if (!scheme) break;
    challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: new Map() });
    // Credentials in one word, such as those of Negotiate, mean nothing here; a parameter is read in its turn.
    take(TOKEN68);
  }
  return challenges;
}
