import { prunableLines, pruneCommand } from '../chain/lineEnd';
import type { EscrowState } from '../chain/types';
import { formatCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { Plan } from './funding';

/** The refusal of a plan as the caller's error, with what would help. */
export function exhausted(plan: Extract<Plan, { refused: string }>, escrow: EscrowState): CocoonError {
  switch (plan.refused) {
    case 'no money':
      return refusal(`The escrow has too little free money: ${plan.detail}.`, moneyInEndedLines(escrow));
    case 'no room':
      return refusal(`Lines would hold too much of the deposit: ${plan.detail}.`, moneyInEndedLines(escrow));
    case 'budget':
      return refusal(
        `The signer's budget is used up: ${plan.detail}.`,
        "Set the signer anew with a larger budget, from the client's own address.",
      );
    case 'raises':
      return refusal(
        `The line was raised too often: ${plan.detail}.`,
        'Wait a day, or close the line so that another is opened.',
      );
    case 'entries':
      return refusal(
        `No more lines are opened: ${plan.detail}.`,
        `Have the ended ones forgotten: ${pruneCommand(escrow)}`,
      );
  }
}

function moneyInEndedLines(escrow: EscrowState): string | undefined {
  const { leftNano } = prunableLines(escrow, escrow.readAtUnix);
  if (leftNano === 0n) return undefined;
  return `Top up, or fetch the ${formatCoins(leftNano)} that ended lines left: ${pruneCommand(escrow)}`;
}

function refusal(message: string, remedy?: string): CocoonError {
  return new CocoonError('escrow_exhausted', message, remedy === undefined ? {} : { remedy });
}
