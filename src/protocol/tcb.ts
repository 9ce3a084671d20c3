/**
 * Floors of the trusted computing base, as contracts/registry/floors.tact compares them: the least that a machine must have, by
 * family of processor (FMSPC).
 */
export interface TcbFloor {
  pceId: number;
  pceSvn: number;
  /** Sixteen components, in the order of the PCK certificate. */
  sgxSvns: Uint8Array;
  /** Sixteen bytes, in the order of the quote's body: the module's SVN, its version, then components. */
  teeTcbSvn: Uint8Array;
  qeIsvSvn: number;
}

/** The family that stands for every family without a floor of its own; 12 hex digits. */
export const ANY_FMSPC = '000000000000';

/** Whether a machine, or another floor, is on or above a floor. */
export function isAtOrAbove(tcb: TcbFloor, floor: TcbFloor): boolean {
  return (
    tcb.pceId === floor.pceId &&
    tcb.pceSvn >= floor.pceSvn &&
    tcb.qeIsvSvn >= floor.qeIsvSvn &&
    moduleOf(tcb.teeTcbSvn) >= moduleOf(floor.teeTcbSvn) &&
    floor.sgxSvns.every((least, i) => tcb.sgxSvns[i]! >= least) &&
    floor.teeTcbSvn.every((least, i) => i < 2 || tcb.teeTcbSvn[i]! >= least)
  );
}

/** The floor that holds for a family (12 hex digits); null for none: then no machine of it is admitted. */
export function floorFor(floors: ReadonlyMap<string, TcbFloor>, fmspc: string): TcbFloor | null {
  return floors.get(fmspc) ?? floors.get(ANY_FMSPC) ?? null;
}

/** Version and SVN of the TDX module as one number: a newer module begins again with a low SVN. */
function moduleOf(teeTcbSvn: Uint8Array): number {
  return (teeTcbSvn[1]! << 8) | teeTcbSvn[0]!;
}
