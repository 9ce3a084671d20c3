import { Address } from '@ton/core';
import { nodeCrypto } from '../src/attestation/crypto/node';
import { imageId, shape } from '../src/attestation/image';
import { STRICT_POLICY } from '../src/attestation/policy';
import { parseQuote } from '../src/attestation/quote';
import { createSimulatedQuoteVerifier } from '../src/attestation/simulated';
import { createSimulatedHost } from '../src/attestation/testing/host';
import { MINTED_AT } from '../src/attestation/testing/mint';
import { AEAD_ID, KDF_ID, KEM_ID } from '../src/channel';
import type { RegistryRules, WorkerState } from '../src/chain/types';
import { DEFAULT_POLICY } from '../src/client';
import { proveQuote, requireWanted } from '../src/client/verify/quote';
import { examineContract, verifyWorker, type Examined } from '../src/client/verifyWorker';
import { nano } from '../src/protocol/amounts';
import { workerDomain } from '../src/protocol/domain';
import { keyPairFromSeed, sign } from '../src/protocol/ed25519';
import { sha256 } from '../src/protocol/hash';
import { askLayout, encodeSigned, hpkeCertificateLayout, type Ask } from '../src/protocol/signed';
import {
  modelsRoot,
  statementDigest,
  statementHash,
  statementImage,
  StatementRole,
} from '../src/protocol/statement';
import { ANY_FMSPC } from '../src/protocol/tcb';
import { openOffer, signOffer, type Evidence, type WorkerOffer } from '../src/protocol/wire';
import { compare, type Contender } from './harness';
import { signatureAlone } from './quotes';
import { significant, type Benchmark } from './report';

/** More machines than a verifier keeps keys, so that each is one that was never seen. */
const MACHINES = 32;
const NETWORK = { networkId: -3, registry: new Address(0, Buffer.alloc(32, 1)) };
const MODEL = Buffer.alloc(32, 2);
const BLOCK = Buffer.alloc(32, 3);
const collateral = hostOf(0).collateral(MINTED_AT);
const dates = { notBefore: MINTED_AT - 60, notAfter: MINTED_AT + 80_000 };

export const verification: Benchmark = {
  name: 'verification',
  title: 'Verification of one worker by a client, from its offer to its prices',
  async run(options) {
    const verifier = createSimulatedQuoteVerifier(nodeCrypto);
    const prepared = await verifier.prepare(collateral);
    const workers = await Promise.all(Array.from({ length: MACHINES }, (_, i) => workerOf(i)));
    const whole = (name: string, read: () => Promise<typeof prepared>): Contender => ({
      name,
      async run(operations) {
        for (let i = 0; i < operations; i++) await verify(workers[i % MACHINES]!, verifier, await read());
      },
    });
    const measured = await compare(
      [
        signatureAlone(parseQuote(workers[0]!.evidence.quote)),
        whole('a worker never seen, collateral cached', async () => prepared),
        whole('a worker never seen, collateral fetched', () => verifier.prepare(collateral)),
        {
          name: 'the same, its quote proven before: contract, lists, certificate, asks',
          async run(operations) {
            for (let i = 0; i < operations; i++) {
              const { examined, proven } = workers[i % MACHINES]!;
              if (!verifyWorker(examined, proven).ok) throw new Error('a good worker is refused');
            }
          },
        },
      ],
      { ...options, turnMs: 200 },
    );
    const [one, cached] = measured.map(({ cpuNs }) => cpuNs);
    return {
      measured,
      notes: [`With collateral at hand a worker takes ${significant(cached! / one!)} times one signature.`],
    };
  },
};

interface BenchWorker {
  examined: Examined;
  evidence: Evidence;
  proven: Awaited<ReturnType<typeof proveQuote>>;
}

async function verify(
  worker: Pick<BenchWorker, 'examined' | 'evidence'>,
  verifier: ReturnType<typeof createSimulatedQuoteVerifier>,
  prepared: Awaited<ReturnType<typeof verifier.prepare>>,
): Promise<BenchWorker['proven']> {
  const { evidence } = worker;
  // As if its offer had never been read before.
  const examined = { ...worker.examined, offer: { ...worker.examined.offer } };
  const wanted = examineContract(examined);
  if (!wanted.ok) throw new Error(`${wanted.link}: ${wanted.reason}`);
  const family = requireWanted(evidence, wanted.worker);
  const proven = await proveQuote(evidence, { collateral, prepared }, family, {
    ...{
      verifier,
      policy: STRICT_POLICY,
      atUnix: MINTED_AT,
      platformOf: async (ppid: Buffer) => sha256(ppid),
    },
  });
  const verdict = verifyWorker(examined, proven);
  if (!verdict.ok) throw new Error(`${verdict.link}: ${verdict.reason}`);
  return proven;
}

