import { beginCell, toNano, type Address, type Cell, type StateInit } from '@ton/core';
import {
  internal,
  type Blockchain,
  type SandboxContract,
  type SendMessageResult,
  type TreasuryContract,
} from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import {
  modelsRoot,
  StatementRole,
  statementDigest,
  statementHash,
  statementImage,
} from '../../src/protocol/statement';
import { announceBody, stakeBody, workerAddress, workerInit } from '../../wrappers/Worker';
import {
  attestedBody,
  blockRoot,
  MACHINE,
  recentBlock,
  setRecentBlocks,
  statementClearedBody,
} from './attestation';
import { TEST_NETWORK_ID } from './chain';

/** A genuine Worker contract with one admitted key. The registry is a plain wallet that says what a Registry would. */
export interface AdmittedWorker {
  address: Address;
  provider: SandboxContract<TreasuryContract>;
  index: number;
  keys: KeyPair;
}

/** What a Registry says about an announced statement when all is well: it is cleared, then a quote confirms it for a day. */
export function confirmation(chain: Blockchain, registry: Address, image: Uint8Array): Cell[] {
  const digest = statementDigest(image);
  setRecentBlocks(chain, (chain.prevBlocks ? recentBlock(chain) : 0) + 100);
  const said = {
    ...MACHINE,
    imageId: Buffer.alloc(32, 1),
    shape: Buffer.alloc(32, 1),
    statementDigest: digest,
    blockRoot: blockRoot(recentBlock(chain)),
  };
  return [
    statementClearedBody(digest, registry),
    attestedBody({
      said,
      platform: Buffer.alloc(32, 1),
      notAfter: chain.now! + 86_400,
      minStakeNano: toNano('1'),
      responseTo: registry,
    }),
  ];
}

/** A Worker of a provider of its own, deployed, staked and with one admitted key. */
export async function createAdmittedWorker(
  chain: Blockchain,
  registry: SandboxContract<TreasuryContract>,
  name: string,
  index = 0,
): Promise<AdmittedWorker> {
  const provider = await chain.treasury(`provider ${name}`);
  const address = await workerAddress(registry.address, provider.address, index);
  const keys = keyPairFromSeed(statementHash(Buffer.from(`worker key ${name}`)));
  const worker = { address, provider, index, keys };
  const init = await workerInit(registry.address, provider.address, index);
  await tellWorker(chain, worker, provider.address, stakeBody(toNano('1'), provider.address), init);
  await tellWorker(chain, worker, registry.address, termsBody(registry.address));
  await admitKey(chain, registry.address, worker, keys.publicKey);
  return worker;
}

/** The provider announces a statement with this key, and the world's registry says what a Registry would. */
export async function admitKey(
  chain: Blockchain,
  registry: Address,
  worker: Pick<AdmittedWorker, 'address' | 'provider'>,
  receiptKey: Buffer,
): Promise<void> {
  const now = chain.now!;
  const image = statementImage({
    role: StatementRole.Worker,
    networkId: TEST_NETWORK_ID,
    registry: registry.hash,
    worker: worker.address.hash,
    receiptKey,
    hpkeKey: Buffer.alloc(32, 7),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: now,
    notAfter: now + 86_400,
    modelsRoot: modelsRoot([]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
  });
  await tellWorker(chain, worker, worker.provider.address, announceBody(image, []));
  for (const body of confirmation(chain, registry, image)) await tellWorker(chain, worker, registry, body);
}

/** A message to a Worker with more than enough value. */
export function tellWorker(
  chain: Blockchain,
  worker: Pick<AdmittedWorker, 'address'>,
  from: Address,
  body: Cell,
  stateInit?: StateInit,
): Promise<SendMessageResult> {
  return chain.sendMessage(
    internal({
      from,
      to: worker.address,
      value: toNano('2'),
      bounce: true,
      body,
      ...(stateInit && { stateInit }),
    }),
  );
}

function termsBody(treasury: Address): Cell {
  return beginCell()
    .store(
      binding.storeTermsGranted({
        $$type: 'TermsGranted',
        feeBps: 0n,
        treasury,
        minStake: toNano('1'),
        unbondingSeconds: 86_400n,
      }),
    )
    .endCell();
}
