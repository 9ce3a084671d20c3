import { beginCell, toNano, type Address } from '@ton/core';
import { internal, type Blockchain, type SandboxContract, type TreasuryContract } from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import { modelsRoot, StatementRole, statementHash, statementImage } from '../../src/protocol/statement';
import { announceBody, stakeBody, workerAddress, workerInit } from '../../wrappers/Worker';
import { TEST_NETWORK_ID } from './chain';

/** A genuine Worker contract with one admitted key. The registry is a plain wallet that says what a Registry would. */
export interface AdmittedWorker {
  address: Address;
  provider: SandboxContract<TreasuryContract>;
  index: number;
  keys: KeyPair;
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
  await send(provider.address, announceBody(image));
  await send(
    registry.address,
    beginCell()
      .store(
        binding.storeAdmitted({
          $$type: 'Admitted',
          statementHash: BigInt(`0x${statementHash(image).toString('hex')}`),
          imageId: 1n,
          shape: 1n,
          minStake: toNano('1'),
          notAfter: BigInt(now + 86_400),
          responseTo: registry.address,
        }),
      )
      .endCell(),
  );
  return { address, provider, index: 0, keys };
}
