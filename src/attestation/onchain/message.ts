import { beginCell, type Address, type Builder, type Cell } from '@ton/core';
import { sha256 } from '../../protocol/hash';
import type { Root } from '../../protocol/root';
import { concatBytes, equalBytes } from '../bytes';
import type { Quote } from '../quote';
import type { CertificateValues, LeafValues } from './certificateText';
import { readChain, unbuildable, type Chain } from './chain';
import { hintCell, signatureHint } from './hint';
import { ATTEST_KINDS, type AttestKind } from './kind';
import { PINNED } from './pinned';
import { requireLiterals } from './quoteText';
import { certificateTag, keyTag, machineBytes } from './remembered';

/** A quote as the Platform contract takes it; contracts/platform/README.md has the layout of the cells. */
export interface AttestMessage {
  kind: AttestKind;
  /** SHA-256 of the PPID: the Platform is the Registry's child of this hash. */
  ppidHash: Buffer;
  /** Body of an internal message to the Platform. */
  body: Cell;
  /** Cells of the body, and bytes in them. */
  cells: number;
  bytes: number;
}

export interface AttestInput {
  quote: Quote;
  root: Root;
  kind: AttestKind;
  /** Whose Worker the quote is for, and which of his. */
  provider: Address;
  index: number;
}

/** crc32 of the TL-B line in contracts/shared/platform-messages.tact, top bit cleared; a test compares. */
export const ATTEST_OPCODE = 0x46afb60a;

const CELL_BYTES = 127;
const NOTHING = Buffer.alloc(0);
const FORMS = { 4: 0, 5: 1, 6: 2 } as const;

/**
 * The message that asks a Platform to verify `quote`. Throws AttestationError `quote_unbuildable` when the contract
 * could not write the signed texts from their values, HintError when a signature does not hold: nobody should pay to be
 * told so by the chain.
 */
export function attestMessage(input: AttestInput): AttestMessage {
  const { quote, root, kind } = input;
  requireLiterals(quote);
  const chain = chainFor(quote, root, kind);
  const body = attestCell(input, chain);
  return { kind, ppidHash: sha256(chain.leaf.ppid), body, ...sizeOf(body) };
}

/** As `readChain`; also refuses to leave out the certificate of a CA that the contract does not know. */
export function chainFor(quote: Quote, root: Root, kind: AttestKind): Chain {
  const chain = readChain(quote, root);
  if (kind === 'leaf' && !equalBytes(chain.ca.publicKey, PINNED[root].platformCaKey))
    throw unbuildable('only the platform CA is known without its certificate');
  return chain;
}

function attestCell({ quote, root, kind, provider, index }: AttestInput, chain: Chain): Cell {
  const { header, body } = quote;
  return beginCell()
    .storeUint(ATTEST_OPCODE, 32)
    .storeAddress(provider)
    .storeUint(index, 16)
    .storeUint(ATTEST_KINDS.indexOf(kind), 2)
    .storeUint(FORMS[quote.kind], 2)
    .storeBuffer(joined(header.subarray(8, 12), header.subarray(28), body.teeTcbSvn, body.mrSeam))
    .storeRef(measuredCell(quote, root, kind, chain))
    .storeRef(hint(quote.attestationKey, quote.signed, quote.signature))
    .endCell();
}

/** The body's text from TDATTRIBUTES to REPORTDATA, a full cell at a time; behind it what vouches for the key. */
function measuredCell(quote: Quote, root: Root, kind: AttestKind, chain: Chain): Cell {
  const { body } = quote;
  const text = joined(
    ...[body.tdAttributes, body.xfam, body.mrTd, body.mrConfigId, body.mrOwner, body.mrOwnerConfig],
    ...body.rtmrs,
    body.reportData,
  );
  const part = (n: number): Buffer => text.subarray(n * CELL_BYTES, (n + 1) * CELL_BYTES);
  const last = beginCell().storeBuffer(joined(part(3), body.teeTcbSvn2 ?? NOTHING, tag(quote, kind, chain)));
  if (kind !== 'key') last.storeRef(qeCell(quote, root, kind, chain));
  return beginCell()
    .storeBuffer(part(0))
    .storeRef(bytesCell(part(1)))
    .storeRef(bytesCell(part(2)))
    .storeRef(last.endCell())
    .endCell();
}

