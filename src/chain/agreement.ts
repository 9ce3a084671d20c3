import { CocoonError } from '../protocol/errors';
import type { ConnectedChain } from './chain';
import { CHAIN_LIMITS } from './limits';
import type { RegistryRules, WorkerState } from './types';

export interface AgreementDeps {
  /** Waits until a server that is a block behind has it too; a test passes one that does not. */
  sleep?: (ms: number) => Promise<void>;
}

/**
 * One chain out of several endpoints of different owners. Everything that trust in a worker rests on (its contract, the
 * registry's lists and code, blocks of the masterchain) is read from all of them, and must be the same; the rest, which is
 * the client's own money and messages, from the first. Throws CocoonError `chain_disagrees` where they name different
 * networks or registries; the readings reject with it where they differ for longer than a lagging server explains.
 */
export function createAgreeingChain(
  first: ConnectedChain,
  witnesses: readonly ConnectedChain[],
  deps: AgreementDeps = {},
): ConnectedChain {
  const chains = [first, ...witnesses];
  const sleep = deps.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  for (const { networkId, registry } of witnesses) {
    const isSame = networkId === first.networkId && registry.equals(first.registry);
    if (!isSame) throw disagreement('the network and its registry');
  }

  const agree = async <T>(
    what: string,
    read: (chain: ConnectedChain) => Promise<T>,
    facts: (value: T) => unknown,
  ): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      const values = await Promise.all(chains.map(read));
      const told = new Set(values.map((value) => JSON.stringify(facts(value))));
      if (told.size === 1) return values[0]!;
      if (attempt >= CHAIN_LIMITS.agreeAttempts) throw disagreement(what);
      await sleep(CHAIN_LIMITS.agreePauseMs);
    }
  };

  return {
    ...first,
    worker: (address) =>
      agree(`the Worker contract ${address.toString()}`, (chain) => chain.worker(address), workerFacts),
    registryRules: () => agree("the registry's lists", (chain) => chain.registryRules(), rulesFacts),
    registryRoot: () => agree("the registry's code", (chain) => chain.registryRoot(), String),
    masterchainRoot: (seqno) =>
      agree(`masterchain block ${seqno}`, (chain) => chain.masterchainRoot(seqno), hexOf),
  };
}

/** What verification rests on. Money that comes in between two blocks is none of it. */
function workerFacts(state: WorkerState | null): unknown {
  if (!state) return null;
  const { address, registry, provider, index, active, keys, tcb, quoteSeqno, attestedAt } = state;
  return [
    [address, registry, provider].map((one) => one.toRawString()),
    [index, active, quoteSeqno, attestedAt],
    keys.map((key) => [hexOf(key.workerKey), hexOf(key.platform), key.activeUntil, key.lastSettleBy]),
    [state.statementHash, state.imageId, state.shape, state.platform].map(hexOf),
    tcb && [tcb.blockRoot, tcb.fmspc, tcb.sgxSvns, tcb.teeTcbSvn, tcb.teeTcbSvn2].map(hexOf),
    tcb && [tcb.pceId, tcb.pceSvn, tcb.qeIsvSvn],
    state.feeRecipients.map(({ feeTo, maxBps }) => [hexOf(feeTo), maxBps]),
  ];
}

function rulesFacts({ images, shapes, models, floors, blocks }: RegistryRules): unknown {
  const floorRows = [...floors].map(([fmspc, { pceId, pceSvn, sgxSvns, teeTcbSvn, qeIsvSvn }]) => [
    ...[fmspc, pceId, pceSvn, qeIsvSvn],
    ...[sgxSvns, teeTcbSvn].map(hexOf),
  ]);
  return [[...images], [...shapes], [...models], floorRows, [...blocks]].map((rows) =>
    rows.map((row) => JSON.stringify(row)).sort(),
  );
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function disagreement(what: string): CocoonError {
  return new CocoonError('chain_disagrees', `The TON endpoints disagree about ${what}.`);
}
