import { beginCell, type Cell } from '@ton/core';
import { sha256 } from '../../protocol/hash';
import type { Quote } from '../quote';
import type { LeafValues } from './certificateText';
import type { Chain } from './chain';

/** What a Platform remembers of a quote that it verified: contracts/platform/keys.tact describes the cells. */

/** leafUntil:uint32 caUntil:uint32 machine:bits208 */
function certified({ leaf, ca }: Chain): Buffer {
  const dates = Buffer.alloc(8);
  dates.writeUInt32BE(leaf.notAfter, 0);
  dates.writeUInt32BE(ca.notAfter, 4);
  return Buffer.concat([dates, machineBytes(leaf)]);
}

/** key:bits512 qeIsvSvn:uint16 certified:bits272 ^[ pckKey:bits512 ] */
function attestedKeyCell(quote: Quote, chain: Chain): Cell {
  return beginCell()
    .storeBuffer(Buffer.from(quote.attestationKey))
    .storeUint(quote.qe.isvSvn, 16)
    .storeBuffer(certified(chain))
    .storeRef(beginCell().storeBuffer(Buffer.from(chain.leaf.publicKey)).endCell())
    .endCell();
}

/** FMSPC ‖ PCEID ‖ PCESVN ‖ SGX components: 26 bytes. */
export function machineBytes({ fmspc, pceId, pceSvn, sgxSvns }: LeafValues): Buffer {
  return Buffer.concat([fmspc, pceId, Buffer.of(pceSvn >> 8, pceSvn & 0xff), Buffer.from(sgxSvns)]);
}

/** By what a message names a remembered certificate: the first 32 bits of SHA-256(certified ‖ pckKey). */
export function certificateTag(chain: Chain): number {
  return sha256(certified(chain), chain.leaf.publicKey).readUInt32BE(0);
}

/** By what a message names a remembered key: the first 32 bits of its cell's hash. */
export function keyTag(quote: Quote, chain: Chain): number {
  return attestedKeyCell(quote, chain).hash().readUInt32BE(0);
}
