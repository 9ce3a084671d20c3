import { byteImage } from './fields';
import { sha256 } from './hash';

/** Every signed structure carries a domain, so nothing signed survives another escrow, network, version or rebirth. */
const ESCROW_MAGIC = Buffer.from('cocoon/escrow/v1\0', 'latin1');
const WORKER_MAGIC = Buffer.from('cocoon/worker/v1\0', 'latin1');

const SCOPE = { networkId: 'i32', registry: 'bytes32', self: 'bytes32' } as const;
export const workerScopeFields = byteImage('worker domain', Buffer.alloc(0), SCOPE);
export const escrowScopeFields = byteImage('escrow domain', Buffer.alloc(0), { ...SCOPE, born: 'u64' });

export interface DomainScope {
  /** The chain's global id (config param 19), for example -239 on mainnet. */
  networkId: number;
  /** 256-bit account hashes; all contracts live in workchain 0. */
  registry: Buffer;
  self: Buffer;
}

/** Domain of tickets, receipts and allocations. `born` is the logical time of the message that opened the escrow. */
export function escrowDomain(scope: DomainScope, born: bigint): Buffer {
  return sha256(ESCROW_MAGIC, escrowScopeFields.image({ ...scope, born }));
}

/** Domain of HPKE certificates and asks. */
export function workerDomain(scope: DomainScope): Buffer {
  return sha256(WORKER_MAGIC, workerScopeFields.image(scope));
}
