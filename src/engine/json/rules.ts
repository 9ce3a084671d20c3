import { invalidParameter, unsupportedParameter, type ApiError } from '../apiError';

/** Bounds of a grammar: far beyond what tools have, and so that none can keep the engine busy. */
const RULES_MAX = 600;
const REPETITIONS_MAX = 8_000;

/** A grammar of llama.cpp (GBNF) that is being written. */
export interface Rules {
  /** Adds a rule and gives its name, to be used in others. */
  add(expression: string): string;
  /** An expression `min` to `max` times; throws ApiError 400 when all of them together become too many. */
  repeat(expression: string, min: number, max: number): string;
  /** The whole grammar, which begins with `root`. */
  text(root: string): string;
}

export function createRules(param: string): Rules {
  const rules = new Map<string, string>();
  let repetitions = 0;
  return {
    add(expression) {
      if (rules.size >= RULES_MAX) throw tooLarge(param);
      const name = `r${rules.size}`;
      rules.set(name, expression);
      return name;
    },
    repeat(expression, min, max) {
      repetitions += max;
      if (repetitions > REPETITIONS_MAX) throw tooLarge(param);
      return `(${expression}){${min},${max}}`;
    },
    text: (root) =>
      [`root ::= ${root}`, ...[...rules].map(([name, body]) => `${name} ::= ${body}`)].join('\n'),
  };
}

/** Exactly this text. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => {
    const code = character.codePointAt(0)!;
    if (character === '"' || character === '\\') return `\\${character}`;
    return code >= 0x20 && code < 0x7f ? character : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `"${escaped.join('')}"`;
}

export function oneOf(expressions: readonly string[]): string {
  return expressions.length === 1 ? expressions[0]! : `(${expressions.join(' | ')})`;
}

export function unsupportedSchema(param: string, reason: string): ApiError {
  return unsupportedParameter(param, `'${param}': ${reason}`);
}

function tooLarge(param: string): ApiError {
  return invalidParameter(param, `'${param}': this schema is too large.`);
}
