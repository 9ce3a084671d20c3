import { beginCell, type Cell } from '@ton/core';
import { byteImage, requireBytes } from './fields';
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
/** `magic ‖ version`. */
const PREFIX = Buffer.from('CCNS\x01', 'latin1');
const FIRST_CELL_BYTES = 127;
const ROLES: ReadonlySet<number> = new Set([StatementRole.Worker]);

export const statementFields = byteImage('Statement', PREFIX, {
  role: 'u8',
  networkId: 'i32',
  registry: 'bytes32',
  worker: 'bytes32',
  receiptKey: 'bytes32',
  hpkeKey: 'bytes32',
  kemId: 'u16',
  kdfId: 'u16',
  aeadId: 'u16',
  notBefore: 'u32',
  notAfter: 'u32',
  modelsRoot: 'bytes32',
  gpuEvidenceHash: 'bytes32',
  hostTier: 'u8',
});

/** Throws RangeError that names the field which does not fit. */
export function statementImage(statement: Statement): Buffer {
  requireRole(statement.role);
  return statementFields.image(statement);
}

/** Reads a statement; throws RangeError on a wrong size, magic, version or role. */
export function parseStatement(image: Uint8Array): Statement {
  const statement = statementFields.parse(image);
  requireRole(statement.role);
  return statement;
}

export function statementHash(image: Uint8Array): Buffer {
  return sha256(image);
}

const REPORT_DATA_TAG = Buffer.from('cocoon/report-data/v1\0', 'latin1');

/** First half of the report data of a quote for this statement; the second half is the root hash of a recent masterchain block. */
export function statementDigest(image: Uint8Array): Buffer {
  requireBytes('Statement', image, STATEMENT_BYTES);
  return sha256(REPORT_DATA_TAG, Buffer.from(image));
}

/** The statement as the Worker contract's `Announce` carries it: 127 bytes, and 90 in a reference. */
export function statementCell(image: Uint8Array): Cell {
  requireBytes('Statement', image, STATEMENT_BYTES);
  const bytes = Buffer.from(image);
  const rest = beginCell().storeBuffer(bytes.subarray(FIRST_CELL_BYTES)).endCell();
  return beginCell().storeBuffer(bytes.subarray(0, FIRST_CELL_BYTES)).storeRef(rest).endCell();
}

/** Models that one statement may name. */
export const STATEMENT_MODELS_MAX = 16;
const MODELS_A_CELL = 3;

/** SHA-256 over the sorted, distinct model hashes: small lists are sent whole, so no tree is needed. */
export function modelsRoot(modelHashes: readonly Buffer[]): Buffer {
  return sha256(Buffer.from('cocoon/models/v1\0', 'latin1'), ...sortedModels(modelHashes));
}

/**
 * The models as `Announce` carries them: sorted and distinct, three 32-byte hashes in each cell, the rest in its reference.
 * Throws RangeError for more than 16, and for a hash of another size.
 */
export function modelsCell(modelHashes: readonly Buffer[]): Cell {
  const sorted = sortedModels(modelHashes);
  if (sorted.length > STATEMENT_MODELS_MAX) {
    throw new RangeError(`Statement: ${sorted.length} models, ${STATEMENT_MODELS_MAX} at most`);
  }
  const groups = Array.from({ length: Math.max(1, Math.ceil(sorted.length / MODELS_A_CELL)) }, (_, n) =>
    sorted.slice(n * MODELS_A_CELL, (n + 1) * MODELS_A_CELL),
  );
  return groups.reduceRight<Cell | null>((rest, group) => {
    const builder = beginCell().storeBuffer(Buffer.concat(group));
    return (rest ? builder.storeRef(rest) : builder).endCell();
  }, null)!;
}

function sortedModels(modelHashes: readonly Buffer[]): Buffer[] {
  const sorted = [...modelHashes].sort((a, b) => a.compare(b));
  const distinct = sorted.filter((hash, i) => i === 0 || !hash.equals(sorted[i - 1]!));
  distinct.forEach((hash) => requireBytes('model hash', hash, 32));
  return distinct;
}

function requireRole(role: number): void {
  if (!ROLES.has(role)) throw new RangeError(`Statement.role: ${role} is unknown`);
}
