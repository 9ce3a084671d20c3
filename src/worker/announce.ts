import { beginCell, toNano, type Cell } from '@ton/core';

/** crc32 of `announce statement:^Cell = Announce`, top bit cleared: the Worker contract's opcode. */
export const ANNOUNCE_OPCODE = 0x3854d087;

/** Covers Worker -> Registry -> operator at ten times today's gas price; what is left comes back. */
const ANNOUNCE_VALUE_NANO = toNano('0.05');

/** Operator -> Worker. */
export function announceMessage(statement: Cell): { body: Cell; valueNano: bigint } {
  return {
    body: beginCell().storeUint(ANNOUNCE_OPCODE, 32).storeRef(statement).endCell(),
    valueNano: ANNOUNCE_VALUE_NANO,
  };
}
