import { beginCell, toNano, type Address, type Cell } from '@ton/core';
import { internal, type Blockchain, type SandboxContract, type TreasuryContract } from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot, StatementRole, statementDigest, statementImage } from '../../src/protocol/statement';
import { announceBody, stakeBody, workerAddress, workerInit } from '../../wrappers/Worker';

/** A genuine Worker contract with one admitted key, where a plain wallet plays the registry. */
export interface PaidWorker {
  address: Address;
  provider: Address;
  index: number;
  keys: KeyPair;
}

const STAKE = toNano('1');
const BLOCK = 100;

export async function admitWorker(
  chain: Blockchain,
  registry: SandboxContract<TreasuryContract>,
  networkId: number,
): Promise<PaidWorker> {
  const provider = (await chain.treasury('provider')).address;
  const keys = keyPairFromSeed(sha256(Buffer.from('worker key')));
  const worker = { provider, index: 0, keys, address: await workerAddress(registry.address, provider, 0) };
  const image = statementOf(worker, registry.address, networkId, chain.now!);
  makeBlocksRecent(chain);

  const send = async (from: Address, body: Cell, isFirst = false): Promise<void> => {
    const stateInit = isFirst ? await workerInit(registry.address, provider, 0) : undefined;
    const message = { from, to: worker.address, value: toNano('2'), bounce: true, body };
    await chain.sendMessage(internal({ ...message, ...(stateInit && { stateInit }) }));
  };
  await send(provider, stakeBody(STAKE, provider), true);
  await send(registry.address, termsBody(registry.address));
  await send(provider, announceBody(image, []));
  const digest = toInteger(statementDigest(image));
  await send(registry.address, clearedBody(digest, registry.address));
  await send(registry.address, attestedBody(digest, chain.now! + 86_400, registry.address));
  return worker;
}

function statementOf(worker: PaidWorker, registry: Address, networkId: number, now: number): Buffer {
  return statementImage({
    ...{ role: StatementRole.Worker, networkId, registry: registry.hash, worker: worker.address.hash },
    ...{ receiptKey: worker.keys.publicKey, hpkeKey: Buffer.alloc(32, 7), kemId: 0x20, kdfId: 1, aeadId: 2 },
    ...{ notBefore: now, notAfter: now + 86_400, modelsRoot: modelsRoot([]) },
    ...{ gpuEvidenceHash: Buffer.alloc(32), hostTier: 0 },
  });
}

function termsBody(treasury: Address): Cell {
  const terms = { feeBps: 0n, treasury, minStake: STAKE, unbondingSeconds: 86_400n };
  return cellOf(binding.storeTermsGranted({ $$type: 'TermsGranted', ...terms }));
}

function clearedBody(digest: bigint, responseTo: Address): Cell {
  return cellOf(
    binding.storeStatementCleared({ $$type: 'StatementCleared', statementDigest: digest, responseTo }),
  );
}

function attestedBody(digest: bigint, notAfter: number, responseTo: Address): Cell {
  const measured = cellOf(
    binding.storeMeasured({ $$type: 'Measured', imageId: 1n, shape: 1n, statementDigest: digest }),
  );
  const tcb = { fmspc: 1n, pceId: 0n, pceSvn: 1n, sgxSvns: 0n, teeTcbSvn: 0n, teeTcbSvn2: 0n, qeIsvSvn: 0n };
  return cellOf(
    binding.storeAttested({
      ...{ $$type: 'Attested', platform: 1n, notAfter: BigInt(notAfter), minStake: STAKE, measured },
      tcb: cellOf(binding.storeTcb({ $$type: 'Tcb', blockRoot: toInteger(ROOT), ...tcb })),
      responseTo: beginCell().storeAddress(responseTo).endCell(),
    }),
  );
}

const ROOT = sha256(Buffer.from('a recent block'));

/** A Worker believes a quote only about a block that the chain still knows. */
function makeBlocksRecent(chain: Blockchain): void {
  const block = { workchain: -1, shard: 1n << 63n, seqno: BLOCK, rootHash: ROOT, fileHash: Buffer.alloc(32) };
  chain.prevBlocks = {
    lastMcBlocks: [block],
    prevKeyBlock: block,
    lastMcBlocks100: Array.from({ length: 16 }, () => block),
  };
}

function cellOf(store: (builder: ReturnType<typeof beginCell>) => void): Cell {
  return beginCell().store(store).endCell();
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
