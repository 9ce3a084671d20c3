import { beginCell, type Cell } from '@ton/core';
import { sha256 } from './hash';

/**
 * What a worker binds into its report data. Fixed layout of 217 bytes, in two cells of 127 and 90 bytes.
 * `hash` is the SHA-256 of the plain bytes, not a cell hash: report data must be computable without TON's code.
 */
export interface Statement {
  role: StatementRole;
  networkId: number;
  /** Account hashes. */
  registry: Buffer;
  worker: Buffer;
  /** Ed25519 key that signs receipts, certificates and asks. */
  receiptKey: Buffer;
  /** First X25519 key for HPKE; later ones are signed by the receipt key. */
  hpkeKey: Buffer;
  /** HPKE identifiers of RFC 9180: KEM, KDF, AEAD. */
  kemId: number;
  kdfId: number;
  aeadId: number;
  notBefore: number;
  notAfter: number;
  /** Root over the sorted model hashes, see `modelsRoot`. */
  modelsRoot: Buffer;
  gpuEvidenceHash: Buffer;
  hostTier: number;
}

export enum StatementRole {
  Worker = 1,
}

export const STATEMENT_BYTES = 217;
const FIRST_CELL_BYTES = 127;
const MAGIC = Buffer.from('CCNS', 'latin1');
const VERSION = 1;

export function statementImage(statement: Statement): Buffer {
  const out = Buffer.alloc(STATEMENT_BYTES);
  out.set(MAGIC, 0);
  out.writeUInt8(VERSION, 4);
  out.writeUInt8(statement.role, 5);
  out.writeInt32BE(statement.networkId, 6);
  put(out, statement.registry, 10);
  put(out, statement.worker, 42);
  put(out, statement.receiptKey, 74);
  put(out, statement.hpkeKey, 106);
  out.writeUInt16BE(statement.kemId, 138);
  out.writeUInt16BE(statement.kdfId, 140);
  out.writeUInt16BE(statement.aeadId, 142);
  out.writeUInt32BE(statement.notBefore, 144);
  out.writeUInt32BE(statement.notAfter, 148);
  put(out, statement.modelsRoot, 152);
  put(out, statement.gpuEvidenceHash, 184);
  out.writeUInt8(statement.hostTier, 216);
  return out;
}

/** Reads a statement; throws RangeError on a wrong size, magic, version or role. */
export function parseStatement(image: Uint8Array): Statement {
  const bytes = Buffer.from(image);
  if (bytes.length !== STATEMENT_BYTES || !bytes.subarray(0, 4).equals(MAGIC) || bytes[4] !== VERSION) {
    throw new RangeError('Statement: not a version 1 statement');
  }
  const role = bytes.readUInt8(5);
  if (role !== StatementRole.Worker) throw new RangeError(`Statement: unknown role ${role}`);
  return {
    role,
    networkId: bytes.readInt32BE(6),
    registry: bytes.subarray(10, 42),
    worker: bytes.subarray(42, 74),
    receiptKey: bytes.subarray(74, 106),
    hpkeKey: bytes.subarray(106, 138),
    kemId: bytes.readUInt16BE(138),
    kdfId: bytes.readUInt16BE(140),
    aeadId: bytes.readUInt16BE(142),
    notBefore: bytes.readUInt32BE(144),
    notAfter: bytes.readUInt32BE(148),
    modelsRoot: bytes.subarray(152, 184),
    gpuEvidenceHash: bytes.subarray(184, 216),
    hostTier: bytes.readUInt8(216),
  };
}

export function statementHash(image: Uint8Array): Buffer {
  return sha256(image);
}

/** The statement as the Worker contract's `Announce` carries it. */
export function statementCell(image: Uint8Array): Cell {
  const bytes = Buffer.from(image);
  const rest = beginCell().storeBuffer(bytes.subarray(FIRST_CELL_BYTES)).endCell();
  return beginCell().storeBuffer(bytes.subarray(0, FIRST_CELL_BYTES)).storeRef(rest).endCell();
}

/** SHA-256 over the sorted, distinct model hashes: small lists are sent whole, so no tree is needed. */
export function modelsRoot(modelHashes: readonly Buffer[]): Buffer {
  const sorted = [...modelHashes].sort((a, b) => a.compare(b));
  return sha256(Buffer.from('cocoon/models/v1\0', 'latin1'), ...sorted);
}

function put(out: Buffer, bytes: Buffer, at: number): void {
  if (bytes.length !== 32)
    throw new RangeError(`Statement: ${bytes.length} bytes at offset ${at}, expected 32`);
  out.set(bytes, at);
}
