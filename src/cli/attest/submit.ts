import type { Address } from '@ton/core';
import { dryRun } from '../../attestation/onchain/dryRun';
import { parseQuote } from '../../attestation/quote';
import { attestWorker } from '../../chain/attest';
import type { ConnectedChain } from '../../chain/chain';
import type { WalletSender } from '../../chain/types';
import { COIN_SYMBOL, formatCoins } from '../../protocol/amounts';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';
import { chainFacts } from './chainFacts';
import { refusalText } from './hints';

export interface SubmitOptions {
  quote: Uint8Array;
  worker: Address;
  json: boolean;
}

const ADMITTED = 0;
const REFUSED = 3;

/**
 * Brings a quote to the chain, unless a dry run already shows that it would be refused: then nothing is sent. Throws
 * CocoonError `chain_refused` with the contract's reason, `chain_unavailable`.
 */
export async function runSubmit(
  options: SubmitOptions,
  chain: ConnectedChain,
  wallet: WalletSender,
  to: Console,
): Promise<number> {
  const { worker, json } = options;
  const input = await chainFacts(chain, parseQuote(options.quote), worker, null);
  const expected = await dryRun(input);
  if (!expected.ok) {
    to.write(
      json
        ? `${toJson({ ok: false, sent: false, ...expected.refusal })}\n`
        : `${refusalText(expected.refusal, input, to)}\n`,
    );
    return REFUSED;
  }
  const report = await attestWorker(wallet, chain, { worker, quote: options.quote });
  const active = (await chain.worker(worker))?.activeUntil ?? 0;
  if (json) {
    const { kind, spentNano, feesNano, hash } = report;
    to.write(
      `${toJson({ ok: true, sent: true, kind, active_until: active, spent_nano: spentNano, fees_nano: feesNano, hash: hash.toString('hex') })}\n`,
    );
    return ADMITTED;
  }
  const rows: [string, string][] = [
    ['worker', worker.toString()],
    ['active until', new Date(active * 1_000).toISOString().replace('.000', '')],
    ['kind', report.kind],
    [`spent, ${COIN_SYMBOL}`, formatCoins(report.spentNano)],
    ['transaction', report.hash.toString('hex')],
  ];
  to.write(`${paint(to, 'green', 'Admitted')}: the chain verified the quote.\n${labelled(rows)}\n`);
  return ADMITTED;
}
