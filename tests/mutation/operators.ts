import type {
  AstNode,
  ConstantDef,
  Expression,
  OpBinary,
  Statement,
  StatementAugmentedAssign,
} from '@tact-lang/compiler';
import { endOf, startOf, type Placed } from './syntax';

// What a slip of the hand, or of the mind, does to a contract: one small change to one place.

/** One change: the text from `start` to `end` becomes `text`. */
export interface Edit {
  operator: string;
  start: number;
  end: number;
  text: string;
}

const SHIFTED: Readonly<Record<string, string>> = {
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '==': '!=',
  '!=': '==',
};
const SWAPPED: Readonly<Record<string, string>> = { '+': '-', '-': '+', '&&': '||', '||': '&&' };
const SWAPPED_ASSIGNMENT: Readonly<Record<string, string>> = { '+=': '-=', '-=': '+=' };
const SWAPPED_CALL: Readonly<Record<string, string>> = { min: 'max', max: 'min' };
const INVERTED: Readonly<Record<string, string>> = { throwUnless: 'throwIf', throwIf: 'throwUnless' };

const GUARD = /^(throw|throwUnless|throwIf|require[A-Z]\w*)$/;
const RESERVE = /^nativeReserve$/;
const SEND =
  /^(sendRawMessage|send|message|passOn|sendRest|giveBack|refuse|keepAndSendRest|sendPayout|tell\w*|emit)$/;
const MAP_WRITE = /^(set|del)$/;
const MODE = /^(Send|Reserve)[A-Z]/;
/** Bits of a field, and names of such numbers: a layout. One change of it is as good as three. */
const LAYOUT = /^(store|load|skip|preload)/;
const WIDTH = /_BITS$|_CELLS$|^LINE_(WORKER|SETTLE_BY|FEE|KEY_PREFIX)$/;
/** Bounds with slack by design: one gas more or less is the same bound, none at all is not. */
const SLACK = /^GAS_/;

const replaced = (operator: string, node: Placed, text: string): Edit => ({
  operator,
  start: startOf(node),
  end: endOf(node),
  text,
});

/** The changes that a node itself offers; `around` are the nodes that it stands in, from its declaration inwards. */
export function editsOf(node: AstNode, around: readonly AstNode[], source: string): Edit[] {
  switch (node.kind) {
    case 'op_binary':
      return ofBinary(node, around, source);
    case 'number':
      return ofNumber(node.value, node, around);
    case 'boolean':
      return [replaced('flip', node, String(!node.value))];
    case 'constant_def':
      return ofConstant(node, source);
    case 'id':
      return ofName(node.text, node, around, source);
    case 'conditional':
    case 'statement_condition':
      return ofCondition(node.condition, source);
    case 'statement_expression':
      return ofCall(node.expression, node);
    case 'statement_assign':
      return [replaced('drop-write', node, '')];
    case 'statement_augmentedassign':
      return [replaced('drop-write', node, ''), ...ofAugmented(node, source)];
    case 'statement_return':
      return isEarly(node, around) ? [replaced('drop-return', node, '')] : [];
    default:
      return [];
  }
}

function ofBinary(node: OpBinary, around: readonly AstNode[], source: string): Edit[] {
  const { op, left, right } = node;
  if (isModes(node)) return ofModes(node, source);
  // A constant is changed as a whole.
  if (around[0]?.kind === 'constant_def') return [];
  // An inverted guard is the same change.
  const isGuarded = (op === '==' || op === '!=') && isWholeGuard(node, around);
  const [kind, other] = SHIFTED[op] === undefined ? ['swap', SWAPPED[op]] : ['shift', SHIFTED[op]];
  if (other === undefined || isGuarded) return [];
  return [between(`${kind}${op}`, left, right, op, other, source)];
}

