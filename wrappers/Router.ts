import type { Address, Cell, StateInit, TupleReader } from '@ton/core';
import * as binding from '../build/Router/Router_Router';
import { nano, type Nano } from '../src/protocol/amounts';
import { packed } from './bytes';
import { exitCodesOf } from './exitCodes';
import { restoreTuples } from './tonClientTuples';

export { Router } from '../build/Router/Router_Router';

export const ROUTER_OPCODES: Readonly<Record<keyof typeof binding.Router.opcodes, number>> =
  binding.Router.opcodes;
export const ROUTER_EXIT_CODES = /* @__PURE__ */ exitCodesOf(binding, 'ERROR_ROUTER_');
export const ROUTER_RESERVE_NANO: Nano = nano(binding.ROUTER_RESERVE);

/** Values that suffice, beside the deposit and, at the first Publish, the reserve; what is left comes back. */
export const ROUTER_VALUES = {
  publish: nano(20_000_000n),
  retire: nano(20_000_000n),
} as const;

export async function routerInit(registry: Address, operator: Address): Promise<StateInit> {
  return binding.Router.init(registry, operator);
}

export async function routerAddress(registry: Address, operator: Address): Promise<Address> {
  return (await binding.Router.fromInit(registry, operator)).address;
}

/** Lists the router or changes its listing; `depositNano` is added to what lies there already. */
export function publishBody(endpoint: string, feeBps: number, depositNano: bigint): Cell {
  return packed(
    binding.storePublish({ $$type: 'Publish', feeBps: BigInt(feeBps), deposit: depositNano, endpoint }),
  );
}

/** Ends the listing; the deposit comes back. */
export function retireBody(): Cell {
  return packed(binding.storeRetire({ $$type: 'Retire' }));
}

export interface RouterOnChain {
  registry: Address;
  operator: Address;
  endpoint: string;
  feeBps: number;
  depositNano: Nano;
  listed: boolean;
  balanceNano: Nano;
}

export const GET_ROUTER = 'get_router';

export function parseRouter(stack: TupleReader): RouterOnChain {
  const view = binding.loadGetterTupleRouterView(restoreTuples(stack));
  return {
    registry: view.registry,
    operator: view.operator,
    endpoint: view.endpoint,
    feeBps: Number(view.feeBps),
    depositNano: nano(view.deposit),
    listed: view.listed,
    balanceNano: nano(view.balance),
  };
}
