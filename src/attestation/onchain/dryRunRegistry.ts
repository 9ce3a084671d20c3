import { floorFor, isAtOrAbove, type TcbFloor } from '../../protocol/tcb';
import { toHex } from '../bytes';
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
  /** Whether the quote's Worker is on the list; null: not known. */
  listed: boolean | null;
  /** Account hashes of the quote's Worker and Platform; null: not known, and not looked up. */
  worker: string | null;
  platform: string | null;
}

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
    unless(lists.listed !== false, 'REGISTRY_WORKER_ABSENT', 'no such worker is staked') ??
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

function tcbRefusal({ body, qe }: Quote, { leaf }: Chain, { floors }: RegistryLists): Reason | null {
  const family = toHex(leaf.fmspc);
  const floor = floorFor(floors, family);
  const none = `there is no floor for the family ${family}, nor one for all others`;
  if (floor === null) return unless(false, 'REGISTRY_TCB_UNKNOWN', none);
  const tcb: TcbFloor = {
    pceId: Buffer.from(leaf.pceId).readUInt16BE(),
    pceSvn: leaf.pceSvn,
    sgxSvns: Uint8Array.from(leaf.sgxSvns),
    teeTcbSvn: body.teeTcbSvn,
    qeIsvSvn: qe.isvSvn,
  };
  const why = `below the floor of the family ${family}: ${shortfall(tcb, floor)}`;
  return unless(isAtOrAbove(tcb, floor), 'REGISTRY_TCB_TOO_OLD', why);
}

/** Names what is too low, for people; `isAtOrAbove` decides. */
function shortfall(tcb: TcbFloor, floor: TcbFloor): string {
  const module = ({ teeTcbSvn }: TcbFloor): string => `TDX module ${teeTcbSvn[1]}.${teeTcbSvn[0]}`;
  const sgx = tcb.sgxSvns.findIndex((svn, i) => svn < floor.sgxSvns[i]!);
  const tee = tcb.teeTcbSvn.findIndex((svn, i) => i > 1 && svn < floor.teeTcbSvn[i]!);
  if (tcb.pceId !== floor.pceId) return `PCE ${tcb.pceId} is not ${floor.pceId}`;
  if (tcb.pceSvn < floor.pceSvn) return `PCESVN ${tcb.pceSvn} < ${floor.pceSvn}`;
  if (tcb.qeIsvSvn < floor.qeIsvSvn)
    return `ISVSVN ${tcb.qeIsvSvn} of the quoting enclave < ${floor.qeIsvSvn}`;
  if (sgx >= 0) return `SGX component ${sgx + 1}: ${tcb.sgxSvns[sgx]} < ${floor.sgxSvns[sgx]}`;
  if (tee >= 0) return `TDX component ${tee + 1}: ${tcb.teeTcbSvn[tee]} < ${floor.teeTcbSvn[tee]}`;
  return `${module(tcb)} < ${module(floor)}`;
}
