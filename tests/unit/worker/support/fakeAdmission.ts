import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address } from '@ton/core';
import { refused } from '../../../../src/chain/accounts';
import type { Chain, WorkerState } from '../../../../src/chain/types';
import { nano } from '../../../../src/protocol/amounts';
import { CocoonError } from '../../../../src/protocol/errors';
import { sha256 } from '../../../../src/protocol/hash';
import { parseStatement, statementDigest, statementHash } from '../../../../src/protocol/statement';
import { createHpkeKeyring } from '../../../../src/worker/hpkeKeys';
import type { Logger } from '../../../../src/worker/logger';
import type { Attestation } from '../../../../src/worker/renewal';
import { createStandingWatch, type StandingWatch } from '../../../../src/worker/standing';
import { createStatements } from '../../../../src/worker/statement';
import { keyPairFromSeed } from '../../../../src/protocol/ed25519';
import { workerDomain } from '../../../../src/protocol/domain';
import { createTestTimers, type TestTimers } from './timers';

/** Worker, registry and machine as plain data, with the rules of the contracts that a renewal meets. */
export const START = 1_900_000_000;
export const HOUR = 3_600;
const NETWORK_ID = -3;
const REGISTRY = new Address(0, sha256(Buffer.from('registry')));
const WORKER = new Address(0, sha256(Buffer.from('worker')));
const QUOTE_NOT_FRESH = 1142;
const QUOTE_REPLAYED = 1143;
const STATEMENT_NOT_ANNOUNCED = 1140;
const STATEMENT_NOT_CLEARED = 1144;
const PLATFORM_FULL = 1303;

export type Doing = 'read' | 'announce' | 'block' | 'quote' | 'attest';

export interface FakeAdmission {
  clock: { time: number; now(): number };
  timers: TestTimers;
  state: WorkerState;
  /** Everything that was asked for, in order. */
  readonly did: Doing[];
  /** Times of attests. */
  readonly attestedAt: number[];
  readonly log: { level: string; text: string }[];
  readonly failures: string[];
  /** Called before each thing is done; may throw. */
  interfere: (doing: Doing) => void | Promise<void>;
  /** Called after it was done on chain, before the caller hears of it; may throw. */
  loseAnswer: (doing: Doing) => void;
  /** The exit code with which the registry answers an announcement, or a quote; 0: none. */
  refusesStatement: number;
  refusesQuote: number;
  /** The Platform gives its last slot to another. */
  deniesSlot: boolean;
  /** Last second of the image. */
  imageUntil: number;
  /** How far the chain's clock is ahead. */
  chainAheadSeconds: number;
  block: { seqno: number; rootHash: Buffer };
  watch: StandingWatch;
  /** The same state folder, a new process. */
  restart(options?: Partial<FakeOptions>): void;
  /** Lets a second pass, then the watch look once; so many times. */
  run(seconds: number, everySeconds?: number): Promise<void>;
  end(): void;
}

export interface FakeOptions {
  announces: boolean;
  quotes: boolean;
  handsOver: boolean;
}

