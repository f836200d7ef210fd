/** A node of swc's syntax tree; its other members depend on its type. */
export interface SyntaxNode {
  readonly type: string;
  readonly [member: string]: unknown;
}

export function listSyntaxNodes(source: string): SyntaxNode[];
