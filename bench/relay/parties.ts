import { Address } from '@ton/core';
import type { EscrowState, WorkerState } from '../../src/chain/types';
import { nano } from '../../src/protocol/amounts';
import { escrowDomain, workerDomain } from '../../src/protocol/domain';
import { keyPairFromSeed, sign } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { NO_FEE_RECIPIENT, lineId, type Line } from '../../src/protocol/line';
import {
  askLayout,
  encodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
} from '../../src/protocol/signed';
import { StatementRole, statementHash, statementImage } from '../../src/protocol/statement';
import { encodeEnvelopeHead, signOffer, type SignedOffer } from '../../src/protocol/wire';
import type { RouterDeps } from '../../src/router/router';

/**
 * Who takes part in the relay benchmark. Everything follows from constants, so that the router's process and the
 * measuring one agree without talking: genuine signatures, and a chain that answers from memory.
 */
export const NOW_UNIX = 1_900_000_000;
export const LINES = 32;
const NETWORK_ID = -3;
const REGISTRY = Buffer.alloc(32, 0x11);
const MODEL_HASH = sha256(Buffer.from('bench model'));
const CAP_NANO = 10n ** 15n;
const SLOTS = 4096;

export const worker = keyPairFromSeed(Buffer.alloc(32, 1));
const workerAccount = sha256(Buffer.from('bench worker'));
const signer = keyPairFromSeed(Buffer.alloc(32, 2));
const window = { notBefore: NOW_UNIX - 60, notAfter: NOW_UNIX + 86_340 };

const statement = statementImage({
  role: StatementRole.Worker,
  networkId: NETWORK_ID,
  registry: REGISTRY,
  worker: workerAccount,
  receiptKey: worker.publicKey,
  hpkeKey: Buffer.alloc(32, 3),
  kemId: 0x20,
  kdfId: 1,
  aeadId: 2,
  ...window,
  modelsRoot: Buffer.alloc(32),
  gpuEvidenceHash: Buffer.alloc(32),
  hostTier: 0,
});

/** One escrow with one line each, so that receipts of a line follow one another. */
export const paths = Array.from({ length: LINES }, (_, i) => {
  const escrow = sha256(Buffer.from(`bench escrow ${i}`));
  const line: Line = {
    workerAddress: workerAccount,
    settleBy: NOW_UNIX + 10 * 86_400,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: worker.publicKey,
  };
  const domain = escrowDomain({ networkId: NETWORK_ID, registry: REGISTRY, self: escrow }, 1n);
  return { escrow, line, id: lineId(line), domain };
});

/** Job number `n` of a line, as a client sends it. */
export function jobBytes(path: number, n: number, ciphertext: Buffer): Buffer {
  const { escrow, line, id, domain } = paths[path]!;
  const value = {
    domain,
    lineId: id,
    jobId: sha256(Buffer.from(`${path}/${n}`)).subarray(0, 16),
    requestHash: sha256(ciphertext),
    maxFee: 1_000n,
    issuedAt: NOW_UNIX,
    notAfter: NOW_UNIX + 300,
  };
  const ticket = { value, signature: sign(ticketLayout.hash(value), signer) };
  return Buffer.concat([encodeEnvelopeHead({ line, escrow, ticket }), ciphertext]);
}

/** The receipt that answers it. */
export function receiptBytes(path: number, n: number): Buffer {
  const { id, domain } = paths[path]!;
  const value = {
    domain,
    lineId: id,
    total: BigInt(n + 1) * 10n,
    jobs: BigInt(n + 1),
    jobsRoot: sha256(Buffer.from(`root ${path}/${n}`)),
    issuedAt: NOW_UNIX,
    flags: 0,
  };
  return encodeSigned(receiptLayout, { value, signature: sign(receiptLayout.hash(value), worker) });
}

