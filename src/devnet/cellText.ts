import type { Cell } from '@ton/core';

const texts = new WeakMap<Cell, string>();

/** Base64 BoC of a cell, computed once for as long as somebody holds the cell: code is long and asked for often. */
export function cellText(cell: Cell): string {
  const known = texts.get(cell);
  if (known !== undefined) return known;
  const text = cell.toBoc().toString('base64');
  texts.set(cell, text);
  return text;
}
