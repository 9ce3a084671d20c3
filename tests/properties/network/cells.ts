import { BitReader, BitString, Cell, Slice } from '@ton/core';

const MAGIC = 0xb5ee9c72;
const HEADER_BYTES = 6;

/**
 * The root of a serialized bag of cells, of which each is read when it is asked for, and none is hashed. That is all that
 * the generated loaders need, and ten times as fast as `Cell.fromBoc`, which hashes the whole code each time. Exotic cells
 * and several roots are no part of what the emulator returns: RangeError.
 */
export function lightCell(boc: Buffer): Cell {
  if (boc.readUInt32BE(0) !== MAGIC) throw new RangeError('not a bag of cells');
  const flags = boc[4]!;
  const [hasIndex, indexBytes, offsetBytes] = [flags >> 7 === 1, flags & 7, boc[5]!];
  const number = (at: number): number => boc.readUIntBE(at, indexBytes);
  const count = number(HEADER_BYTES);
  if (number(HEADER_BYTES + indexBytes) !== 1) throw new RangeError('a bag with several roots');
  const rootAt = HEADER_BYTES + 3 * indexBytes + offsetBytes;
  const starts = startsOf(boc, rootAt + indexBytes + (hasIndex ? count * offsetBytes : 0), count, indexBytes);

  const cells = new Array<Cell | undefined>(count);
  const cellAt = (index: number): Cell =>
    (cells[index] ??= readCell(boc, starts[index]!, indexBytes, cellAt));
  return cellAt(number(rootAt));
}

function startsOf(boc: Buffer, first: number, count: number, indexBytes: number): Uint32Array {
  const starts = new Uint32Array(count);
  let at = first;
  for (let index = 0; index < count; index++) {
    starts[index] = at;
    at += 2 + dataBytes(boc[at + 1]!) + (boc[at]! & 7) * indexBytes;
  }
  return starts;
}

const dataBytes = (descriptor: number): number => (descriptor + 1) >> 1;

function readCell(boc: Buffer, start: number, indexBytes: number, cellAt: (index: number) => Cell): Cell {
  const refsDescriptor = boc[start]!;
  if (refsDescriptor > 4) throw new RangeError('an exotic cell, or one with hashes');
  const bytes = dataBytes(boc[start + 1]!);
  const bits = new BitString(boc, (start + 2) * 8, bitLength(boc, start + 2, boc[start + 1]!));
  const refs = Array.from({ length: refsDescriptor }, (_, ref) =>
    boc.readUIntBE(start + 2 + bytes + ref * indexBytes, indexBytes),
  );
  const light = {
    bits,
    isExotic: false,
    get refs() {
      return refs.map(cellAt);
    },
    beginParse: () => new Slice(new BitReader(bits), refs.map(cellAt)),
  };
  return light as unknown as Cell;
}

/** An odd descriptor means that the last byte is completed by a one and zeros. */
function bitLength(boc: Buffer, dataAt: number, descriptor: number): number {
  const whole = (descriptor >> 1) * 8;
  if ((descriptor & 1) === 0) return whole;
  const last = boc[dataAt + (descriptor >> 1)]!;
  return whole + 7 - (31 - Math.clz32(last & -last));
}

/** A light cell as one with hashes, which can be sent. */
export function heavyCell(light: Cell): Cell {
  return new Cell({ bits: light.bits, refs: light.refs.map(heavyCell) });
}
