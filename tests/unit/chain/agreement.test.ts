import { Address } from '@ton/core';
import { createAgreeingChain } from '../../../src/chain/agreement';
import type { ConnectedChain } from '../../../src/chain/chain';
import { CHAIN_LIMITS } from '../../../src/chain/limits';
import type { RegistryRules, WorkerState } from '../../../src/chain/types';
import { nano } from '../../../src/protocol/amounts';

const PLACE = new Address(0, Buffer.alloc(32, 1));
const OTHER = new Address(0, Buffer.alloc(32, 2));
const bytes = (fill: number): Buffer => Buffer.alloc(32, fill);

function workerState(change: Partial<WorkerState> = {}): WorkerState {
  return {
    ...{ address: PLACE, registry: PLACE, provider: PLACE, operator: PLACE, index: 1, stakeNano: nano(1) },
    ...{ activeUntil: 5, active: true, unstakeAt: 0, statementHash: bytes(1), imageId: bytes(2) },
    keys: [{ workerKey: bytes(3), activeUntil: 5, lastSettleBy: 6, platform: bytes(4) }],
    ...{ shape: bytes(5), platform: bytes(4), quoteSeqno: 100, pending: null, attestedAt: 1 },
    tcb: {
      ...{ blockRoot: bytes(6), fmspc: Buffer.alloc(6), pceId: 0, pceSvn: 1, sgxSvns: Buffer.alloc(16) },
      ...{ teeTcbSvn: Buffer.alloc(16), teeTcbSvn2: Buffer.alloc(16), qeIsvSvn: 1 },
    },
    ...{ earningsNano: nano(1), claimableNano: nano(1), balanceNano: nano(1), readAtUnix: 7 },
    feeRecipients: [{ feeTo: Buffer.alloc(20, 1), maxBps: 100, owedNano: nano(1) }],
    ...change,
  };
}

const floor = { pceId: 0, pceSvn: 1, sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), qeIsvSvn: 1 };
function rulesWith(change: Partial<RegistryRules> = {}): RegistryRules {
  return {
    ...{ images: new Map([['a', 1]]), shapes: new Set(['b']), models: new Map([['c', 'name']]) },
    ...{ floors: new Map([['d', floor]]), blocks: new Map([['e', 1]]), readAtUnix: 1 },
    ...change,
  };
}

/** An endpoint that says what it is given, one after the other; the last for ever. */
function endpoint(says: Partial<Record<'worker' | 'rules' | 'root' | 'block' | 'place', unknown[]>> = {}) {
  const told = (name: keyof typeof says, usual: unknown) => async () => {
    const left = says[name] ?? [];
    if (left.length === 0) return usual as never;
    return (left.length > 1 ? left.shift() : left[0]) as never;
  };
  return {
    ...{ networkId: -239, registry: (says.place?.[0] as Address | undefined) ?? PLACE },
    worker: told('worker', workerState()),
    registryRules: told('rules', rulesWith()),
    registryRoot: told('root', 'intel'),
    masterchainRoot: told('block', bytes(9)),
    balance: async () => nano(1),
  } as unknown as ConnectedChain;
}

/** What two endpoints agree on, and how often the second was waited for. */
async function together(
  second: ConnectedChain,
  read: (chain: ConnectedChain) => Promise<unknown>,
): Promise<{ said: unknown; pauses: number }> {
  let pauses = 0;
  const chain = createAgreeingChain(endpoint(), [second], { sleep: async () => void (pauses += 1) });
  const said = await read(chain).catch((error: { code: string }) => error.code);
  return { said, pauses };
}

const readers = {
  worker: (chain: ConnectedChain) => chain.worker(PLACE),
  rules: (chain: ConnectedChain) => chain.registryRules(),
  root: (chain: ConnectedChain) => chain.registryRoot(),
  block: (chain: ConnectedChain) => chain.masterchainRoot(100),
};

