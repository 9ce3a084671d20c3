import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { COIN_SYMBOL, formatCoins, nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import {
  decodeSigned,
  RECEIPT_FINAL,
  receiptLayout,
  verifySigned,
  type Receipt,
  type Signed,
} from '../protocol/signed';
import { toJson } from './connect';

const KEY = /^[0-9a-f]{64}$/;

interface Row {
  receipt: string;
  worker_key: string;
}

/** Receipts are checked without a chain: whoever holds one can show what a worker signed. */
export function addReceiptCommands(cocoon: Command): void {
  cocoon
    .command('receipts')
    .description(
      'check every receipt of a receipts.jsonl: one JSON object per line with receipt and worker_key in hex',
    )
    .argument('<file>', 'for example demo-out/receipts.jsonl')
    .option('--json', 'one JSON object per receipt', false)
    .action((file: string, flags: { json: boolean }) => {
      const lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
      for (const [i, line] of lines.entries()) {
        const { value } = checked(line, i + 1);
        process.stdout.write(`${flags.json ? toJson(receiptJson(value)) : receiptText(value)}\n`);
      }
      if (!flags.json) process.stdout.write(`${lines.length} receipts, every signature holds\n`);
    });
}

/** Throws CocoonError `receipt_bad_signature` that names the line. */
function checked(line: string, number: number): Signed<Receipt> {
  const { receipt, worker_key: key } = JSON.parse(line) as Partial<Row>;
  if (typeof receipt !== 'string' || typeof key !== 'string' || !KEY.test(key)) {
    throw new CocoonError(
      'receipt_bad_signature',
      `Line ${number} does not hold a receipt and a worker key in hex.`,
    );
  }
  const signed = decodeSigned(receiptLayout, Buffer.from(receipt, 'hex'));
  if (!verifySigned(receiptLayout, signed, Buffer.from(key, 'hex'))) {
    throw new CocoonError(
      'receipt_bad_signature',
      `Line ${number}: the worker key did not sign this receipt.`,
    );
  }
  return signed;
}

function receiptJson(receipt: Receipt): object {
  return {
    line_id: receipt.lineId.toString('hex'),
    total_nano: receipt.total,
    jobs: receipt.jobs,
    jobs_root: receipt.jobsRoot.toString('hex'),
    issued_at: receipt.issuedAt,
    final: (receipt.flags & RECEIPT_FINAL) !== 0,
  };
}

function receiptText(receipt: Receipt): string {
  const final = (receipt.flags & RECEIPT_FINAL) !== 0 ? ', final' : '';
  return `${receipt.lineId.toString('hex')}  ${receipt.jobs} jobs, ${formatCoins(nano(receipt.total))} ${COIN_SYMBOL}${final}`;
}
