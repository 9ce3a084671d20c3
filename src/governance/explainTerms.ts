import type { RegistryParameters } from '../../wrappers/Registry';
import { PARAMETER_BOUNDS, type GovernanceMessage } from '../../wrappers/governanceMessages';
import { loosening, type Explanation } from './explanation';
import type { Standing } from './standing';
import { account, coins, percent, span } from './words';

type SetParameters = Extract<GovernanceMessage, { $$type: 'SetParameters' }>;
type Bounded = keyof typeof PARAMETER_BOUNDS;

const TERMS: Record<Bounded, { name: string; show: (value: bigint) => string }> = {
  minStake: { name: 'the minimum stake', show: coins },
  unbondingSeconds: { name: 'the unbonding time', show: (value) => span(Number(value)) },
  protocolFeeBps: { name: 'the protocol fee', show: percent },
  routerDeposit: { name: "a router's deposit", show: coins },
};
const BOUNDED = Object.keys(TERMS) as Bounded[];

/** Each term that changes, from what to what. */
export function explainParameters(order: SetParameters, now: Standing): Explanation {
  const { parameters } = now.registry;
  const says = BOUNDED.flatMap((field) => changeOf(field, valueOf(parameters, field), order[field]));
  if (!parameters.treasury.equals(order.treasury)) {
    says.push(
      `moves the treasury, to which the protocol fee goes, from ${account(parameters.treasury)} to ${account(order.treasury)}`,
    );
  }
  if (says.length === 0) says.push('sets the terms as they are, so nothing changes');
  else says.push('changes no terms of what is staked or listed already');
  return loosening(says, refusals(order));
}

function changeOf(field: Bounded, from: bigint, to: bigint): string[] {
  const { name, show } = TERMS[field];
  if (from === to) return [];
  return [`${to > from ? 'raises' : 'lowers'} ${name} from ${show(from)} to ${show(to)}`];
}

function refusals(order: SetParameters): string[] {
  const outside = BOUNDED.filter((field) => {
    const [least, most] = PARAMETER_BOUNDS[field];
    return order[field] < least || order[field] > most;
  });
  const found = outside.map((field) => {
    const { name, show } = TERMS[field];
    const [least, most] = PARAMETER_BOUNDS[field];
    return `${name} must be from ${show(least)} to ${show(most)}: refused (1010)`;
  });
  if (order.treasury.workChain !== 0) found.push('the treasury is not on the basechain: refused (1011)');
  return found;
}

function valueOf(parameters: RegistryParameters, field: Bounded): bigint {
  switch (field) {
    case 'minStake':
      return parameters.minStakeNano;
    case 'unbondingSeconds':
      return BigInt(parameters.unbondingSeconds);
    case 'protocolFeeBps':
      return BigInt(parameters.protocolFeeBps);
    case 'routerDeposit':
      return parameters.routerDepositNano;
  }
}
