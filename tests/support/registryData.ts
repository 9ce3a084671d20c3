import { beginCell } from '@ton/core';
import { createShardAccount } from '@ton/sandbox';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import type { Network } from './network';

/** Changes a Registry's state directly, where messages would take too many. */
export async function changeRegistry(
  net: Network,
  change: (data: binding.Registry$Data) => binding.Registry$Data,
): Promise<void> {
  const account = await net.chain.getContract(net.registry);
  const state = account.accountState;
  if (state?.type !== 'active' || !state.state.code || !state.state.data) throw new Error('no registry');
  const slice = state.state.data.beginParse();
  // Tact's mark that the contract is deployed.
  slice.skip(1);
  const changed = change(binding.loadRegistry$Data(slice));
  const data = beginCell().storeBit(true).store(binding.storeRegistry$Data(changed)).endCell();
  const { balance } = account;
  await net.chain.setShardAccount(
    net.registry,
    createShardAccount({ address: net.registry, code: state.state.code, data, balance }),
  );
}

/** As changeRegistry: who decides, and what waits. */
export async function changeGovernance(
  net: Network,
  change: (governance: binding.Governance) => binding.Governance,
): Promise<void> {
  await changeRegistry(net, (data) => {
    const governance = change(binding.loadGovernance(data.governance.beginParse()));
    return { ...data, governance: beginCell().store(binding.storeGovernance(governance)).endCell() };
  });
}
