import { Cell } from '@ton/core';
import { loadGovernanceMessage, type GovernanceMessage } from '../../wrappers/governanceMessages';
import { CocoonError } from '../protocol/errors';
import { GOVERNANCE_LIMITS } from './limits';

/**
 * An order of the registry by its body. Throws CocoonError `proposal_unknown` for an opcode that no order has, and
 * `proposal_malformed` for a body with something missing or following.
 */
export function decodeOrder(body: Cell): GovernanceMessage {
  let order: GovernanceMessage | null;
  try {
    order = loadGovernanceMessage(body);
  } catch (cause) {
    throw new CocoonError('proposal_malformed', `The order cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  if (order) return order;
  throw new CocoonError('proposal_unknown', `No order of a registry begins with ${opcodeText(body)}.`);
}

/** The first 32 bits of a body, as people write opcodes. */
export function opcodeText(body: Cell): string {
  const slice = body.beginParse();
  if (slice.remainingBits < 32) return `only ${slice.remainingBits} bits`;
  return `0x${slice.preloadUint(32).toString(16).padStart(8, '0')}`;
}

/** `b5ee9c72`: how a bag of cells begins. */
const BOC_MAGIC = Buffer.from('b5ee9c72', 'hex');
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * One cell from a bag of cells: raw, hex (with or without 0x) or base64 (also the URL's). Throws CocoonError
 * `proposal_malformed`.
 */
export function cellFrom(bytes: Uint8Array): Cell {
  const boc = bocOf(bytes);
  if (boc === null) throw malformed('It is no bag of cells, neither raw nor in hex nor in base64.');
  if (boc.length > GOVERNANCE_LIMITS.proposalBytes) {
    throw malformed(`It has ${boc.length} bytes; a message has at most ${GOVERNANCE_LIMITS.proposalBytes}.`);
  }
  let roots: Cell[];
  try {
    roots = Cell.fromBoc(boc);
  } catch (cause) {
    throw malformed(`The bag of cells cannot be read: ${(cause as Error).message}.`, cause);
  }
  if (roots.length !== 1) throw malformed(`The bag has ${roots.length} roots instead of one.`);
  return roots[0]!;
}

function bocOf(bytes: Uint8Array): Buffer | null {
  const raw = Buffer.from(bytes);
  const isBoc = (found: Buffer): boolean => found.subarray(0, BOC_MAGIC.length).equals(BOC_MAGIC);
  if (isBoc(raw)) return raw;
  const text = raw.toString('latin1').replace(/\s/g, '').replace(/^0x/i, '');
  if (/^([0-9a-fA-F]{2})+$/.test(text) && isBoc(Buffer.from(text, 'hex'))) return Buffer.from(text, 'hex');
  if (!BASE64.test(text)) return null;
  const decoded = Buffer.from(text.replaceAll('-', '+').replaceAll('_', '/'), 'base64');
  return isBoc(decoded) ? decoded : null;
}

function malformed(message: string, cause?: unknown): CocoonError {
  return new CocoonError('proposal_malformed', message, cause === undefined ? {} : { cause });
}