async function workerOf(index: number): Promise<BenchWorker> {
  const keys = keyPairFromSeed(Buffer.alloc(32, 10 + index));
  const address = new Address(0, sha256(Buffer.from(`worker ${index}`)));
  const statement = statementImage({
    ...{ role: StatementRole.Worker, networkId: NETWORK.networkId, registry: NETWORK.registry.hash },
    ...{ worker: address.hash, receiptKey: keys.publicKey, hpkeKey: Buffer.alloc(32, 9), ...dates },
    ...{ kemId: KEM_ID, kdfId: KDF_ID, aeadId: AEAD_ID, modelsRoot: modelsRoot([MODEL]) },
    ...{ gpuEvidenceHash: Buffer.alloc(32), hostTier: 0 },
  });
  const host = hostOf(index);
  const quote = host.quote(Buffer.concat([statementDigest(statement), BLOCK]));
  const { body, qe } = parseQuote(quote);
  const image = Buffer.from(await imageId(body, 'simulated', nodeCrypto));
  const state: WorkerState = {
    ...{ address, registry: NETWORK.registry, provider: address, operator: address, index },
    ...{ stakeNano: nano(0), activeUntil: dates.notAfter, active: true, unstakeAt: 0, pending: null },
    ...{ statementHash: statementHash(statement), imageId: image, quoteSeqno: 100, attestedAt: MINTED_AT },
    ...{ shape: Buffer.from(await shape(body, nodeCrypto)), platform: sha256(host.ppid) },
    keys: [
      {
        ...{ workerKey: keys.publicKey, activeUntil: dates.notAfter, lastSettleBy: dates.notAfter },
        platform: sha256(host.ppid),
      },
    ],
    tcb: {
      ...{ blockRoot: BLOCK, fmspc: host.fmspc, pceId: 0, pceSvn: 11, qeIsvSvn: qe.isvSvn },
      sgxSvns: Buffer.from('03030202040100050000000000000000', 'hex'),
      ...{ teeTcbSvn: Buffer.from(body.teeTcbSvn), teeTcbSvn2: Buffer.alloc(16) },
    },
    ...{ earningsNano: nano(0), claimableNano: nano(0), balanceNano: nano(0), feeRecipients: [] },
    readAtUnix: MINTED_AT,
  };
  const examined: Examined = {
    offer: offerOf(keys, address, statement, image),
    ...{ state, rules: rulesOf(state), chain: NETWORK, policy: DEFAULT_POLICY, nowUnix: MINTED_AT },
  };
  const evidence = { statement, quote };
  const verifier = createSimulatedQuoteVerifier(nodeCrypto);
  const proven = await verify({ examined, evidence }, verifier, await verifier.prepare(collateral));
  return { examined, evidence, proven };
}

function rulesOf({ imageId: image, shape: machine, tcb }: WorkerState): RegistryRules {
  return {
    ...{ images: new Map([[image.toString('hex'), 2 ** 32]]), shapes: new Set([machine.toString('hex')]) },
    ...{ models: new Map([[MODEL.toString('hex'), 'tiny']]), floors: new Map([[ANY_FMSPC, tcb!]]) },
    ...{ blocks: new Map(), readAtUnix: MINTED_AT },
  };
}

function offerOf(
  keys: ReturnType<typeof keyPairFromSeed>,
  address: Address,
  statement: Buffer,
  image: Buffer,
): WorkerOffer {
  const domain = workerDomain({
    ...{ networkId: NETWORK.networkId, registry: NETWORK.registry.hash, self: address.hash },
  });
  const certificate = {
    ...{ domain, hpkeKey: Buffer.alloc(32, 9), statementHash: statementHash(statement), ...dates },
  };
  const ask: Ask = {
    ...{ domain, modelHash: MODEL, promptPrice: 1n, cachedPrice: 1n, completionPrice: 1n, audioPrice: 0n },
    ...{ minCap: 0n, seq: 1, ...dates },
  };
  const offer = signOffer(
    {
      ...{ version: 1, seq: 1, issuedAt: MINTED_AT, worker: address.hash.toString('hex') },
      ...{ workerKey: keys.publicKey.toString('hex'), imageId: image.toString('hex') },
      statement: statement.toString('base64'),
      certificate: encodeSigned(hpkeCertificateLayout, {
        value: certificate,
        signature: sign(hpkeCertificateLayout.hash(certificate), keys),
      }).toString('base64'),
      asks: [
        encodeSigned(askLayout, { value: ask, signature: sign(askLayout.hash(ask), keys) }).toString(
          'base64',
        ),
      ],
      models: [
        {
          ...{ id: 'tiny', hash: MODEL.toString('hex'), contextLength: 1_024, maxOutputTokens: 1_024 },
          capabilities: ['chat'],
        },
      ],
      ...{ slots: 4, maxFeeBps: 0 },
    },
    keys,
  );
  return openOffer(offer)!;
}

function hostOf(index: number): ReturnType<typeof createSimulatedHost> {
  return createSimulatedHost({
    random: (bytes) => new Uint8Array(bytes).fill(index + 1),
    nowUnix: MINTED_AT,
  });
}
