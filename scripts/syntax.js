import { parseSync } from '@swc/core';

/** Every node of a TypeScript program's syntax tree, in the order of the source. */
export function listSyntaxNodes(source) {
  const nodes = [];
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return;
    if (typeof node.type === 'string') nodes.push(node);
    Object.values(node).forEach(visit);
  };
  visit(parseSync(source, { syntax: 'typescript', target: 'es2022' }));
  return nodes;
}