describe('endpoints that must agree', () => {
  it.each(Object.entries(readers))('are one chain where they say the same: %s', async (_, read) => {
    const { said, pauses } = await together(endpoint(), read);
    expect(said).toEqual(await read(endpoint()));
    expect(pauses).toBe(0);
  });

  const tcb = workerState().tcb!;
  it.each<[keyof typeof readers, string, unknown]>([
    ['worker', 'no contract', null],
    ['worker', 'another statement', workerState({ statementHash: bytes(0) })],
    ['worker', 'another image', workerState({ imageId: bytes(0) })],
    ['worker', 'another shape', workerState({ shape: bytes(0) })],
    ['worker', 'another machine', workerState({ platform: bytes(0) })],
    ['worker', 'another provider', workerState({ provider: OTHER })],
    ['worker', 'another block', workerState({ quoteSeqno: 200 })],
    ['worker', 'another time', workerState({ attestedAt: 2 })],
    ['worker', 'an end', workerState({ active: false })],
    ['worker', 'no quote', workerState({ tcb: null })],
    ['worker', 'another TCB', workerState({ tcb: { ...tcb, qeIsvSvn: 2 } })],
    ['worker', 'another root of its block', workerState({ tcb: { ...tcb, blockRoot: bytes(0) } })],
    ['worker', 'another key', workerState({ keys: [{ ...workerState().keys[0]!, workerKey: bytes(0) }] })],
    ['worker', 'a longer key', workerState({ keys: [{ ...workerState().keys[0]!, activeUntil: 6 }] })],
    [
      'worker',
      'another fee',
      workerState({ feeRecipients: [{ feeTo: Buffer.alloc(20, 1), maxBps: 101, owedNano: nano(1) }] }),
    ],
    ['rules', 'another image', rulesWith({ images: new Map([['a', 2]]) })],
    ['rules', 'another shape', rulesWith({ shapes: new Set() })],
    ['rules', 'another name', rulesWith({ models: new Map([['c', 'other']]) })],
    ['rules', 'another floor', rulesWith({ floors: new Map([['d', { ...floor, pceSvn: 0 }]]) })],
    ['rules', 'no block', rulesWith({ blocks: new Map() })],
    ['root', 'the simulated root', 'simulated'],
    ['block', 'another root hash', bytes(8)],
  ])('disagree about %s where one says %s, after every chance to catch up', async (what, _, lie) => {
    const { said, pauses } = await together(endpoint({ [what]: [lie] }), readers[what]);
    expect(said).toBe('chain_disagrees');
    expect(pauses).toBe(CHAIN_LIMITS.agreeAttempts - 1);
  });

  it('are waited for while one lags behind', async () => {
    const late = endpoint({ worker: [null, null, null, workerState()] });
    expect(await together(late, readers.worker)).toMatchObject({ said: { quoteSeqno: 100 }, pauses: 3 });
    const later = endpoint({ worker: [null, null, null, null, workerState()] });
    expect(await together(later, readers.worker)).toMatchObject({ said: 'chain_disagrees' });
  });

  it('need not be at the same block: money that came in between counts for nothing', async () => {
    const money = workerState({ earningsNano: nano(5), balanceNano: nano(5), readAtUnix: 9 });
    const lists = rulesWith({ readAtUnix: 9 });
    expect((await together(endpoint({ worker: [money] }), readers.worker)).pauses).toBe(0);
    expect((await together(endpoint({ rules: [lists] }), readers.rules)).pauses).toBe(0);
  });

  it('are not begun with when they name different registries', () => {
    expect(() => createAgreeingChain(endpoint(), [endpoint({ place: [OTHER] })])).toThrow(/disagree/);
  });

  it('fail together: one that does not answer is no confirmation', async () => {
    const silent = { ...endpoint(), worker: () => Promise.reject(new Error('no answer')) };
    const chain = createAgreeingChain(endpoint(), [silent]);
    await expect(chain.worker(PLACE)).rejects.toThrow('no answer');
  });
});
