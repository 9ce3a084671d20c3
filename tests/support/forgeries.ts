import { createHash } from 'node:crypto';
import { beginCell, Cell } from '@ton/core';
import type { AttestKind } from '../../src/attestation/onchain/kind';
import { AUTHORITIES } from '../../src/attestation/testing/authorities';
import { writeCertificate } from '../../src/attestation/testing/certificateWriter';
import { keyFromSeed } from '../../src/attestation/testing/keys';
import { authorityFields } from '../../src/attestation/testing/mintAuthorities';
import { mod, P256_N, P256_P } from '../../src/attestation/onchain/p256';
import { bytes32, publicKey } from './p256';
import * as S from './cellSurgery';

/** One message that must not be accepted: `name` says what is wrong with it. */
export interface Forgery {
  name: string;
  body: Cell;
}

/** A message that is accepted: what forgeries are made of. */
export interface Genuine {
  name: string;
  kind: AttestKind;
  body: Cell;
}

/** Opcode, provider and index are not evidence: they say for whom the quote is, and the Worker holds them against it. */
export const EVIDENCE_FROM_BIT = 32 + 267 + 16;
/** The kind and the form, two bits each. */
const SELECTOR_BITS = 4;

const evidenceFrom = (path: S.Path): number => (path.length === 0 ? EVIDENCE_FROM_BIT : 0);

/** Where the hints are: cells of 96 bytes and a reference to one of 65 bytes. */
export function hintPaths(body: Cell): S.Path[] {
  return S.paths(body).filter((path) => {
    const cell = S.cellAt(body, path)!;
    return cell.bits.length === 96 * 8 && cell.refs.length === 1 && cell.refs[0]!.bits.length === 65 * 8;
  });
}

const within = (path: S.Path, outer: S.Path): boolean => outer.every((i, depth) => path[depth] === i);

/** One bit of every other byte of the cells whose bits are not in `covered`, to which they are added. */
export function* flips({ name, body }: Genuine, covered: Set<string>): Generator<Forgery> {
  const hints = hintPaths(body);
  for (const path of S.paths(body)) {
    const cell = S.cellAt(body, path)!;
    if (covered.has(cell.bits.toString())) continue;
    covered.add(cell.bits.toString());
    // A hint costs whole checks of signatures: every sixth byte of it will do.
    const stride = hints.some((hint) => within(path, hint)) ? 48 : 16;
    for (let at = evidenceFrom(path); at < cell.bits.length; at += stride) {
      const bit = Math.min(at + (digest(`${path.join()} ${at}`)[0]! & 15), cell.bits.length - 1);
      yield {
        name: `${name}: bit ${bit} of cell ${path.join('.')}`,
        body: S.withCellAt(body, path, S.flipBit(cell, bit)),
      };
    }
  }
}

/** Every other kind and form. */
export function* selectors({ name, body }: Genuine): Generator<Forgery> {
  for (let value = 0; value < 1 << SELECTOR_BITS; value++) {
    const bits = beginCell()
      .storeBits(body.bits.substring(0, EVIDENCE_FROM_BIT))
      .storeUint(value, SELECTOR_BITS)
      .storeBits(
        body.bits.substring(
          EVIDENCE_FROM_BIT + SELECTOR_BITS,
          body.bits.length - EVIDENCE_FROM_BIT - SELECTOR_BITS,
        ),
      )
      .endCell().bits;
    if (bits.equals(body.bits)) continue;
    yield { name: `${name}: kind and form ${value.toString(2)}`, body: S.withBits(body, bits) };
  }
}

/** Each cell moved by a bit, by a byte and by 32 bytes, zeroed, and filled with ones. */
export function* shifts({ name, body }: Genuine): Generator<Forgery> {
  for (const path of S.paths(body)) {
    const cell = S.cellAt(body, path)!;
    const from = path.length === 0 ? EVIDENCE_FROM_BIT + SELECTOR_BITS : 0;
    const changed = {
      'moved by a bit': S.rotated(cell, from, 1),
      'moved by a byte': S.rotated(cell, from, 8),
      'moved by 32 bytes': S.rotated(cell, from, 256),
      zeroed: filled(cell, from, 0),
      'full of ones': filled(cell, from, 1),
    };
    for (const [how, other] of Object.entries(changed)) {
      if (other.equals(cell)) continue;
      yield { name: `${name}: cell ${path.join('.')} ${how}`, body: S.withCellAt(body, path, other) };
    }
  }
}

function filled(cell: Cell, from: number, bit: 0 | 1): Cell {
  const written = beginCell().storeBits(cell.bits.substring(0, from));
  for (let i = from; i < cell.bits.length; i++) written.storeBit(bit);
  return S.withBits(cell, written.endCell().bits);
}

