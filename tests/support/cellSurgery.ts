import { beginCell, BitString, Cell } from '@ton/core';

/** Where a cell is below a root: numbers of references. */
export type Path = readonly number[];

/** Every cell below a root, and the root itself. */
export function paths(cell: Cell, from: Path = []): Path[] {
  return [from, ...cell.refs.flatMap((ref, i) => paths(ref, [...from, i]))];
}

export function cellAt(root: Cell, path: Path): Cell | undefined {
  return path.reduce<Cell | undefined>((cell, i) => cell?.refs[i], root);
}

/** The root with another cell at a place. */
export function withCellAt(root: Cell, path: Path, cell: Cell): Cell {
  const [first, ...rest] = path;
  if (first === undefined) return cell;
  const refs = root.refs.map((ref, i) => (i === first ? withCellAt(ref, rest, cell) : ref));
  return new Cell({ bits: root.bits, refs });
}

export function withBits(cell: Cell, bits: BitString): Cell {
  return new Cell({ bits, refs: cell.refs });
}

export function withRefs(cell: Cell, refs: readonly Cell[]): Cell {
  return new Cell({ bits: cell.bits, refs: [...refs] });
}

export function flipBit(cell: Cell, at: number): Cell {
  const { bits } = cell;
  const flipped = beginCell().storeBits(bits.substring(0, at)).storeBit(!bits.at(at));
  return withBits(cell, rest(flipped, bits, at + 1));
}

/** Other bytes from `from` on (in bits), as many as `bytes` has. */
export function writeBytes(cell: Cell, from: number, bytes: Uint8Array): Cell {
  const { bits } = cell;
  const written = beginCell().storeBits(bits.substring(0, from)).storeBuffer(Buffer.from(bytes));
  return withBits(cell, rest(written, bits, from + 8 * bytes.length));
}

function rest(start: ReturnType<typeof beginCell>, bits: BitString, from: number): BitString {
  return start.storeBits(bits.substring(from, bits.length - from)).endCell().bits;
}

/** All its bits from `from` on, moved by `by` places, those that fall out coming in at the other end. */
export function rotated(cell: Cell, from: number, by: number): Cell {
  const { bits } = cell;
  const length = bits.length - from;
  if (length < 2) return cell;
  const turn = by % length;
  const moved = beginCell()
    .storeBits(bits.substring(0, from))
    .storeBits(bits.substring(from + turn, length - turn))
    .storeBits(bits.substring(from, turn));
  return withBits(cell, moved.endCell().bits);
}

/** A reference to a library that holds the cell. */
export function libraryOf(cell: Cell): Cell {
  return beginCell().storeUint(2, 8).storeBuffer(cell.hash()).endCell({ exotic: true });
}

/** A Merkle proof of the cell, which holds it whole. */
export function proofOf(cell: Cell): Cell {
  return beginCell()
    .storeUint(3, 8)
    .storeBuffer(cell.hash())
    .storeUint(cell.depth(), 16)
    .storeRef(cell)
    .endCell({ exotic: true });
}
