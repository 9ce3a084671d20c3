import { isZero, reader, type Reader } from './bytes';

/** What the TDX module measured and reported (Intel TDX DCAP quoting library API, TD quote body 1.0 and 1.5). */
export interface TdBody {
  /** 16 bytes: [0] SVN of the TDX module, [1] its major version, [2..] SEAM loader, microcode and reserved ones. */
  teeTcbSvn: Uint8Array;
  /** 48 bytes: hash of the TDX module. */
  mrSeam: Uint8Array;
  /** 48 bytes; zero for modules that Intel signed. */
  mrSignerSeam: Uint8Array;
  /** 8 bytes, zero for TDX 1.0 and 1.5. */
  seamAttributes: Uint8Array;
  /** 8 bytes, little-endian bits: see `TD_ATTRIBUTE`. */
  tdAttributes: Uint8Array;
  /** 8 bytes: processor state components that the TD may use. */
  xfam: Uint8Array;
  /** 48 bytes: the firmware as it was loaded. */
  mrTd: Uint8Array;
  mrConfigId: Uint8Array;
  mrOwner: Uint8Array;
  mrOwnerConfig: Uint8Array;
  /** Four registers of 48 bytes that firmware and kernel extend. */
  rtmrs: readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  /** 64 bytes that the TD chose. */
  reportData: Uint8Array;
  /** Body 1.5 only: the TCB of the module that is loaded now, after an update without reboot. */
  teeTcbSvn2: Uint8Array | null;
  /** Body 1.5 only, 48 bytes: the service TD bound to this one; zero when there is none. */
  mrServiceTd: Uint8Array | null;
}

export const TD10_BODY_BYTES = 584;
export const TD15_BODY_BYTES = 648;

/** Bits of TDATTRIBUTES (Intel TDX module ABI); all others are reserved and zero. */
export const TD_ATTRIBUTE = {
  debug: 0,
  septVeDisable: 28,
  migratable: 29,
  protectionKeys: 30,
  keyLocker: 31,
  perfmon: 63,
} as const;

/** Whether bit `bit` of a little-endian bit field is set. */
export function hasBit(field: Uint8Array, bit: number): boolean {
  return ((field[bit >> 3]! >> (bit & 7)) & 1) === 1;
}

/** TDATTRIBUTES without the bits that have a name: all of it must be zero. */
export function reservedAttributes(tdAttributes: Uint8Array): Uint8Array {
  const rest = new Uint8Array(tdAttributes);
  for (const bit of Object.values(TD_ATTRIBUTE)) rest[bit >> 3]! &= ~(1 << (bit & 7));
  return rest;
}

export function isDebug(body: TdBody): boolean {
  return hasBit(body.tdAttributes, TD_ATTRIBUTE.debug);
}

/** True where a service TD is bound: it could change the measured one while it moves. */
export function hasServiceTd(body: TdBody): boolean {
  return body.mrServiceTd !== null && !isZero(body.mrServiceTd);
}

/** Reads 584 or 648 bytes; throws AttestationError `quote_malformed` on any other number. */
export function parseTdBody(bytes: Uint8Array): TdBody {
  const from = reader(bytes, 'quote_malformed');
  const body: TdBody = {
    teeTcbSvn: from.take(16, 'TEE_TCB_SVN'),
    mrSeam: from.take(48, 'MRSEAM'),
    mrSignerSeam: from.take(48, 'MRSIGNERSEAM'),
    seamAttributes: from.take(8, 'SEAMATTRIBUTES'),
    tdAttributes: from.take(8, 'TDATTRIBUTES'),
    xfam: from.take(8, 'XFAM'),
    mrTd: from.take(48, 'MRTD'),
    mrConfigId: from.take(48, 'MRCONFIGID'),
    mrOwner: from.take(48, 'MROWNER'),
    mrOwnerConfig: from.take(48, 'MROWNERCONFIG'),
    rtmrs: [rtmr(from, 0), rtmr(from, 1), rtmr(from, 2), rtmr(from, 3)],
    reportData: from.take(64, 'REPORTDATA'),
    ...readTd15(from),
  };
  from.end('the TD body');
  return body;
}

function rtmr(from: Reader, index: number): Uint8Array {
  return from.take(48, `RTMR${index}`);
}

function readTd15(from: Reader): Pick<TdBody, 'teeTcbSvn2' | 'mrServiceTd'> {
  if (from.left() === 0) return { teeTcbSvn2: null, mrServiceTd: null };
  return { teeTcbSvn2: from.take(16, 'TEE_TCB_SVN2'), mrServiceTd: from.take(48, 'MRSERVICETD') };
}
