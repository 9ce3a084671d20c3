import { sha256 } from './hash';

/** Every signed structure carries a domain, so nothing signed survives another escrow, network, version or rebirth. */
const ESCROW_MAGIC = Buffer.from('cocoon/escrow/v1\0', 'latin1');
const WORKER_MAGIC = Buffer.from('cocoon/worker/v1\0', 'latin1');

export interface DomainScope {
  /** The chain's global id (config param 19), for example -239 on mainnet. */
  networkId: number;
  /** 256-bit account hashes; all contracts live in workchain 0. */
  registry: Buffer;
  self: Buffer;
}

/** Domain of tickets, receipts and allocations. `born` is the logical time of the escrow's first message. */
export function escrowDomain(scope: DomainScope, born: bigint): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeBigUInt64BE(born);
  return sha256(ESCROW_MAGIC, networkBytes(scope.networkId), scope.registry, scope.self, tail);
}

/** Domain of HPKE certificates and asks. */
export function workerDomain(scope: DomainScope): Buffer {
  return sha256(WORKER_MAGIC, networkBytes(scope.networkId), scope.registry, scope.self);
}

function networkBytes(networkId: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(networkId);
  return bytes;
}
