import { Cell, type TupleItem } from '@ton/core';
import { ApiError } from './apiError';

/** Get-method arguments as toncenter takes them: `["num", "0x1f"]`, `["tvm.Cell", base64]`, `["tvm.Slice", base64]`. */
export function parseStack(items: readonly (readonly [string, unknown])[]): TupleItem[] {
  return items.map(([type, value]) => {
    switch (type.toLowerCase()) {
      case 'num':
      case 'number':
      case 'int':
        return { type: 'int', value: parseInteger(value) };
      case 'cell':
      case 'tvm.cell':
        return { type: 'cell', cell: parseCell(value) };
      case 'slice':
      case 'tvm.slice':
        return { type: 'slice', cell: parseCell(value) };
      case 'builder':
      case 'tvm.builder':
        return { type: 'builder', cell: parseCell(value) };
      case 'null':
        return { type: 'null' };
      default:
        throw new ApiError(422, `Unsupported stack item type: ${type}`);
    }
  });
}

function parseInteger(value: unknown): bigint {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  const match = typeof value === 'string' ? /^(-?)(0x[0-9a-f]{1,65}|[0-9]{1,78})$/i.exec(value) : null;
  if (!match) throw new ApiError(422, 'A stack number is a decimal or 0x-hexadecimal string');
  const magnitude = BigInt(match[2]!);
  return match[1] ? -magnitude : magnitude;
}

function parseCell(value: unknown): Cell {
  const text: unknown = typeof value === 'object' && value !== null && 'bytes' in value ? value.bytes : value;
  try {
    if (typeof text === 'string') return Cell.fromBase64(text);
  } catch {
    // Falls through to the one error below.
  }
  throw new ApiError(422, 'A stack cell is a base64 BoC with one root');
}

export type RenderedItem = [string, unknown];

export function renderStack(items: readonly TupleItem[]): RenderedItem[] {
  return items.map(renderItem);
}

function renderItem(item: TupleItem): RenderedItem {
  switch (item.type) {
    case 'int':
      return ['num', hexadecimal(item.value)];
    case 'nan':
      return ['num', 'NaN'];
    case 'null':
      return ['list', { '@type': 'tvm.list', elements: [] }];
    case 'cell':
    case 'slice':
    case 'builder':
      return [item.type, { bytes: base64(item.cell), object: null }];
    case 'tuple':
      return ['tuple', { '@type': 'tvm.tuple', elements: item.items.map(renderEntry) }];
  }
}

/** Inside a tuple the same values have another shape. */
function renderEntry(item: TupleItem): Record<string, unknown> {
  switch (item.type) {
    case 'int':
      return entry('Number', { '@type': 'tvm.numberDecimal', number: item.value.toString() });
    case 'nan':
      return entry('Number', { '@type': 'tvm.numberDecimal', number: 'NaN' });
    case 'null':
      return entry('List', { '@type': 'tvm.list', elements: [] });
    case 'cell':
      return entry('Cell', { '@type': 'tvm.cell', bytes: base64(item.cell) });
    case 'slice':
    case 'builder':
      return entry('Slice', { '@type': 'tvm.slice', bytes: base64(item.cell) });
    case 'tuple':
      return entry('Tuple', { '@type': 'tvm.tuple', elements: item.items.map(renderEntry) });
  }
}

function entry(kind: string, value: Record<string, unknown>): Record<string, unknown> {
  return { '@type': `tvm.stackEntry${kind}`, [kind.toLowerCase()]: value };
}

function hexadecimal(value: bigint): string {
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function base64(cell: Cell): string {
  return cell.toBoc().toString('base64');
}
