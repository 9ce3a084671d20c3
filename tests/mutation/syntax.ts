import { getAstFactory, getParser, type AstNode, type Module, type SrcInfo } from '@tact-lang/compiler';

// The compiler's own parser, and what a walk over its trees needs.

/** Every tree of this process takes its numbers from one factory: the compiler remembers types by them. */
export const AST = getAstFactory();
export const parser = getParser(AST);

/** A part of a source that has a place in it. */
export type Placed = AstNode & { loc: SrcInfo };

/** The tree of one file; throws the compiler's error for what is no Tact. */
export function parseTact(file: string, code: string): Module {
  return parser.parse({ path: file, code, origin: 'user' });
}

export const startOf = ({ loc }: Placed): number => loc.interval.startIdx;
export const endOf = ({ loc }: Placed): number => loc.interval.endIdx;

/** Calls `visit` for each node below `root`, itself included, in the order of the source, with the nodes around it. */
export function walk(root: AstNode, visit: (node: AstNode, around: readonly AstNode[]) => void): void {
  descend(root, [], visit);
}

function descend(part: unknown, around: readonly AstNode[], visit: Parameters<typeof walk>[1]): void {
  if (Array.isArray(part)) {
    for (const each of part) descend(each, around, visit);
    return;
  }
  if (typeof part !== 'object' || part === null) return;
  const isNode = 'kind' in part && 'id' in part;
  const inner = isNode ? [...around, part as AstNode] : around;
  if (isNode) visit(part as AstNode, around);
  for (const [name, value] of Object.entries(part)) if (name !== 'loc') descend(value, inner, visit);
}