/** The sign between two parts; brackets and comments may stand there too. */
function between(
  operator: string,
  left: Placed,
  right: Placed,
  from: string,
  to: string,
  source: string,
): Edit {
  const gap = source
    .slice(endOf(left), startOf(right))
    .replace(/\/\/.*$|\/\*[^]*?\*\//gm, (text) => ' '.repeat(text.length));
  const start = endOf(left) + gap.indexOf(from);
  return { operator, start, end: start + from.length, text: to };
}

function ofAugmented({ op, path, expression }: StatementAugmentedAssign, source: string): Edit[] {
  const other = SWAPPED_ASSIGNMENT[op];
  return other === undefined ? [] : [between(`swap${op}`, path, expression, op, other, source)];
}

/** A number in a statement: one more, one less. */
function ofNumber(value: bigint, node: Placed, around: readonly AstNode[]): Edit[] {
  if (around[0]?.kind === 'constant_def') return [];
  const more = replaced('constant+1', node, String(value + 1n));
  const parent = around.at(-1);
  const isLayout = parent?.kind === 'method_call' && LAYOUT.test(parent.method.text);
  return value === 0n || isLayout ? [more] : [more, replaced('constant-1', node, String(value - 1n))];
}

/** A named number: one more, one less, none. */
function ofConstant({ name, type, initializer }: ConstantDef, source: string): Edit[] {
  if (type.kind !== 'type_id' || type.text !== 'Int' || isModes(initializer)) return [];
  const text = source.slice(startOf(initializer), endOf(initializer));
  const zero = text === '0' ? [] : [replaced('constant=0', initializer, '0')];
  if (SLACK.test(name.text)) return zero;
  const whole = initializer.kind === 'number' ? text : `(${text})`;
  const more = replaced('constant+1', initializer, `${whole} + 1`);
  if (WIDTH.test(name.text)) return [more];
  return [
    more,
    ...(text === '0' || text === '1' ? [] : [replaced('constant-1', initializer, `${whole} - 1`)]),
    ...zero,
  ];
}

function ofName(name: string, node: Placed, around: readonly AstNode[], source: string): Edit[] {
  const parent = around.at(-1);
  if (parent?.kind === 'static_call' && parent.function === node) {
    const swapped = SWAPPED_CALL[name];
    if (swapped !== undefined) return [replaced(`swap-${name}`, node, swapped)];
    const inverted = INVERTED[name];
    return inverted === undefined ? [] : [replaced('invert-guard', node, inverted)];
  }
  const isAlone = MODE.test(name) && !(parent !== undefined && isModes(parent));
  return isAlone && source[endOf(node)] !== ':' ? [replaced('mode=0', node, '0')] : [];
}

/** Flags of a send or a reserve, joined. */
function isModes(node: AstNode): node is OpBinary {
  return (
    node.kind === 'op_binary' &&
    (node.op === '|' || node.op === '+') &&
    [node.left, node.right].some((part) => part.kind === 'id' && MODE.test(part.text))
  );
}

function ofModes(node: OpBinary, source: string): Edit[] {
  const text = (part: Placed): string => source.slice(startOf(part), endOf(part));
  return [node.left, node.right].map((kept) => replaced('mode-drop', node, text(kept)));
}

/** A condition that is no comparison: those are shifted. */
function ofCondition(condition: Expression, source: string): Edit[] {
  const isShifted = condition.kind === 'op_binary';
  const text = source.slice(startOf(condition), endOf(condition));
  return isShifted ? [] : [replaced('negate', condition, `!(${text})`)];
}

/** A statement that is a call: what is lost is named by what it did. */
function ofCall(expression: Expression, statement: Placed): Edit[] {
  const name =
    expression.kind === 'static_call'
      ? expression.function.text
      : expression.kind === 'method_call'
        ? expression.method.text
        : '';
  if (GUARD.test(name)) return [replaced('drop-guard', statement, '')];
  if (RESERVE.test(name)) return [replaced('drop-reserve', statement, '')];
  if (SEND.test(name)) return [replaced('drop-send', statement, '')];
  if (MAP_WRITE.test(name)) return [replaced('drop-write', statement, '')];
  return [replaced('drop-call', statement, '')];
}

function isWholeGuard(node: OpBinary, around: readonly AstNode[]): boolean {
  const parent = around.at(-1);
  return (
    parent?.kind === 'static_call' && INVERTED[parent.function.text] !== undefined && parent.args[1] === node
  );
}

/** Not the last word of its function. */
function isEarly(node: Statement, around: readonly AstNode[]): boolean {
  const body = around.findLast((part) => 'statements' in part && !part.kind.startsWith('statement'));
  return body === undefined || !('statements' in body) || !body.statements.includes(node);
}
