import { Cell, TupleReader, type TupleItem } from '@ton/core';

/**
 * `TonClient` hands what is inside a tuple over as bare values (a bigint, a Cell, an array), which no generated binding
 * can read: a getter that returns a struct inside a struct fails through it, though not in the sandbox. This gives the
 * values their types back; a stack that has them already comes out as it went in.
 */
export function restoreTuples(stack: TupleReader): TupleReader {
  const items: TupleItem[] = [];
  while (stack.remaining > 0) items.push(restore(stack.pop()));
  return new TupleReader(items);
}

function restore(value: unknown): TupleItem {
  if (typeof value === 'bigint') return { type: 'int', value };
  if (value instanceof Cell) return { type: 'cell', cell: value };
  // Null travels as an empty list.
  if (Array.isArray(value)) return value.length === 0 ? { type: 'null' } : tuple(value);
  const item = value as TupleItem;
  return item.type === 'tuple' ? tuple(item.items) : item;
}

function tuple(values: readonly unknown[]): TupleItem {
  return { type: 'tuple', items: values.map(restore) };
}
