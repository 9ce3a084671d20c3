import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sodium from 'sodium-native';
import { receiptLayout } from '../src/protocol/signed';
import { createReceiptLedger, type ReceiptClaim } from '../src/router/ledger';
import { benchLine, benchReceipt, signedReceipt, workerKeys } from './fixtures';
import { compare, type Contender } from './harness';
import type { Benchmark } from './report';

const CAP_NANO = 10n ** 18n;

/** Verified, compared with the newest of its line, and on disk (fsync) before the call returns. */
export const ledger: Benchmark = {
  name: 'ledger',
  title: 'Receipts verified, stored durably and aggregated, beside the bare signature check',
  async run(options) {
    const folder = mkdtempSync(path.join(tmpdir(), 'bench-ledger-'));
    try {
      const measured = await compare(
        [bareVerify(), ...[512, 64, 8].map((atOnce) => durable(atOnce, path.join(folder, `${atOnce}.db`)))],
        { turnMs: 250, ...options },
      );
      return {
        measured,
        notes: [
          'Wanted: at least 0.4x. Each receipt is the next one of a line; one line per receipt at once.',
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function bareVerify(): Contender {
  let signed: { hash: Buffer; signature: Buffer }[] = [];
  const line = benchLine(0);
  return {
    name: 'sodium-native verify, bare',
    prepare(operations) {
      signed = Array.from({ length: operations }, (_, i) => {
        const value = benchReceipt(line, i + 1);
        return {
          hash: receiptLayout.hash(value),
          signature: signedReceipt(value).subarray(receiptLayout.size),
        };
      });
    },
    run() {
      for (const { hash, signature } of signed) {
        if (!sodium.crypto_sign_verify_detached(signature, hash, workerKeys.publicKey))
          throw new Error('refused');
      }
    },
  };
}

/** `atOnce` jobs end together, again and again, as on a router with that many streams. */
function durable(atOnce: number, file: string): Contender {
  const store = createReceiptLedger({ path: file });
  const lines = Array.from({ length: atOnce }, (_, i) => benchLine(i));
  let made = 0;
  let claims: ReceiptClaim[] = [];
  return {
    name: `router's ledger, ${atOnce} at once`,
    prepare(operations) {
      claims = Array.from({ length: operations }, () => {
        const line = lines[made % atOnce]!;
        const receipt = signedReceipt(benchReceipt(line, 1 + Math.floor(made++ / atOnce)));
        const { id: lineId, escrow, domain } = line;
        return { line: line.line, lineId, escrow, domain, capNano: CAP_NANO, receipt };
      });
    },
    async run() {
      for (let at = 0; at < claims.length; at += atOnce) {
        const results = await Promise.all(claims.slice(at, at + atOnce).map((claim) => store.record(claim)));
        const lost = results.find((result) => !result.ok || result.outcome !== 'stored');
        if (lost) throw new Error(`not stored: ${lost.ok ? lost.outcome : lost.code}`);
      }
    },
    close: () => store.close(),
  };
}
