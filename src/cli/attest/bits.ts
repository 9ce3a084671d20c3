import { hasBit, TD_ATTRIBUTE } from '../../attestation/tdBody';

const ATTRIBUTE_NAMES: Record<keyof typeof TD_ATTRIBUTE, string> = {
  debug: 'DEBUG (the host reads and changes everything)',
  septVeDisable: 'SEPT_VE_DISABLE (no surprise exceptions on memory accesses)',
  migratable: 'MIGRATABLE (a service TD may move it)',
  protectionKeys: 'PKS',
  keyLocker: 'KL',
  perfmon: 'PERFMON',
};

/** State components of XCR0 and IA32_XSS (Intel SDM volume 1, chapter 13). */
const XFAM_NAMES: Record<number, string> = {
  0: 'x87',
  1: 'SSE',
  2: 'AVX',
  5: 'AVX-512',
  6: 'AVX-512',
  7: 'AVX-512',
  8: 'PT',
  9: 'PKRU',
  11: 'CET-U',
  12: 'CET-S',
  14: 'UINTR',
  15: 'LBR',
  17: 'AMX',
  18: 'AMX',
};

/** The set bits of TDATTRIBUTES in words. */
export function attributesText(attributes: Uint8Array): string {
  const named = Object.entries(TD_ATTRIBUTE)
    .filter(([, bit]) => hasBit(attributes, bit))
    .map(([name]) => ATTRIBUTE_NAMES[name as keyof typeof TD_ATTRIBUTE]);
  const known = new Set<number>(Object.values(TD_ATTRIBUTE));
  const unknown = setBits(attributes).filter((bit) => !known.has(bit));
  return listed([...named, ...unknown.map((bit) => `reserved bit ${bit}`)]);
}

/** The processor features that the TD may use. */
export function xfamText(xfam: Uint8Array): string {
  return listed([...new Set(setBits(xfam).map((bit) => XFAM_NAMES[bit] ?? `bit ${bit}`))]);
}

/** ATTRIBUTES of an enclave (Intel SDM volume 3D, SECS.ATTRIBUTES). */
export function enclaveAttributesText(attributes: Uint8Array): string {
  const names: Record<number, string> = {
    0: 'INIT',
    1: 'DEBUG (the enclave keeps no secret)',
    2: 'MODE64BIT',
    4: 'PROVISIONKEY',
    5: 'EINITTOKENKEY',
  };
  return listed(setBits(attributes.subarray(0, 8)).map((bit) => names[bit] ?? `bit ${bit}`));
}

function setBits(field: Uint8Array): number[] {
  return Array.from({ length: 8 * field.length }, (_, bit) => bit).filter((bit) => hasBit(field, bit));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none set' : names.join(', ');
}
