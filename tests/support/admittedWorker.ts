import { beginCell, toNano, type Address, type Cell } from '@ton/core';
import { internal, type Blockchain, type SandboxContract, type TreasuryContract } from '@ton/sandbox';
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

export async function createAdmittedWorker(
  chain: Blockchain,
  registry: SandboxContract<TreasuryContract>,
  name: string,
): Promise<AdmittedWorker> {
  const provider = await chain.treasury(`provider ${name}`);
  const address = await workerAddress(registry.address, provider.address, 0);
  const keys = keyPairFromSeed(statementHash(Buffer.from(`worker key ${name}`)));
  const now = chain.now!;
  const image = statementImage({
    role: StatementRole.Worker,
    networkId: TEST_NETWORK_ID,
    registry: registry.address.hash,
    worker: address.hash,
    receiptKey: keys.publicKey,
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

  const send = async (from: Address, body: ReturnType<typeof announceBody>, init = false): Promise<void> => {
    const stateInit = init ? await workerInit(registry.address, provider.address, 0) : undefined;
    await chain.sendMessage(
      internal({
        from,
        to: address,
        value: toNano('2'),
        bounce: true,
        body,
        ...(stateInit && { stateInit }),
      }),
    );
  };
  await send(provider.address, stakeBody(toNano('1'), provider.address), true);
  await send(
    registry.address,
    beginCell()
      .store(
        binding.storeTermsGranted({
          $$type: 'TermsGranted',
          feeBps: 0n,
          treasury: registry.address,
          minStake: toNano('1'),
          unbondingSeconds: 86_400n,
        }),
      )
      .endCell(),
  );
  await send(provider.address, announceBody(image, []));
  for (const body of confirmation(chain, registry.address, image)) await send(registry.address, body);
  return { address, provider, index: 0, keys };
}
