import { LIST_BOUNDS, type GovernanceMessage } from '../../wrappers/governanceMessages';
import { ANY_FMSPC, floorFor, isAtOrAbove, type TcbFloor } from '../protocol/tcb';
import { loosening, neither, tightening, type Explanation } from './explanation';
import type { Standing } from './standing';
import { hex } from './words';

type Of<T extends GovernanceMessage['$$type']> = Extract<GovernanceMessage, { $$type: T }>;

/** At once where nothing is admitted afterwards that is refused now, as the contract has it. */
export function explainAllowTcb(order: Of<'AllowTcb'>, now: Standing): Explanation {
  const fmspc = hex(order.fmspc, 6);
  const floors = floorsOf(now);
  const floor = floorOf(order.floor);
  const own = floors.get(fmspc);
  const holds = floorFor(floors, fmspc);
  const against =
    !own && floors.size >= LIST_BOUNDS.floors
      ? [`there are ${LIST_BOUNDS.floors} floors already: refused (1012)`]
      : [];
  if (!holds) {
    return loosening(
      [`sets a first floor for ${family(fmspc)}: today no machine of it is admitted; ${floorText(floor)}`],
      against,
    );
  }
  const changes = differences(holds, floor);
  const says = [
    own
      ? `changes the floor of ${family(fmspc)}`
      : `gives ${family(fmspc)} a floor of its own; today that of all other families holds for it`,
    ...(changes.length > 0 ? changes : ['demands what is demanded today, so nothing changes for a machine']),
  ];
  if (!isAtOrAbove(floor, holds)) return loosening(says, against);
  return changes.length > 0 ? tightening(says, against) : neither(says, against);
}

export function explainRevokeTcb(order: Of<'RevokeTcb'>, now: Standing): Explanation {
  const fmspc = hex(order.fmspc, 6);
  const floors = floorsOf(now);
  const own = floors.get(fmspc);
  const common = floors.get(ANY_FMSPC);
  const head = `forgets the floor of ${family(fmspc)}`;
  if (!own) return neither([`${head}; there is none, so nothing changes`]);
  if (fmspc === ANY_FMSPC)
    return tightening([`${head}: no machine of a family without its own is admitted any more`]);
  if (!common) return tightening([`${head}: no machine of it is admitted any more`]);
  const says = [`${head}; from then on that of all other families holds for it`, ...differences(own, common)];
  if (!isAtOrAbove(common, own)) return loosening(says);
  return tightening(says);
}

export function floorsOf(now: Pick<Standing, 'floors'>): Map<string, TcbFloor> {
  return new Map(now.floors.map(({ fmspc, ...floor }) => [fmspc.toString('hex'), floor]));
}

export function family(fmspc: string): string {
  return fmspc === ANY_FMSPC ? 'all families without their own' : `family ${fmspc}`;
}

function floorOf(floor: Of<'AllowTcb'>['floor']): TcbFloor {
  return {
    pceId: Number(floor.pceId),
    pceSvn: Number(floor.pceSvn),
    sgxSvns: Buffer.from(hex(floor.sgxSvns, 16), 'hex'),
    teeTcbSvn: Buffer.from(hex(floor.teeTcbSvn, 16), 'hex'),
    qeIsvSvn: Number(floor.qeIsvSvn),
  };
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function floorText(floor: TcbFloor): string {
  return (
    `PCE id ${floor.pceId}, PCESVN ${floor.pceSvn}, quoting enclave ${floor.qeIsvSvn}, ` +
    `SGX components ${text(floor.sgxSvns)}, TEE_TCB_SVN ${text(floor.teeTcbSvn)}`
  );
}

/** Each part that one floor demands otherwise than the other. */
function differences(from: TcbFloor, to: TcbFloor): string[] {
  const numbers: [name: string, from: number, to: number][] = [
    ['the least PCESVN', from.pceSvn, to.pceSvn],
    ['the least ISVSVN of the quoting enclave', from.qeIsvSvn, to.qeIsvSvn],
  ];
  const bytes: [name: string, from: Uint8Array, to: Uint8Array][] = [
    ['SGX components', from.sgxSvns, to.sgxSvns],
    ['TEE_TCB_SVN', from.teeTcbSvn, to.teeTcbSvn],
  ];
  return [
    ...(from.pceId === to.pceId
      ? []
      : [`demands PCE id ${to.pceId} instead of ${from.pceId}: whoever had the other is refused`]),
    ...numbers
      .filter(([, a, b]) => a !== b)
      .map(([name, a, b]) => `${b > a ? 'raises' : 'lowers'} ${name} from ${a} to ${b}`),
    ...bytes
      .filter(([, a, b]) => text(a) !== text(b))
      .map(([name, a, b]) => `sets the least ${name} from ${text(a)} to ${text(b)}`),
  ];
}
