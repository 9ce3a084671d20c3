import type { Address, Cell } from '@ton/core';
import { REGISTRY_VALUES, parseRegistry, REGISTRY_GETTERS } from '../../wrappers/Registry';
import { refused } from '../chain/accounts';
import type { ChainClient } from '../chain/chainClient';
import { decodeOrder } from '../governance/decode';
import { memberOf } from '../governance/members';
import { newOrderBody, orderCell, sendAction, type MultisigState } from '../governance/multisig';
import { accountsOf, senderOf } from '../governance/sender';
import { CocoonError } from '../protocol/errors';
import { readMultisig, readOrderAddress, readOrderValue } from './multisigReader';
import { coins, type Session } from './session';

/** A multisig wallet in which this wallet has a part. */
export interface OwnMultisig {
  address: Address;
  state: MultisigState;
  by: NonNullable<ReturnType<typeof memberOf>>;
}

/** How long what is proposed can be approved. */
const OPEN_SECONDS = 14 * 86_400;
/** The multisig pays for what it sends; this much is left to it for gas. */
const MULTISIG_GAS_NANO = 50_000_000n;

/**
 * The multisig that must give this order instead of the wallet; null when the wallet may give it, or has no part in who may: then
 * the registry refuses it.
 */
export async function multisigFor(session: Session, body: Cell): Promise<OwnMultisig | null> {
  const { registry } = await session.chain();
  const { client, wallet } = session;
  const state = parseRegistry(await client.getMethod(registry, REGISTRY_GETTERS.registry));
  const who = accountsOf(senderOf(decodeOrder(body).$$type), state);
  if (who.length === 0 || who.some((account) => account.equals(wallet.address))) return null;
  for (const account of who) {
    const own = await ownMultisig(session, account);
    if (own) return own;
  }
  return null;
}

/** Null for an account that is no multisig, or none of this wallet's. */
export async function ownMultisig(
  { client, wallet }: Session,
  address: Address,
): Promise<OwnMultisig | null> {
  const state = await readMultisig(client, address);
  const by = state && memberOf(state, wallet.address);
  return state && by ? { address, state, by } : null;
}

/**
 * Proposes an order to the multisig, and says how it goes on. Throws CocoonError `chain_refused` when the multisig could not pay
 * for the message.
 */
export async function propose(
  session: Session,
  { address, state, by }: OwnMultisig,
  title: string,
  body: Cell,
): Promise<void> {
  const { registry } = await session.chain();
  const { client, wallet } = session;
  await checkBalance(client, address);
  const { atUnix } = await client.account(address);
  const content = orderCell([sendAction(registry, REGISTRY_VALUES.order, body)]);
  const expiresAtUnix = atUnix + OPEN_SECONDS;
  const valueNano = await readOrderValue(client, address, content, expiresAtUnix);
  const message = newOrderBody({ by, expiresAtUnix, order: content, ...seqnoOf(state) });
  const order = state.nextSeqno === null ? null : await readOrderAddress(client, address, state.nextSeqno);

  await session.measured(`proposed: ${title}`, order ? [address, order] : [address], async () => {
    const report = await wallet.transfer([{ to: address, valueNano, body: message }]);
    if (report.failure) throw refused(address, report.failure.exitCode);
    return { ...report, contract: address };
  });
  const needed = by.role === 'signer' ? state.threshold - 1 : state.threshold;
  if (order) session.say(`proposal  ${order.toString()}`);
  const approvals = needed === 1 ? 'approval' : 'approvals';
  session.say(`needs     ${needed} more ${approvals}: approveOrder proposal=<the one above>`);
}

/** The number that was read, so that the order's address is known; a multisig that lets proposers choose gets none. */
function seqnoOf({ nextSeqno }: MultisigState): { seqno?: bigint } {
  return nextSeqno === null ? {} : { seqno: nextSeqno };
}

async function checkBalance(client: ChainClient, multisig: Address): Promise<void> {
  const { balanceNano } = await client.account(multisig);
  const needed = REGISTRY_VALUES.order + MULTISIG_GAS_NANO;
  if (balanceNano >= needed) return;
  throw new CocoonError(
    'chain_refused',
    `The multisig ${multisig.toString()} holds ${coins(balanceNano)}; to give an order it takes ${coins(needed)}.`,
    { remedy: `Send it ${coins(needed - balanceNano)} or more; most of it comes back to it.` },
  );
}
