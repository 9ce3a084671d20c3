import type { Address } from '@ton/core';
import type { ActionReport } from '../chain/accounts';
import type { EscrowState, LineEntry, WalletSender } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { LINE_ID_BYTES } from '../protocol/line';
import type { Session } from './session';

/** What one message's value pays for also in the largest escrow, where a line takes some 12,000 gas. */
const LINES_AT_ONCE = 5;

/** Does one thing to the lines that a person picked, a few in each message. */
export async function changeLines(
  session: Session,
  escrow: Address,
  title: string,
  ids: readonly Buffer[],
  change: (wallet: WalletSender, escrow: Address, ids: readonly Buffer[]) => Promise<ActionReport>,
): Promise<void> {
  for (let at = 0; at < ids.length; at += LINES_AT_ONCE) {
    const some = ids.slice(at, at + LINES_AT_ONCE);
    await session.measured(`${title}: ${some.length} of ${ids.length}`, [escrow], () =>
      change(session.wallet, escrow, some),
    );
  }
}

/**
 * The lines that `named` names (`all`, or ids in hex with commas between) and that `concerned` says there is something to do
 * to. Throws CocoonError `invalid_request` for an id that the escrow does not have.
 */
export function pickLines(
  escrow: EscrowState,
  named: string,
  concerned: (line: LineEntry) => boolean,
): Buffer[] {
  const wanted = named === 'all' ? [...escrow.lines.keys()] : named.toLowerCase().split(',');
  return [...new Set(wanted.map((id) => id.trim().replace(/^0x/, '')))]
    .filter((id) => concerned(lineOf(escrow, id)))
    .map((id) => Buffer.from(id, 'hex'));
}

function lineOf(escrow: EscrowState, id: string): LineEntry {
  const line = escrow.lines.get(id);
  if (line) return line;
  throw new CocoonError('invalid_request', `lines cannot be "${id}": the escrow has no such line.`, {
    remedy: `Name line ids of ${LINE_ID_BYTES} bytes in hex, as showEscrow lists them, with commas between, or "all".`,
  });
}