/** Each cell, each run of 32 bytes, and if `wholes` each cell with all below it, as another accepted message has it. */
export function* borrowed({ name, body }: Genuine, other: Genuine, wholes: boolean): Generator<Forgery> {
  for (const path of S.paths(body)) {
    const [own, its] = [S.cellAt(body, path)!, S.cellAt(other.body, path)];
    if (!its || path.length === 0) continue;
    const place = `${name}: from ${other.name}, cell ${path.join('.')}`;
    if (wholes && !its.equals(own))
      yield { name: `${place} with all below`, body: S.withCellAt(body, path, its) };
    if (its.bits.length !== own.bits.length || its.bits.equals(own.bits)) continue;
    if (own.refs.length > 0) yield { name: place, body: S.withCellAt(body, path, S.withBits(own, its.bits)) };
    for (let at = 0; at + 256 <= own.bits.length; at += 256) {
      const bytes = S.withBits(its, its.bits.substring(at, 256)).beginParse().loadBuffer(32);
      const cell = S.writeBytes(own, at, bytes);
      if (cell.equals(own)) continue;
      yield { name: `${place}, 32 bytes from bit ${at}`, body: S.withCellAt(body, path, cell) };
    }
  }
}

/** Each cell with a bit, a byte or a reference too many or too few, with its references exchanged, and as exotic ones. */
export function* misshapen({ name, body }: Genuine): Generator<Forgery> {
  for (const path of S.paths(body)) {
    const cell = S.cellAt(body, path)!;
    const { bits, refs } = cell;
    const put = (how: string, other: Cell): Forgery => ({
      name: `${name}: cell ${path.join('.')} ${how}`,
      body: S.withCellAt(body, path, other),
    });
    const longer = (n: number): Cell =>
      S.withBits(cell, beginCell().storeBits(bits).storeUint(0, n).endCell().bits);
    if (bits.length <= 1022) yield put('with a bit more', longer(1));
    if (bits.length <= 1015) yield put('with a byte more', longer(8));
    if (bits.length >= 1) yield put('with a bit less', S.withBits(cell, bits.substring(0, bits.length - 1)));
    if (bits.length >= 8) yield put('with a byte less', S.withBits(cell, bits.substring(0, bits.length - 8)));
    if (refs.length <= 3) yield put('with a reference more', S.withRefs(cell, [...refs, Cell.EMPTY]));
    if (refs.length >= 1) yield put('with a reference less', S.withRefs(cell, refs.slice(0, -1)));
    for (let i = 1; i < refs.length; i++) {
      const exchanged = refs.map((ref, j) => (j === i ? refs[i - 1]! : j === i - 1 ? refs[i]! : ref));
      yield put(`with references ${i - 1} and ${i} exchanged`, S.withRefs(cell, exchanged));
    }
    if (path.length === 0) continue;
    yield put('in a library', S.libraryOf(cell));
    yield put('in a proof', S.proofOf(cell));
  }
}

/** Each hint with values that its formulas do not give. */
export function* lyingHints({ name, body }: Genuine): Generator<Forgery> {
  for (const path of hintPaths(body)) {
    const hint = S.cellAt(body, path)!;
    const point = hint.refs[0]!;
    const numbers = hint.beginParse();
    const [r, s, u] = [numbers.loadUintBig(256), numbers.loadUintBig(256), numbers.loadUintBig(256)];
    const more = point.beginParse().skip(8);
    const [x, slope] = [more.loadUintBig(256), more.loadUintBig(256)];
    const outer = (at: number, value: bigint): Cell => S.writeBytes(hint, at, bytes32(value));
    const inner = (at: number, value: bigint): Cell =>
      S.withRefs(hint, [S.writeBytes(point, at, bytes32(value))]);
    const lies = {
      'r = 0': outer(0, 0n),
      'r = n': outer(0, P256_N),
      's = 0': outer(256, 0n),
      's = n': outer(256, P256_N),
      'r and s exchanged': S.writeBytes(outer(0, s), 256, bytes32(r)),
      'r = -r': outer(0, P256_N - r),
      'u + 1': outer(512, mod(u + 1n, P256_N)),
      'u = 0': outer(512, 0n),
      'T = G': inner(8, publicKey(1n).x),
      'x of T = p': inner(8, P256_P),
      'x of T = 0': inner(8, 0n),
      'x of T + 1': inner(8, mod(x + 1n, P256_P)),
      '-T': S.withRefs(hint, [S.flipBit(point, 7)]),
      'another first byte of T': S.withRefs(hint, [S.flipBit(point, 5)]),
      'slope + 1': inner(264, mod(slope + 1n, P256_P)),
      'opposite slope': inner(264, P256_P - slope),
      'slope = 0': inner(264, 0n),
    };
    for (const [lie, cell] of Object.entries(lies)) {
      yield { name: `${name}: hint ${path.join('.')} with ${lie}`, body: S.withCellAt(body, path, cell) };
    }
  }
}

/** The platform CA's certificate in every word, with another key, by a root of somebody's own. */
export function ownAuthority(seed: string): typeof AUTHORITIES.platformCa {
  const [root, key] = [keyFromSeed(`${seed} root`), keyFromSeed(`${seed} CA`)];
  const fields = { ...authorityFields('platformCa'), publicKey: key.publicKey };
  return {
    ...AUTHORITIES.platformCa,
    key,
    certificate: writeCertificate(fields, root),
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
