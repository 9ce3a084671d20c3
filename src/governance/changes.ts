import type { TcbFloor } from '../protocol/tcb';
import { blockStandings } from './explainBlocks';
import { family } from './explainFloors';
import { quoted } from './explainLists';
import type { Standing } from './standing';
import { account, coins, percent, span, time } from './words';

/** One entry that differs between two moments of a Registry; `from` or `to` is null where it was or is not there. */
export interface Change {
  /** `image`, `minimum stake`, ... */
  what: string;
  /** Which entry of a list, in full; null for what there is one of. */
  key: string | null;
  from: string | null;
  to: string | null;
}

/** Everything that differs, in a fixed order. */
export function changesBetween(before: Standing, after: Standing): Change[] {
  const [from, to] = [entriesOf(before), entriesOf(after)];
  const keys = [...new Set([...from.keys(), ...to.keys()])];
  return keys
    .map((id): Change => {
      const { what, key } = (from.get(id) ?? to.get(id))!;
      return { what, key, from: from.get(id)?.value ?? null, to: to.get(id)?.value ?? null };
    })
    .filter((change) => change.from !== change.to);
}

interface Entry {
  what: string;
  key: string | null;
  value: string;
}

/** A Registry as a flat list of what it says, by an id that two moments share. */
function entriesOf(standing: Standing): Map<string, Entry> {
  const entries = [...powerEntries(standing), ...termEntries(standing), ...listEntries(standing)];
  return new Map(entries.map((entry) => [`${entry.what} ${entry.key}`, entry]));
}

const single = (what: string, value: string): Entry => ({ what, key: null, value });

function powerEntries({ registry }: Standing): Entry[] {
  const { offeredOwner } = registry;
  return [
    single('owner', account(registry.owner)),
    ...(offeredOwner ? [single('offered owner', account(offeredOwner))] : []),
    single('guardian', account(registry.guardian)),
    single('sealed', registry.sealed ? 'yes' : 'no'),
  ];
}

function termEntries({ registry: { parameters } }: Standing): Entry[] {
  return [
    single('minimum stake', coins(parameters.minStakeNano)),
    single('unbonding time', span(parameters.unbondingSeconds)),
    single('protocol fee', percent(parameters.protocolFeeBps)),
    single("router's deposit", coins(parameters.routerDepositNano)),
    single('treasury', account(parameters.treasury)),
  ];
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function listEntries(standing: Standing): Entry[] {
  const { images, shapes, models, floors, workers, orders } = standing;
  return [
    ...images.map(({ imageId, role, expiresAt }) => ({
      what: 'image',
      key: hexOf(imageId),
      value: `role ${role}, until ${time(expiresAt)}`,
    })),
    ...shapes.map((shape) => ({ what: 'shape', key: hexOf(shape), value: 'allowed' })),
    ...models.map(({ modelHash, name }) => ({ what: 'model', key: hexOf(modelHash), value: quoted(name) })),
    ...floors.map(({ fmspc, ...floor }) => ({
      what: 'floor of',
      key: family(hexOf(fmspc)),
      value: floorText(floor),
    })),
    ...workers.map((worker) => ({ what: 'worker', key: account(worker), value: 'listed' })),
    ...blockStandings(standing).map((block) => ({
      what: 'block of',
      key: block.subject,
      value: block.untilUnix === null ? 'by the owner' : `by the guardian, until ${time(block.untilUnix)}`,
    })),
    ...orders.map((order) => ({
      what: 'order',
      key: hexOf(order.hash),
      value: `due ${time(order.dueAt)}`,
    })),
  ];
}

function floorText(floor: TcbFloor): string {
  return `PCE ${floor.pceId}, PCESVN ${floor.pceSvn}, SGX ${hexOf(floor.sgxSvns)}, TDX ${hexOf(floor.teeTcbSvn)}, QE ${floor.qeIsvSvn}`;
}
