import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nano } from '../../../src/protocol/amounts';
import { sha256 } from '../../../src/protocol/hash';
import { JobOutcome, type JobRecord } from '../../../src/protocol/jobRecord';
import { NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import type { Receipt, Signed, Ticket } from '../../../src/protocol/signed';
import { highWaterFileOf } from '../../../src/worker/highWater';
import { ensureLedger } from '../../../src/worker/identity';
import type { Ledger, LineAccount, Tally } from '../../../src/worker/ledger';
import { silentLogger } from '../../../src/worker/logger';
import { createReceiptSigner, type ReceiptSigner } from '../../../src/worker/receipts';
import { ensureStateDir } from '../../../src/worker/stateFiles';

const START = 1_900_000_000;
const DAY = 86_400;
const DOMAIN = sha256(Buffer.from('an escrow'));
const WORKER = sha256(Buffer.from('a worker'));
/** Memory, where there is some that is a file system: as inside a TD, and nothing waits for a disk. */
const GROUND = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Its process ended where the name says. */
class Killed extends Error {}

/** A worker's genuine key, ledger and receipts on a machine whose clock, boots and crashes the caller makes. */
export interface Machine {
  /** Null when the process died; what had been signed by then was told to `onSigned` all the same. */
  bill(line: number, feeNano: number, crashAt?: string): Promise<Signed<Receipt> | null>;
  signAgain(line: number): Signed<Receipt> | null;
  finalise(line: number): Promise<Signed<Receipt> | null>;
  restart(): void;
  reboot(): void;
  copy(): void;
  /** Puts the last copy back, with the mark beside the directory only when `withMark`; then starts. */
  putBack(withMark: boolean): void;
  pass(days: number): void;
  lineOf(receipt: Receipt): Line;
  end(): void;
}

export function createMachine(onSigned: (receipt: Signed<Receipt>) => void): Machine {
  const folder = mkdtempSync(join(GROUND, 'cocoon-honest-'));
  const [stateDir, copyDir] = [join(folder, 'state'), join(folder, 'copy')];
  const lines = new Map<string, Line>();
  let [now, boot, jobs, random] = [START, 0, 0, 0];
  let crashAt: string | undefined;
  let ledger: Ledger;
  let workerKey: Buffer;
  let sign: ReceiptSigner;

  const faultPoint = (name: string): void => {
    if (name === crashAt) throw new Killed(name);
  };
  const start = (): void => {
    ensureStateDir(stateDir);
    const found = ensureLedger(
      { stateDir },
      {
        ...{ now: () => now, faultPoint, log: silentLogger },
        bootId: `boot ${boot}`.padEnd(36),
        random: (bytes) => sha256(Buffer.from(`random ${(random += 1)}`)).subarray(0, bytes),
      },
    );
    ledger = found.ledger;
    workerKey = found.key.keys.publicKey;
    sign = createReceiptSigner(found.key.keys, { now: () => now, faultPoint });
  };
  const stop = (): void => ledger.close();
  const signed = (tally: Tally): Signed<Receipt> => {
    const receipt = sign(tally);
    onSigned(receipt);
    return receipt;
  };
  const open = (line: number): LineAccount => {
    // As clients do: a line outlives the key's activity, and another key is another line.
    const settleBy = START + 13 * DAY + line;
    const fields = { workerAddress: WORKER, settleBy, feeBps: 0, feeTo: NO_FEE_RECIPIENT, workerKey };
    const account = ledger.openAccount({ domain: DOMAIN, escrow: DOMAIN, line: fields });
    lines.set(account.lineId.toString('hex'), fields);
    return account;
  };
  const existing = (line: number): LineAccount | null =>
    ledger.accounts().find((account) => account.line.settleBy === START + 13 * DAY + line) ?? null;

  start();
  return {
    async bill(line, feeNano, at) {
      const account = open(line);
      if (account.final) return null;
      const ticket = ticketOf(account, (jobs += 1));
      try {
        const { job, saved } = ledger.begin(account, ticket);
        await saved;
        crashAt = at;
        const { tally } = await ledger.finish(job, recordOf(ticket, feeNano));
        return signed(tally);
      } catch (error) {
        if (at === undefined) throw error;
        crashAt = undefined;
        stop();
        start();
        return null;
      } finally {
        crashAt = undefined;
      }
    },
    signAgain(line) {
      const account = existing(line);
      return account && account.totalNano > 0n ? signed(ledger.tally(account)) : null;
    },
    async finalise(line) {
      const account = existing(line);
      const tally = account && (await ledger.finalise(account));
      return tally && signed(tally);
    },
    restart() {
      stop();
      start();
    },
    reboot() {
      stop();
      boot += 1;
      start();
    },
    copy() {
      // A database is copied whole: the process rests while somebody copies it.
      stop();
      rmSync(copyDir, { recursive: true, force: true });
      cpSync(stateDir, copyDir, { recursive: true });
      cpSync(highWaterFileOf(stateDir), `${copyDir}.mark`);
      start();
    },
    putBack(withMark) {
      if (!existsSync(copyDir)) return;
      stop();
      rmSync(stateDir, { recursive: true });
      cpSync(copyDir, stateDir, { recursive: true });
      if (withMark) cpSync(`${copyDir}.mark`, highWaterFileOf(stateDir));
      start();
    },
    pass(days) {
      now += days * DAY;
    },
    lineOf: (receipt) => lines.get(receipt.lineId.toString('hex'))!,
    end() {
      stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ticketOf({ domain, lineId }: LineAccount, job: number): Signed<Ticket> {
  const jobId = sha256(Buffer.from(`job ${job}`)).subarray(0, 16);
  const fields = { requestHash: sha256(jobId), maxFee: nano(1_000), issuedAt: START, notAfter: START + 600 };
  // Nobody verifies it here: what matters is that each job is another one.
  return { value: { domain, lineId, jobId, ...fields }, signature: Buffer.alloc(64) };
}

function recordOf({ value: { jobId } }: Signed<Ticket>, feeNano: number): JobRecord {
  const hash = sha256(jobId);
  return {
    ...{
      ticketHash: hash,
      modelHash: hash,
      imageId: hash,
      askHash: hash,
      requestHash: hash,
      responseHash: hash,
    },
    ...{ promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0, audioMs: 0 },
    ...{ fee: nano(feeNano), startedAt: START, endedAt: START, outcome: JobOutcome.Completed },
  };
}
