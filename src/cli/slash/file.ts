import { Address } from '@ton/core';
import type { Chain, TransferReport, WalletSender } from '../../chain/types';
import { COIN_SYMBOL, formatCoins, nano, type Nano } from '../../protocol/amounts';
import { fileProof, previewSlash, type parseProof } from '../../slash';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';

/**
 * Says what a proof would do as the chain stands, and files it when there is a wallet. Throws CocoonError `not_found`,
 * `chain_refused`, `chain_unavailable`.
 */
export async function runFile(
  proof: ReturnType<typeof parseProof>,
  { chain, wallet }: { chain: Pick<Chain, 'worker'>; wallet: WalletSender | null },
  json: boolean,
  to: Console,
): Promise<void> {
  const preview = await previewSlash(chain, proof);
  if (!json) {
    const rows: [string, string][] = [
      ['worker', preview.worker.toString()],
      ['provider', preview.provider.toString()],
      ['stake that is lost', `${formatCoins(preview.stakeNano)} ${COIN_SYMBOL}`],
      ['reward, at most', `${formatCoins(preview.rewardNano)} ${COIN_SYMBOL}`],
      ['machine that is blocked', new Address(0, preview.platform).toString()],
    ];
    to.write(`The proof holds: both receipts are signed by one admitted key.\n${labelled(rows)}\n`);
  }
  const report = wallet && (await fileProof(wallet, proof, preview));
  if (json) {
    const { worker, provider, stakeNano, rewardNano, platform } = preview;
    const filed = report && { gained_nano: gainedBy(report), hash: report.hash.toString('hex') };
    const facts = {
      worker: worker.toString(),
      provider: provider.toString(),
      platform: platform.toString('hex'),
    };
    to.write(`${toJson({ ...facts, stake_nano: stakeNano, reward_nano: rewardNano, filed })}\n`);
  } else if (report) {
    const gained = formatCoins(gainedBy(report));
    to.write(
      `${paint(to, 'green', 'Filed')}: ${gained} ${COIN_SYMBOL} gained, fees ${formatCoins(report.feesNano)}. Transaction ${report.hash.toString('hex')}\n`,
    );
  } else to.write('Nothing was sent: add --wallet-key to file it.\n');
}

/** What came back beyond what was sent. */
function gainedBy({ spentNano }: TransferReport): Nano {
  return nano(0n - spentNano);
}
