/**
 * Exit codes by number, from the constants that the compiler copies into a contract's binding: `ERROR_WORKER_NOT_STAKED`
 * becomes `1120 -> "not staked"`. So a name is written once, in Tact.
 */
export function exitCodesOf(binding: object, ...prefixes: string[]): ReadonlyMap<number, string> {
  const named = Object.entries(binding).flatMap(([name, value]): [number, string][] => {
    const prefix = prefixes.find((one) => name.startsWith(one));
    if (prefix === undefined || typeof value !== 'bigint') return [];
    return [[Number(value), name.slice(prefix.length).toLowerCase().replaceAll('_', ' ')]];
  });
  return new Map(named);
}

/** What the virtual machine and Tact themselves exit with; see "exit codes" in TON's documentation. */
export const COMMON_EXIT_CODES: ReadonlyMap<number, string> = new Map([
  [9, 'message too short'],
  [37, 'not enough value for gas'],
  [130, 'unknown opcode'],
]);
