import { Cell, TupleReader, type TupleItem } from '@ton/core';
import { z } from 'zod';

/**
 * Get-method stacks as toncenter writes them. The reader of `TonClient` turns what is inside a tuple into bare values,
 * which the generated bindings cannot read, so this room has its own.
 */
export type StackText = [string, unknown];

const bytes = z.object({ bytes: z.string() });
const elements = z.object({ elements: z.array(z.unknown()) });
const itemSchema = z.tuple([z.string(), z.unknown()]);
const entrySchema = z.object({ '@type': z.string() }).loose();

export function stackArguments(items: readonly TupleItem[]): StackText[] {
  return items.map((item) => {
    switch (item.type) {
      case 'int':
        return ['num', item.value.toString()];
      case 'cell':
        return ['tvm.Cell', item.cell.toBoc().toString('base64')];
      case 'slice':
        return ['tvm.Slice', item.cell.toBoc().toString('base64')];
      default:
        throw new RangeError(`a ${item.type} cannot be an argument of a get-method`);
    }
  });
}

export function readStack(items: readonly unknown[]): TupleReader {
  return new TupleReader(items.map(readItem));
}

function readItem(item: unknown): TupleItem {
  const [type, value] = itemSchema.parse(item);
  switch (type) {
    case 'num':
      return { type: 'int', value: readInteger(z.string().parse(value)) };
    case 'null':
      return { type: 'null' };
    case 'cell':
    case 'slice':
    case 'builder':
      return { type, cell: Cell.fromBase64(bytes.parse(value).bytes) };
    case 'tuple':
    case 'list':
      return readTuple(type, elements.parse(value).elements);
    default:
      throw new RangeError(`unknown stack item ${type}`);
  }
}

/** Null and the empty list are one and the same in the virtual machine; an empty tuple is not. */
function readTuple(type: 'tuple' | 'list', items: readonly unknown[]): TupleItem {
  if (type === 'list' && items.length === 0) return { type: 'null' };
  return { type: 'tuple', items: items.map(readEntry) };
}

function readEntry(entry: unknown): TupleItem {
  const { '@type': type, ...fields } = entrySchema.parse(entry);
  switch (type) {
    case 'tvm.stackEntryNumber':
      return {
        type: 'int',
        value: readInteger(z.object({ number: z.string() }).parse(fields['number']).number),
      };
    case 'tvm.stackEntryCell':
      return { type: 'cell', cell: Cell.fromBase64(bytes.parse(fields['cell']).bytes) };
    case 'tvm.stackEntrySlice':
      return { type: 'slice', cell: Cell.fromBase64(bytes.parse(fields['slice']).bytes) };
    case 'tvm.stackEntryTuple':
      return readTuple('tuple', elements.parse(fields['tuple']).elements);
    case 'tvm.stackEntryList':
      return readTuple('list', elements.parse(fields['list']).elements);
    default:
      throw new RangeError(`unknown stack entry ${type}`);
  }
}

function readInteger(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}