export function createFakeAdmission(options: Partial<FakeOptions> = {}): FakeAdmission {
  const stateDir = mkdtempSync(join(tmpdir(), 'cocoon-renewal-'));
  const keys = keyPairFromSeed(Buffer.alloc(32, 7));
  const clock = { time: START, now: () => clock.time };
  const scope = { networkId: NETWORK_ID, registry: REGISTRY.hash, self: WORKER.hash };
  let draws = 0;
  const randomBytes = (bytes: number): Buffer => sha256(Buffer.from(`draw ${++draws}`)).subarray(0, bytes);

  const doing = async <T>(name: Doing, act: () => T): Promise<T> => {
    fake.did.push(name);
    await fake.interfere(name);
    const result = act();
    fake.loseAnswer(name);
    return result;
  };

  const announce = (image: Buffer): Promise<void> =>
    doing('announce', () => {
      const { receiptKey, modelsRoot, notAfter } = parseStatement(image);
      fake.state.pending = {
        ...{ statementHash: statementHash(image), statementDigest: statementDigest(image) },
        ...{ receiptKey, modelsRoot, notAfter, announcedAt: clock.time },
        cleared: fake.refusesStatement === 0,
      };
      if (fake.refusesStatement !== 0) throw refused(WORKER, fake.refusesStatement);
    });

  const attest = (quote: Uint8Array): Promise<void> =>
    doing('attest', () => {
      fake.attestedAt.push(clock.time);
      const [digest, root] = [quote.subarray(0, 32), Buffer.from(quote.subarray(32))];
      const { pending } = fake.state;
      const reason =
        fake.refusesQuote ||
        (!pending?.statementDigest.equals(digest) && STATEMENT_NOT_ANNOUNCED) ||
        (!pending!.cleared && STATEMENT_NOT_CLEARED) ||
        (!root.equals(fake.block.rootHash) && QUOTE_NOT_FRESH) ||
        (fake.block.seqno <= fake.state.quoteSeqno && QUOTE_REPLAYED) ||
        0;
      if (reason !== 0) throw refused(WORKER, reason);
      admit(pending!);
      if (fake.deniesSlot) throw refused(WORKER, PLATFORM_FULL);
    });

  const admit = ({ statementHash: hash, notAfter }: NonNullable<WorkerState['pending']>): void => {
    const activeUntil = fake.deniesSlot ? clock.time : Math.min(notAfter, fake.imageUntil);
    Object.assign(fake.state, {
      ...{ pending: null, statementHash: hash, activeUntil, quoteSeqno: fake.block.seqno },
      keys: [{ workerKey: keys.publicKey, activeUntil, lastSettleBy: START + 13 * 24 * HOUR }],
      tcb: { blockRoot: fake.block.rootHash },
    });
  };

  const chain = {
    worker: () => doing('read', () => ({ ...fake.state, readAtUnix: clock.time + fake.chainAheadSeconds })),
  } as unknown as Chain;

  const log = (level: string) => (_fields: object, text: string) => void fake.log.push({ level, text });
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

  const attestation = (handsOver: boolean): Attestation => ({
    source: {
      root: 'simulated',
      describe: () => 'SIMULATED',
      // The quote is its report data: what is in between is tested where it is built.
      quote: (reportData) => doing('quote', () => reportData),
    },
    newestBlock: () => doing('block', () => fake.block),
    attest: handsOver ? () => doing('attest', () => undefined) : attest,
    handsOver,
  });

  const start = ({
    announces = true,
    quotes = true,
    handsOver = false,
  }: Partial<FakeOptions>): StandingWatch => {
    const domain = workerDomain(scope);
    const hpke = createHpkeKeyring(
      { stateDir, domain, receiptKeys: keys },
      { now: clock.now, random: randomBytes },
    );
    const facts = {
      ...{ networkId: NETWORK_ID, registry: REGISTRY.hash, worker: WORKER.hash, receiptKey: keys.publicKey },
      ...{ modelHashes: [sha256(Buffer.from('model'))], gpuEvidenceHash: Buffer.alloc(32), hostTier: 0 },
    };
    return createStandingWatch(
      { worker: WORKER, receiptKey: keys.publicKey, stateDir },
      {
        ...{ chain, clock, timers: fake.timers, random: () => 0.5, log: logger },
        statements: createStatements(stateDir, facts, hpke),
        announce: announces ? announce : undefined,
        attestation: quotes ? attestation(handsOver) : undefined,
        onFailure: (reason) => void fake.failures.push(reason),
      },
    );
  };

  const fake: FakeAdmission = {
    clock,
    timers: createTestTimers(),
    state: freshState(),
    did: [],
    attestedAt: [],
    log: [],
    failures: [],
    interfere: () => undefined,
    loseAnswer: () => undefined,
    refusesStatement: 0,
    refusesQuote: 0,
    deniesSlot: false,
    imageUntil: Infinity,
    chainAheadSeconds: 0,
    block: { seqno: 10_000, rootHash: sha256(Buffer.from('block 10000')) },
    watch: undefined as unknown as StandingWatch,
    restart(next = options) {
      fake.watch = start(next);
    },
    async run(seconds, everySeconds = 1) {
      for (let passed = 0; passed < seconds; passed += everySeconds) {
        clock.time += everySeconds;
        const seqno = 10_000 + 100 * Math.floor((clock.time - START) / 40);
        fake.block = { seqno, rootHash: sha256(Buffer.from(`block ${seqno}`)) };
        await fake.watch.tick();
      }
    },
    end: () => rmSync(stateDir, { recursive: true, force: true }),
  };
  fake.restart();
  return fake;
}

export const chainAway = (): never => {
  throw new CocoonError('chain_unavailable', 'No chain.');
};

function freshState(): WorkerState {
  const zero = Buffer.alloc(32);
  return {
    ...{ address: WORKER, registry: REGISTRY, provider: WORKER, index: 0, operator: WORKER },
    ...{ stakeNano: nano(1), activeUntil: 0, active: true, unstakeAt: 0, keys: [], feeRecipients: [] },
    ...{ statementHash: zero, imageId: zero, shape: zero, platform: zero, tcb: null, attestedAt: 0 },
    ...{ earningsNano: nano(0), claimableNano: nano(0), balanceNano: nano(0), quoteSeqno: 0, pending: null },
    readAtUnix: START,
  };
}
