import { readFileSync } from 'node:fs';
import path from 'node:path';
import { LINE_BYTES } from '../../../src/protocol/line';
import { RECEIPT_FINAL, TAG, receiptLayout } from '../../../src/protocol/signed';
import { STATEMENT_BYTES, StatementRole, statementFields } from '../../../src/protocol/statement';

/**
 * Contracts rebuild what was signed from literals of their own. That the hashes agree is shown on a chain in
 * tests/flows; here the literals are compared one by one, so that a change on either side names the place.
 */
const source = (name: string): string =>
  readFileSync(path.join(__dirname, '../../../contracts', name), 'utf8');

function literal(text: string, pattern: RegExp): string {
  const found = pattern.exec(text);
  if (!found) throw new Error(`no ${pattern} in the contract`);
  return found[1]!;
}

/** Descriptor bytes of an ordinary cell of whole bytes, then the tag. */
function head(references: number, bytes: number, tag: number): string {
  const out = Buffer.alloc(6);
  out.writeUInt8(references, 0);
  out.writeUInt8(2 * bytes, 1);
  out.writeUInt32BE(tag, 2);
  return out.toString('hex');
}

describe('contracts and protocol agree on', () => {
  const settle = source('escrow/settle.tact');
  const allocate = source('escrow/allocate.tact');

  it("what a receipt's hash starts with, and the size of the rest", () => {
    expect(literal(source('shared/receipt.tact'), /fun receiptHead.*x\{([0-9a-f]+)\}/)).toBe(
      head(0, receiptLayout.size, TAG.receipt),
    );
    const tail = receiptLayout.places.find(({ name }) => name === 'total')!.at;
    expect(Number(literal(settle, /RECEIPT_TAIL_BITS: Int = (\d+);/))).toBe(8 * (receiptLayout.size - tail));
    expect(Number(literal(settle, /RECEIPT_FLAG_FINAL: Int = (\d+);/))).toBe(RECEIPT_FINAL);
  });

  it("what an allocation's hash starts with", () => {
    const bytes = 4 + 32 + 4 + 4 + 8 + 1;
    expect(literal(allocate, /NEWC x\{([0-9a-f]+)\} STSLICECONST 256 STU STSLICE/)).toBe(
      head(1, bytes, TAG.allocate),
    );
  });

  it('the size of a line', () => {
    expect(Number(literal(settle, /LINE_BITS: Int = (\d+);/))).toBe(8 * LINE_BYTES);
  });

  it('the magic, version, sizes and role of a statement', () => {
    const text = source('worker/statement.tact');
    const [magic, version] = [
      literal(text, /STATEMENT_MAGIC: Int = 0x([0-9a-f]+);/),
      literal(text, /STATEMENT_VERSION: Int = (\d+);/),
    ];
    expect(magic + version.padStart(2, '0')).toBe(statementFields.prefix.toString('hex'));
    const [first, rest] = [
      literal(text, /FIRST_BITS: Int = (\d+) \* 8;/),
      literal(text, /REST_BITS: Int = (\d+) \* 8;/),
    ];
    expect(Number(first) + Number(rest)).toBe(STATEMENT_BYTES);
    expect(Number(literal(text, /ROLE_WORKER: Int = (\d+);/))).toBe(StatementRole.Worker);
  });
});