/** What names the key, or the certificate, that the Platform remembers. */
function tag(quote: Quote, kind: AttestKind, chain: Chain): Buffer {
  if (kind === 'ca' || kind === 'leaf') return NOTHING;
  const name = Buffer.alloc(4);
  name.writeUInt32BE(kind === 'key' ? keyTag(quote, chain) : certificateTag(chain));
  return name;
}

function qeCell(quote: Quote, root: Root, kind: AttestKind, chain: Chain): Cell {
  const { qe, qeReport, attestationKey } = quote;
  const isvSvn = Buffer.of(qe.isvSvn & 0xff, qe.isvSvn >> 8);
  const cell = beginCell()
    .storeBuffer(
      joined(
        attestationKey,
        qe.cpuSvn,
        qe.attributes.subarray(0, 1),
        qe.attributes.subarray(8),
        qe.mrEnclave,
        isvSvn,
      ),
    )
    .storeRef(bytesCell(quote.qeAuthData))
    .storeRef(hint(chain.leaf.publicKey, qeReport, quote.qeReportSignature));
  return kind === 'pck' ? cell.endCell() : cell.storeRef(leafCell(root, kind, chain)).endCell();
}

function leafCell(root: Root, kind: AttestKind, { leaf, ca }: Chain): Cell {
  const cell = beginCell()
    .store(storeCertificate(leaf))
    .storeRef(machineCell(leaf))
    .storeRef(bytesCell(Buffer.from(leaf.crlAddress, 'ascii')))
    .storeRef(hint(ca.publicKey, leaf.text, leaf.signature));
  return kind === 'leaf' ? cell.endCell() : cell.storeRef(caCell(root, ca)).endCell();
}

function machineCell(leaf: LeafValues): Cell {
  const cell = beginCell()
    .storeBuffer(joined(leaf.ppid, leaf.cpuSvn, machineBytes(leaf)))
    .storeUint(leaf.type, 5);
  if (leaf.platform) {
    for (const flag of leaf.platform.flags) cell.storeBit(flag);
    cell.storeBuffer(joined(leaf.platform.instanceId));
  }
  return cell.endCell();
}

function caCell(root: Root, ca: Chain['ca']): Cell {
  return beginCell()
    .storeBit(ca.ca === 'processor')
    .store(storeCertificate(ca))
    .storeRef(hint(PINNED[root].rootKey, ca.text, ca.signature))
    .endCell();
}

const storeCertificate =
  ({ serial, notBefore, notAfter, publicKey, keyId }: CertificateValues) =>
  (cell: Builder): void => {
    cell
      .storeUint(serial, 160)
      .storeUint(notBefore, 32)
      .storeUint(notAfter, 32)
      .storeBuffer(joined(publicKey, keyId));
  };

/** The signature over `text` by the key x ‖ y, with what the contract needs to check it cheaply. */
function hint(key: Uint8Array, text: Uint8Array, signature: Uint8Array): Cell {
  const point = Buffer.from(key).toString('hex');
  const [x, y] = [BigInt(`0x${point.slice(0, 64)}`), BigInt(`0x${point.slice(64)}`)];
  return hintCell(signatureHint({ x, y }, sha256(text), signature));
}

const bytesCell = (...parts: readonly Uint8Array[]): Cell =>
  beginCell()
    .storeBuffer(joined(...parts))
    .endCell();

const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.from(concatBytes(...parts).buffer);

function sizeOf(cell: Cell): { cells: number; bytes: number } {
  const size = { cells: 1, bytes: Math.ceil(cell.bits.length / 8) };
  for (const ref of cell.refs) {
    const below = sizeOf(ref);
    size.cells += below.cells;
    size.bytes += below.bytes;
  }
  return size;
}
