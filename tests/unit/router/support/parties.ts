import { workerDomain } from '../../../../src/protocol/domain';
import { keyPairFromSeed, sign, type KeyPair } from '../../../../src/protocol/ed25519';
import { sha256 } from '../../../../src/protocol/hash';
import { NO_FEE_RECIPIENT, lineId, type Line } from '../../../../src/protocol/line';
import {
  askLayout,
  encodeSigned,
  hpkeCertificateLayout,
  receiptLayout,
  ticketLayout,
  type Ask,
  type HpkeCertificate,
  type Receipt,
  type Ticket,
} from '../../../../src/protocol/signed';
import {
  StatementRole,
  statementHash,
  statementImage,
  type Statement,
} from '../../../../src/protocol/statement';
import {
  encodeEnvelopeHead,
  signOffer,
  type SignedOffer,
  type WorkerOffer,
} from '../../../../src/protocol/wire';
import { NETWORK_ID, REGISTRY, START_UNIX, escrowState, workerState, type FakeChain } from './fakeChain';

const MODEL_HASH = Buffer.alloc(32, 0x55);
export const MIN_CAP_NANO = 1_000n;
export const CAP_NANO = 1_000_000n;
export const SETTLE_BY = START_UNIX + 10 * 86_400;

/** A worker's identity with everything it signs. Real signatures throughout. */
export interface WorkerParty {
  keys: KeyPair;
  account: Buffer;
  statement: Buffer;
  offer(change?: Partial<WorkerOffer>): SignedOffer;
}

/** Fields in which what a worker signs differs from what is right. */
export interface WorkerFlaws {
  statement?: Partial<Statement>;
  certificate?: Partial<HpkeCertificate>;
  ask?: Partial<Ask>;
}

export function createWorkerParty(seed: number, flaws: WorkerFlaws = {}): WorkerParty {
  const keys = keyPairFromSeed(Buffer.alloc(32, seed));
  const account = sha256(Buffer.from(`worker ${seed}`));
  const statement = statementImage({
    role: StatementRole.Worker,
    networkId: NETWORK_ID,
    registry: REGISTRY,
    worker: account,
    receiptKey: keys.publicKey,
    hpkeKey: Buffer.alloc(32, 0x66),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: START_UNIX - 60,
    notAfter: START_UNIX + 86_340,
    modelsRoot: Buffer.alloc(32, 0x77),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
    ...flaws.statement,
  });
  const domain = workerDomain({ networkId: NETWORK_ID, registry: REGISTRY, self: account });
  const certificate = {
    domain,
    hpkeKey: Buffer.alloc(32, 0x66),
    statementHash: statementHash(statement),
    notBefore: START_UNIX - 60,
    notAfter: START_UNIX + 86_340,
    ...flaws.certificate,
  };
  const ask = {
    domain,
    modelHash: MODEL_HASH,
    promptPrice: 10n,
    cachedPrice: 5n,
    completionPrice: 20n,
    audioPrice: 0n,
    minCap: MIN_CAP_NANO,
    seq: 1,
    notBefore: START_UNIX - 60,
    notAfter: START_UNIX + 3_600,
    ...flaws.ask,
  };
  return {
    keys,
    account,
    statement,
    offer: (change = {}) =>
      signOffer(
        {
          version: 1,
          seq: 1,
          issuedAt: START_UNIX,
          worker: account.toString('hex'),
          workerKey: keys.publicKey.toString('hex'),
          imageId: '33'.repeat(32),
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
              id: 'tiny',
              hash: MODEL_HASH.toString('hex'),
              contextLength: 2048,
              maxOutputTokens: 512,
              capabilities: ['chat'],
            },
          ],
          slots: 8,
          maxFeeBps: 500,
          ...change,
        },
        keys,
      ),
  };
}

/** A client with an escrow of its own and one open line to a worker. */
export interface ClientParty {
  signer: KeyPair;
  escrow: Buffer;
  line: Line;
  lineId: Buffer;
  domain: Buffer;
  ticket(body: Buffer, change?: Partial<Ticket>, keys?: KeyPair): { value: Ticket; signature: Buffer };
  job(body: Buffer, change?: Partial<Ticket>): Buffer;
  receipt(worker: WorkerParty, change?: Partial<Receipt>): Buffer;
}

export function lineTo(worker: WorkerParty, change: Partial<Line> = {}): Line {
  return {
    workerAddress: worker.account,
    settleBy: SETTLE_BY,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: worker.keys.publicKey,
    ...change,
  };
}

/** Puts the worker's contract on the chain. */
export function admit(chain: FakeChain, worker: WorkerParty): void {
  chain.putWorker(workerState(worker.account, worker.keys.publicKey, statementHash(worker.statement)));
}

export function createClientParty(
  chain: FakeChain,
  seed: number,
  worker: WorkerParty,
  { capNano = CAP_NANO, line = lineTo(worker) }: { capNano?: bigint; line?: Line } = {},
): ClientParty {
  const signer = keyPairFromSeed(Buffer.alloc(32, seed));
  const escrow = sha256(Buffer.from(`escrow ${seed}`));
  const state = escrowState(escrow, signer.publicKey, [{ line, capNano }]);
  chain.putEscrow(state);
  const { domain } = state;
  const id = lineId(line);

  const ticket: ClientParty['ticket'] = (body, change = {}, keys = signer) => {
    const value: Ticket = {
      domain,
      lineId: id,
      jobId: sha256(body).subarray(0, 16),
      requestHash: sha256(body),
      maxFee: 1_000n,
      issuedAt: START_UNIX,
      notAfter: START_UNIX + 300,
      ...change,
    };
    return { value, signature: sign(ticketLayout.hash(value), keys) };
  };
  return {
    signer,
    escrow,
    line,
    lineId: id,
    domain,
    ticket,
    job: (body, change) =>
      Buffer.concat([encodeEnvelopeHead({ line, escrow, ticket: ticket(body, change) }), body]),
    receipt(from, change = {}) {
      const value: Receipt = {
        domain,
        lineId: id,
        total: 10n,
        jobs: 1n,
        jobsRoot: Buffer.alloc(32, 1),
        issuedAt: START_UNIX,
        flags: 0,
        ...change,
      };
      return encodeSigned(receiptLayout, { value, signature: sign(receiptLayout.hash(value), from.keys) });
    },
  };
}
