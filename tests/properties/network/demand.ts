/** A rule is broken, or the contract does not do as the model says. */
export function demand(holds: boolean, text: string | (() => string)): asserts holds {
  if (!holds) throw new Error(typeof text === 'string' ? text : text());
}

export function demandSame(found: unknown, expected: unknown, what: string): void {
  demand(found === expected, () => `${what}: ${String(found)}, expected ${String(expected)}`);
}
