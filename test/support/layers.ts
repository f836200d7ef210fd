/** The rules of the layers, for `test/layers.test.ts`. Sources are texts by their path below src/. */
export type Sources = Readonly<Record<string, string>>;

interface Import {
  specifier: string;
  /** `import type` and `export type`, which leave nothing in the compiled file. */
  typeOnly: boolean;
}

const TOP_LEVEL_FILES: Readonly<Record<string, number>> = { 'index.ts': 5, 'connect-auth.ts': 4 };
const FOLDERS: Readonly<Record<string, number>> = {
  testing: 5,
  cli: 5,
  routes: 3,
  user: 3,
  session: 2,
  vault: 2,
  store: 1,
  provider: 1,
};

/** Where an outside package may be loaded. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  ioredis: ['store'],
  'connect-redis': ['session', 'store'],
  'express-session': ['session', 'store'],
  cookie: ['session', 'store'],
  'cookie-signature': ['session', 'store'],
  'openid-client': ['provider'],
  jose: ['provider', 'vault'],
  express: ['routes', 'connect-auth.ts'],
  helmet: ['routes', 'connect-auth.ts'],
  'escape-html': ['routes'],
  'raw-body': ['routes'],
  'type-is': ['routes'],
  leven: ['nearest-name.ts'],
};

const FORBIDDEN: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/\bconsole\s*\./, 'console: tell the application through its hooks'],
  [/\bprocess\s*\.\s*env\b/, 'process.env: take an option'],
  [/\bDate\s*\.\s*now\s*\(/, 'Date.now(): take the injected clock'],
  [/\bnew\s+Date\s*\(\s*\)/, 'new Date() without a time: take the injected clock'],
  [/\bMath\s*\.\s*random\s*\(/, 'Math.random(): use node:crypto'],
  [/\bexport\s+default\b/, 'a default export: name it'],
];

/** Everything that breaks a rule, as sentences; empty when all is well. */
export function findLayerFaults(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, source]) => {
    const { code, bare } = readCode(source);
    const part = findPart(path);
    if (findLayer(part) === undefined) return [`src/${path}: no layer is known for ${part}/.`];
    return [
      ...findImports(code).flatMap((each) => findImportFaults(path, each)),
      ...FORBIDDEN.filter(([pattern]) => pattern.test(bare)).map(([, fault]) => `src/${path} has ${fault}.`),
      ...findClasses(bare, part).map(
        (name) => `src/${path} has the class ${name}: only errors.ts may have any.`,
      ),
    ];
  });
}

function findImportFaults(path: string, { specifier, typeOnly }: Import): string[] {
  if (specifier.startsWith('node:')) return [];
  if (!specifier.startsWith('.')) return typeOnly ? [] : findOwnerFaults(path, specifier);

  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const [from, to] = [findPart(path), findPart(target)];
  const [own, other] = [findLayer(from)!, findLayer(to)];
  if (other === undefined) return [`src/${path} imports ${specifier}, which belongs to no layer.`];
  if (from === to || other < own || (own === 0 && other === 0)) return [];
  const relation =
    other === own ? `beside it in layer ${own}` : `in layer ${other}, above its own layer ${own}`;
  return [`src/${path} imports ${specifier} from ${to}, ${relation}. Join the two in connect-auth.ts.`];
}

function findOwnerFaults(path: string, specifier: string): string[] {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const owners = OWNERS[name];
  if (!owners) return [`src/${path} imports ${name}, a package without an owner.`];
  if (owners.includes(findPart(path))) return [];
  return [
    `src/${path} imports ${name}, which belongs to ${owners.join(' and ')}. For its types: import type.`,
  ];
}

/** The folder of a file, or the file itself at the top. */
function findPart(path: string): string {
  return path.split('/')[0]!;
}

function findLayer(part: string): number | undefined {
  return part.endsWith('.ts') ? (TOP_LEVEL_FILES[part] ?? 0) : FOLDERS[part];
}

function findImports(code: string): Import[] {
  const statements = code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?(?:[\w*\s{},$]*?\bfrom\s*)?['"]([^'"]+)['"]/gm,
  );
  // In a type, import('x') is followed by the name of the type.
  const calls = code.matchAll(/\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]\s*\)(?!\s*\.\s*[A-Z])/g);
  return [
    ...[...statements].map(([, type, specifier]) => ({
      specifier: specifier!,
      typeOnly: type !== undefined,
    })),
    ...[...calls].map(([, specifier]) => ({ specifier: specifier!, typeOnly: false })),
  ];
}

function findClasses(bare: string, part: string): string[] {
  if (part === 'errors.ts') return [];
  return [...bare.matchAll(/\bclass\b\s*(\w*)[^{;:=]*\{/g)].map(([, name]) => name || 'without a name');
}

/** The source without comments, and the same with its strings emptied of all but the expressions in them. */
function readCode(source: string): { code: string; bare: string } {
  const strings = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|${'`'}(?:\\[\s\S]|[^\\${'`'}])*${'`'}`;
  const regex = String.raw`(?<=[(,=:[!&|?{};]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/`;
  const comments = String.raw`\/\*[\s\S]*?\*\/|\/\/[^\n]*`;
  const tokens = new RegExp(`(${regex})|(${strings})|${comments}`, 'g');
  return {
    code: source.replace(tokens, (_all, pattern = '', string = '') => pattern + string),
    bare: source.replace(
      tokens,
      (_all, pattern = '', string = '') => pattern + (string && emptyString(string)),
    ),
  };
}

function emptyString(string: string): string {
  const expressions = string.startsWith('`')
    ? [...string.matchAll(/\$\{([^}]*)\}/g)].map((match) => match[1])
    : [];
  return `'' ${expressions.join('; ')}`;
}
