import type { AstNode, Module, Receiver } from '@tact-lang/compiler';
import type { Sources } from '../support/tactSources';
import { editsOf, type Edit } from './operators';
import { endOf, parseTact, startOf, walk, type Placed } from './syntax';

/** A contract with one change. */
export interface Mutant {
  /** File, declaration, operator and which of them there: `escrow/settle.tact settleLines shift<= 1`. */
  id: string;
  /** Below the project's root. */
  file: string;
  /** The name of what is changed: a function, a constant, `receive(Settle)`. */
  scope: string;
  /** The changed lines before and after, in one line. */
  diff: string;
  /** The changed declaration. */
  declaration: string;
  /** The whole changed file. */
  text: string;
}

/** Opcodes, domains and exit codes are names: the golden vectors and the generated docs hold them. */
const NAMES = /^ERROR_|_MAGIC$|_OP$/;

/** Every mutant of these files, in the order of the files and their lines. */
export function createMutants(sources: Sources, files: readonly string[]): Mutant[] {
  return files.flatMap((file) => mutantsOf(file, sources[file]!));
}

/** Every mutant of one file. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const seen = new Map<string, number>();
  return declarationsOf(parseTact(file, source)).flatMap(({ scope, node }) =>
    editsIn(node, source).map((edit): Mutant => {
      const name = `${file.replace('contracts/', '')} ${scope} ${edit.operator}`;
      const occurrence = (seen.get(name) ?? 0) + 1;
      seen.set(name, occurrence);
      return {
        id: `${name} ${occurrence}`,
        file,
        scope,
        diff: diffOf(source, edit),
        declaration: applied(source.slice(startOf(node), endOf(node)), moved(edit, -startOf(node))),
        text: applied(source, edit),
      };
    }),
  );
}

interface Declaration {
  scope: string;
  node: Placed;
}

/** What can be changed: constants, functions with statements, and the parts of contracts and traits. */
function declarationsOf(module: Module): Declaration[] {
  return module.items.flatMap((item): Declaration[] => {
    switch (item.kind) {
      case 'constant_def':
        return NAMES.test(item.name.text) ? [] : [{ scope: item.name.text, node: item }];
      case 'function_def':
        return [{ scope: item.name.text, node: item }];
      case 'contract':
      case 'trait':
        return item.declarations.flatMap((part) => partOf(part));
      default:
        return [];
    }
  });
}

function partOf(part: AstNode): Declaration[] {
  switch (part.kind) {
    case 'function_def':
    case 'constant_def':
      return [{ scope: part.name.text, node: part }];
    case 'contract_init':
      return [{ scope: 'init', node: part }];
    case 'receiver':
      return [{ scope: receiverName(part), node: part }];
    default:
      return [];
  }
}

function receiverName({ selector }: Receiver): string {
  const of = (node: AstNode): string => {
    if (node.kind === 'type_id') return node.text;
    return node.kind === 'bounced_message_type' ? node.messageType.text : node.kind;
  };
  if (selector.kind === 'bounce') return `bounced(${of(selector.param.type)})`;
  const { subKind, kind } = selector;
  const message = subKind.kind === 'simple' ? of(subKind.param.type) : subKind.kind === 'comment' ? '""' : '';
  return `${kind === 'internal' ? 'receive' : kind}(${message})`;
}

function editsIn(declaration: Placed, source: string): Edit[] {
  const edits: Edit[] = [];
  walk(declaration, (node, around) => edits.push(...editsOf(node, around, source)));
  return edits;
}

const moved = (edit: Edit, by: number): Edit => ({ ...edit, start: edit.start + by, end: edit.end + by });

function applied(source: string, { start, end, text }: Edit): string {
  return source.slice(0, start) + text + source.slice(end);
}

/** `a <= b -> a < b`: the whole lines that the change touches, blanks folded. */
function diffOf(source: string, edit: Edit): string {
  const first = source.lastIndexOf('\n', edit.start - 1) + 1;
  const next = source.indexOf('\n', edit.end);
  const last = next < 0 ? source.length : next;
  const folded = (text: string): string => text.replace(/\s+/g, ' ').trim();
  const after = folded(applied(source.slice(first, last), moved(edit, -first)));
  return `${folded(source.slice(first, last))} -> ${after || '(nothing)'}`;
}
