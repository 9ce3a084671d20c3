import { readUint, toHex } from '../bytes';
import type { Quote } from '../quote';
import type { Chain } from './chain';
import { unless, type Reason } from './dryRunReason';

/** A Registry's rules as its getters tell them; hashes in lower-case hex. */
export interface RegistryLists {
  /** Image id -> last second at which it is allowed. */
  images: ReadonlyMap<string, number>;
  shapes: ReadonlySet<string>;
  /** By FMSPC, 12 hex digits; `ANY_FMSPC` holds for families that are not listed. */
  floors: ReadonlyMap<string, TcbFloor>;
  /** Image id, or account hash of a Worker or Platform -> last second of the block. */
  blocks: ReadonlyMap<string, number>;
  /** Account hashes of the quote's Worker and Platform; null: not known, and not looked up. */
  worker: string | null;
  platform: string | null;
}

/** The least that a machine must have: contracts/registry/floors.tact. */
export interface TcbFloor {
  pceId: number;
  pceSvn: number;
  qeIsvSvn: number;
  /** 16 bytes each, in the order of certificate and quote. */
  sgxSvns: Uint8Array;
  teeTcbSvn: Uint8Array;
}

export const ANY_FMSPC = '000000000000';

interface Looked {
  quote: Quote;
  chain: Chain;
  measured: { imageId: string; shape: string };
  lists: RegistryLists;
  nowUnix: number;
}

/** The first check of contracts/registry/admission.tact that fails, in its order; null when none does. */
export function refusalByRegistry({ quote, chain, measured, lists, nowUnix }: Looked): Reason | null {
  const blocked = (subject: string | null): boolean =>
    subject !== null && (lists.blocks.get(subject) ?? -1) >= nowUnix;
  const imageEnd = lists.images.get(measured.imageId);
  return (
    unless(
      imageEnd !== undefined,
      'REGISTRY_IMAGE_NOT_ALLOWED',
      `image ${measured.imageId} is not on the list`,
    ) ??
    unless(imageEnd! > nowUnix, 'REGISTRY_IMAGE_EXPIRED', "the image's time on the list has ended") ??
    unless(!blocked(measured.imageId), 'REGISTRY_IMAGE_BLOCKED', 'the image is blocked') ??
    unless(
      lists.shapes.has(measured.shape),
      'REGISTRY_SHAPE_NOT_ALLOWED',
      `shape ${measured.shape} is not on the list`,
    ) ??
    tcbRefusal(quote, chain, lists) ??
    unless(!blocked(lists.platform), 'REGISTRY_PLATFORM_BLOCKED', 'this machine is blocked') ??
    unless(!blocked(lists.worker), 'REGISTRY_WORKER_BLOCKED', 'this worker is blocked')
  );
}

function tcbRefusal(quote: Quote, { leaf }: Chain, { floors }: RegistryLists): Reason | null {
  const fmspc = toHex(leaf.fmspc);
  const floor = floors.get(fmspc) ?? floors.get(ANY_FMSPC);
  if (floor === undefined)
    return unless(
      false,
      'REGISTRY_TCB_UNKNOWN',
      `there is no floor for the family ${fmspc}, nor one for all others`,
    );
  const low = belowFloor(quote, leaf, floor);
  return unless(low === null, 'REGISTRY_TCB_TOO_OLD', `below the floor of its family: ${low}`);
}

/** Names what is too low; null when nothing is. */
function belowFloor({ body, qe }: Quote, leaf: Chain['leaf'], floor: TcbFloor): string | null {
  const { teeTcbSvn } = body;
  const sgx = leaf.sgxSvns.findIndex((svn, i) => svn < floor.sgxSvns[i]!);
  const tee = teeTcbSvn.findIndex((svn, i) => i > 1 && svn < floor.teeTcbSvn[i]!);
  if (Buffer.from(leaf.pceId).readUInt16BE() !== floor.pceId) return `PCE ${toHex(leaf.pceId)} is another`;
  if (leaf.pceSvn < floor.pceSvn) return `PCESVN ${leaf.pceSvn} < ${floor.pceSvn}`;
  if (qe.isvSvn < floor.qeIsvSvn) return `ISVSVN ${qe.isvSvn} of the quoting enclave < ${floor.qeIsvSvn}`;
  if (moduleOf(teeTcbSvn) < moduleOf(floor.teeTcbSvn))
    return `TDX module ${teeTcbSvn[1]}.${teeTcbSvn[0]} < ${floor.teeTcbSvn[1]}.${floor.teeTcbSvn[0]}`;
  if (sgx >= 0) return `SGX component ${sgx + 1} is ${leaf.sgxSvns[sgx]} < ${floor.sgxSvns[sgx]}`;
  return tee < 0 ? null : `TDX component ${tee + 1} is ${teeTcbSvn[tee]} < ${floor.teeTcbSvn[tee]}`;
}

/** Version and SVN of the TDX module as one number: a newer module begins again with a low SVN. */
function moduleOf(teeTcbSvn: Uint8Array): number {
  return readUint(teeTcbSvn.subarray(0, 2));
}