export function offer(): SignedOffer {
  const domain = workerDomain({ networkId: NETWORK_ID, registry: REGISTRY, self: workerAccount });
  const certificate = {
    domain,
    hpkeKey: Buffer.alloc(32, 3),
    statementHash: statementHash(statement),
    ...window,
  };
  const prices = { promptPrice: 10n, cachedPrice: 5n, completionPrice: 20n, audioPrice: 0n };
  const ask = { domain, modelHash: MODEL_HASH, ...prices, minCap: 1_000n, seq: 1, ...window };
  return signOffer(
    {
      version: 1,
      seq: 1,
      issuedAt: NOW_UNIX,
      worker: workerAccount.toString('hex'),
      workerKey: worker.publicKey.toString('hex'),
      imageId: '33'.repeat(32),
      statement: statement.toString('base64'),
      certificate: encodeSigned(hpkeCertificateLayout, {
        value: certificate,
        signature: sign(hpkeCertificateLayout.hash(certificate), worker),
      }).toString('base64'),
      asks: [
        encodeSigned(askLayout, { value: ask, signature: sign(askLayout.hash(ask), worker) }).toString(
          'base64',
        ),
      ],
      models: [
        {
          id: 'bench',
          hash: MODEL_HASH.toString('hex'),
          contextLength: 4096,
          maxOutputTokens: 1024,
          capabilities: ['chat'],
        },
      ],
      slots: SLOTS,
      maxFeeBps: 0,
    },
    worker,
  );
}

/** What the router reads from the chain, at no cost. */
export function benchChain(): Pick<RouterDeps, 'chain' | 'escrows' | 'clock'> {
  const escrows = new Map(paths.map(({ escrow }) => [escrow.toString('hex'), escrowState(escrow)]));
  return {
    chain: { networkId: NETWORK_ID, registry: new Address(0, REGISTRY), worker: async () => workerState() },
    escrows: { read: async (account) => escrows.get(account.toString('hex')) ?? null },
    clock: { now: () => NOW_UNIX },
  };
}

function workerState(): WorkerState {
  const address = new Address(0, workerAccount);
  const active = { activeUntil: NOW_UNIX + 86_400 };
  return {
    address,
    registry: new Address(0, REGISTRY),
    provider: address,
    index: 0,
    operator: address,
    stakeNano: nano(0),
    ...active,
    active: true,
    unstakeAt: 0,
    keys: [
      {
        workerKey: worker.publicKey,
        ...active,
        lastSettleBy: NOW_UNIX + 13 * 86_400,
        platform: Buffer.alloc(32, 0x55),
      },
    ],
    statementHash: statementHash(statement),
    imageId: Buffer.alloc(32, 0x33),
    shape: Buffer.alloc(32, 0x44),
    platform: Buffer.alloc(32, 0x55),
    tcb: null,
    quoteSeqno: 0,
    pending: null,
    attestedAt: 0,
    earningsNano: nano(0),
    claimableNano: nano(0),
    feeRecipients: [],
    balanceNano: nano(0),
    readAtUnix: NOW_UNIX,
  };
}

function escrowState(account: Buffer): EscrowState {
  const address = new Address(0, account);
  const { id, domain, line } = paths.find(({ escrow }) => escrow.equals(account))!;
  return {
    address,
    registry: new Address(0, REGISTRY),
    client: address,
    salt: 0n,
    signer: signer.publicKey,
    signerBudgetNano: nano(0),
    seqno: 0,
    closeDelaySeconds: 129_600,
    born: 1n,
    domain,
    balanceNano: nano(CAP_NANO),
    lockedNano: nano(CAP_NANO),
    freeNano: nano(0),
    reserveNano: nano(0),
    lines: new Map([
      [
        id.toString('hex'),
        { capNano: nano(CAP_NANO), paidNano: nano(0), settleBy: line.settleBy, closeAt: 0 },
      ],
    ]),
    readAtUnix: NOW_UNIX,
  };
}
