import { listSyntaxNodes, type SyntaxNode } from '../../scripts/syntax.js';

/** The rules of the layers, for `test/project/layers.test.ts`. Sources are texts by their path below src/. */
export type Sources = Readonly<Record<string, string>>;

interface Import {
  specifier: string;
  /** `import type` and `export type`, which leave nothing in the compiled file. */
  typeOnly: boolean;
}

const TOP_LEVEL_FILES: Readonly<Record<string, number>> = { 'index.ts': 6, 'connect-auth.ts': 5 };
const FOLDERS: Readonly<Record<string, number>> = {
  assembly: 4,
  testing: 7,
  cli: 7,
  client: 6,
  check: 3,
  tenants: 3,
  routes: 3,
  user: 3,
  session: 2,
  vault: 2,
  store: 1,
  provider: 1,
  pages: 1,
  observe: 1,
  options: 0,
};

/** Where an outside package may be loaded. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  ioredis: ['store'],
  'connect-redis': ['session'],
  'express-session': ['session'],
  cookie: ['session'],
  'cookie-signature': ['session'],
  'openid-client': ['provider'],
  jose: ['provider', 'testing'],
  express: ['routes', 'assembly', 'testing'],
  helmet: ['pages'],
  'escape-html': ['pages', 'testing'],
  'raw-body': ['routes'],
  'type-is': ['routes'],
  leven: ['options'],
  '@opentelemetry/api': ['observe'],
};

/** All that the client shares with the server, as types. */
const CLIENT_TYPES = 'answer-types.ts';

/** What no file may hold, by the kind of node it is, and what to do instead. */
const FORBIDDEN: readonly (readonly [isForbidden: (node: SyntaxNode) => boolean, remedy: string])[] = [
  [(node) => isMember(node, 'console'), 'console: tell the application through its hooks'],
  [(node) => isMember(node, 'process', 'env'), 'process.env: take an option'],
  [(node) => isMember(calleeOf(node), 'Date', 'now'), 'Date.now(): take the injected clock'],
  [isPresentDate, 'new Date() without a time: take the injected clock'],
  [(node) => isMember(calleeOf(node), 'Math', 'random'), 'Math.random(): use node:crypto'],
  [({ type }) => /^ExportDefault/.test(type), 'a default export: name it'],
];

/** Everything that breaks a rule, as sentences; empty when all is well. */
export function findLayerFaults(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, source]) => {
    const nodes = listSyntaxNodes(source);
    const part = findPart(path);
    if (findLayer(part) === undefined) return [`src/${path}: no layer is known for ${part}/.`];
    return [
      ...findImports(nodes).flatMap((each) => findImportFaults(path, each)),
      ...FORBIDDEN.filter(([isForbidden]) => nodes.some(isForbidden)).map(
        ([, fault]) => `src/${path} has ${fault}.`,
      ),
      ...findClasses(nodes, part).map(
        (name) => `src/${path} has the class ${name}: only errors.ts may have any.`,
      ),
    ];
  });
}

function findImportFaults(path: string, { specifier, typeOnly }: Import): string[] {
  if (specifier.startsWith('node:') && findPart(path) !== 'client') return [];
  if (!specifier.startsWith('.')) return typeOnly ? [] : findOwnerFaults(path, specifier);

  const target = new URL(specifier, `file:///${path}`).pathname.slice(1);
  const [from, to] = [findPart(path), findPart(target)];
  const [own, other] = [findLayer(from)!, findLayer(to)];
  if (from === 'client' && to !== from && !(typeOnly && target === CLIENT_TYPES))
    return [`src/${path} imports ${specifier}: browsers load it, by itself.`];
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

function findImports(nodes: readonly SyntaxNode[]): Import[] {
  const statements = nodes.filter(({ type }) => /^(Import|ExportNamed|ExportAll)Declaration$/.test(type));
  const calls = nodes.filter(
    (node) => calleeOf(node)?.type === 'Import' || isNamed(calleeOf(node), 'require'),
  );
  return [
    ...statements.map(({ source, typeOnly }) => ({ specifier: textOf(source), typeOnly: typeOnly === true })),
    ...calls.map((node) => ({ specifier: textOf(argumentsOf(node)[0]), typeOnly: false })),
  ].filter(({ specifier }) => specifier !== '');
}

function findClasses(nodes: readonly SyntaxNode[], part: string): string[] {
  if (part.endsWith('errors.ts')) return [];
  return nodes
    .filter(({ type }) => /^Class(Declaration|Expression)$/.test(type))
    .map(({ identifier }) => String((identifier as SyntaxNode | undefined)?.value ?? 'without a name'));
}

/** Whether it is `object.property`, or any property of the object. */
function isMember(node: SyntaxNode | undefined, object: string, property?: string): boolean {
  if (node?.type !== 'MemberExpression' || !isNamed(node.object as SyntaxNode, object)) return false;
  return property === undefined || isNamed(node.property as SyntaxNode, property);
}

function isPresentDate(node: SyntaxNode): boolean {
  return node.type === 'NewExpression' && isNamed(calleeOf(node), 'Date') && argumentsOf(node).length === 0;
}

function isNamed(node: SyntaxNode | undefined, name: string): boolean {
  return node?.type === 'Identifier' && node.value === name;
}

function calleeOf(node: SyntaxNode): SyntaxNode | undefined {
  return node.callee as SyntaxNode | undefined;
}

function argumentsOf(node: SyntaxNode): SyntaxNode[] {
  const given = (node.arguments ?? []) as { expression: SyntaxNode }[];
  return given.map(({ expression }) => expression);
}

/** What a string says; nothing for whatever else it is. */
function textOf(node: unknown): string {
  const { type, value } = (node ?? {}) as Partial<SyntaxNode>;
  return type === 'StringLiteral' ? String(value) : '';
}
