import type { Address, Transaction } from '@ton/core';
import type { TonClient } from '@ton/ton';
import { ESCROW_OPCODES } from '../../wrappers/Escrow';
import { WORKER_OPCODES } from '../../wrappers/Worker';
import { nano, type Nano } from '../protocol/amounts';

/**
 * The demo's books, made from the chain alone: account balances and the transactions of the same accounts. Nothing
 * that our own programs wrote down is used, so the books show what happened, not what we meant to happen.
 *
 * For one account, TON itself guarantees: balance = values in - values out - fees, where the fees are the
 * transactions' `totalFees` and the forwarding fee that each message carries away. Summed over a party:
 *   had + earned - paid - gas = has.   Any nanoton that went elsewhere shows as a difference.
 */
export interface Party {
  name: string;
  role: PartyRole;
  accounts: readonly { label: string; address: Address }[];
}

export type PartyRole = 'maintainer' | 'provider' | 'client' | 'router';

export interface LedgerRow {
  name: string;
  role: PartyRole;
  /** What came from outside the ledger, that is from the faucet. */
  hadNano: Nano;
  /** Sent to and received from other parties; what came straight back, as excess does, is taken off. */
  paidNano: Nano;
  earnedNano: Nano;
  gasNano: Nano;
  hasNano: Nano;
  /** had + earned - paid - gas - has: zero unless value left for an account that is nobody's. */
  differenceNano: Nano;
}

export interface Flow {
  from: string;
  to: string;
  nano: Nano;
}

export interface Ledger {
  rows: LedgerRow[];
  /** Value between each two parties, net, largest first. */
  flows: Flow[];
  transactions: number;
  gasNano: Nano;
  differenceNano: Nano;
}

export interface AccountHistory {
  label: string;
  party: string;
  address: Address;
  balanceNano: Nano;
  transactions: readonly Transaction[];
}

/** The client asks for one more where a cursor is given, and 100 is the most that servers give. */
const PAGE = 90;

/** Reads balance and whole history of every account of every party. */
export async function readHistories(client: TonClient, parties: readonly Party[]): Promise<AccountHistory[]> {
  const histories: AccountHistory[] = [];
  for (const party of parties) {
    for (const { label, address } of party.accounts) {
      const balanceNano = nano(await client.getBalance(address));
      histories.push({
        label,
        party: party.name,
        address,
        balanceNano,
        transactions: await allTransactions(client, address),
      });
    }
  }
  return histories;
}

export function closeBooks(parties: readonly Party[], histories: readonly AccountHistory[]): Ledger {
  const owner = new Map(histories.map((history) => [history.address.toRawString(), history.party]));
  const rows = new Map(parties.map((party) => [party.name, emptyRow(party)]));
  const between = createBetween();
  let transactions = 0;

  for (const history of histories) {
    const row = rows.get(history.party)!;
    row.hasNano = add(row.hasNano, history.balanceNano);
    for (const transaction of history.transactions) {
      transactions += 1;
      row.gasNano = add(row.gasNano, transaction.totalFees.coins);
      const inbound = transaction.inMessage?.info;
      if (inbound?.type === 'internal') {
        const from = owner.get(inbound.src.toRawString());
        if (from === undefined) row.hadNano = add(row.hadNano, inbound.value.coins);
      }
      for (const message of transaction.outMessages.values()) {
        if (message.info.type !== 'internal') continue;
        row.gasNano = add(row.gasNano, message.info.forwardFee);
        // What goes to nobody of ours is not entered anywhere: it is a difference.
        const to = owner.get(message.info.dest.toRawString());
        if (to !== undefined && to !== history.party)
          between.moved(history.party, to, message.info.value.coins);
      }
    }
  }

  const flows = between.net();
  for (const flow of flows) {
    const payer = rows.get(flow.from)!;
    const payee = rows.get(flow.to)!;
    payer.paidNano = add(payer.paidNano, flow.nano);
    payee.earnedNano = add(payee.earnedNano, flow.nano);
  }
  const closed = [...rows.values()].map((row) => ({ ...row, differenceNano: differenceOf(row) }));
  return {
    rows: closed,
    flows,
    transactions,
    gasNano: sum(closed.map((row) => row.gasNano)),
    differenceNano: sum(closed.map((row) => row.differenceNano)),
  };
}

/** Adds up what moved between parties, both ways. */
function createBetween(): { moved(from: string, to: string, value: bigint): void; net(): Flow[] } {
  const gross = new Map<string, Flow>();
  const keyOf = (from: string, to: string): string => `${from}\0${to}`;
  return {
    moved(from, to, value) {
      const key = keyOf(from, to);
      gross.set(key, { from, to, nano: add(gross.get(key)?.nano ?? nano(0n), value) });
    },
    net: () =>
      [...gross.values()]
        .map(({ from, to, nano: sent }) => ({
          from,
          to,
          nano: nano(sent - (gross.get(keyOf(to, from))?.nano ?? 0n)),
        }))
        .filter((flow) => flow.nano > 0n)
        .sort((a, b) => (a.nano < b.nano ? 1 : -1)),
  };
}

/** What escrows paid and Workers took: the amounts of all payouts that were not refused. */
export function acceptedPayouts(histories: readonly AccountHistory[]): { count: number; nano: Nano } {
  let count = 0;
  let total = 0n;
  for (const transaction of histories.flatMap((history) => history.transactions)) {
    const message = transaction.inMessage;
    if (message?.info.type !== 'internal' || message.info.bounced || !succeeded(transaction)) continue;
    const body = message.body.beginParse();
    if (body.remainingBits < 96 || body.loadUint(32) !== WORKER_OPCODES.Payout) continue;
    count += 1;
    total += body.loadUintBig(64);
  }
  return { count, nano: nano(total) };
}

/** Settle messages that an escrow carried out. */
export function settlementsIn(histories: readonly AccountHistory[]): number {
  return histories
    .flatMap((history) => history.transactions)
    .filter((transaction) => {
      const body = transaction.inMessage?.body.beginParse();
      return (
        succeeded(transaction) &&
        body &&
        body.remainingBits >= 32 &&
        body.loadUint(32) === ESCROW_OPCODES.Settle
      );
    }).length;
}

export function ledgerCsv(ledger: Ledger): string {
  const header = 'party,role,had_nano,earned_nano,paid_nano,gas_nano,has_nano,difference_nano';
  const lines = ledger.rows.map((row) =>
    [
      row.name,
      row.role,
      row.hadNano,
      row.earnedNano,
      row.paidNano,
      row.gasNano,
      row.hasNano,
      row.differenceNano,
    ].join(','),
  );
  return [header, ...lines, ''].join('\n');
}

async function allTransactions(client: TonClient, address: Address): Promise<Transaction[]> {
  const all: Transaction[] = [];
  for (;;) {
    const oldest = all[all.length - 1];
    const cursor = oldest ? { lt: oldest.lt.toString(), hash: oldest.hash().toString('base64') } : {};
    // With a cursor the first transaction of the page is the cursor itself.
    const page = await client.getTransactions(address, {
      limit: PAGE,
      archival: true,
      inclusive: false,
      ...cursor,
    });
    all.push(...page);
    const last = page[page.length - 1];
    if (last === undefined || last.prevTransactionLt === 0n) return all;
  }
}

function succeeded(transaction: Transaction): boolean {
  return transaction.description.type === 'generic' && !transaction.description.aborted;
}

function emptyRow(party: Party): LedgerRow {
  const zero = nano(0n);
  return {
    name: party.name,
    role: party.role,
    hadNano: zero,
    paidNano: zero,
    earnedNano: zero,
    gasNano: zero,
    hasNano: zero,
    differenceNano: zero,
  };
}

function differenceOf(row: LedgerRow): Nano {
  return nano(row.hadNano + row.earnedNano - row.paidNano - row.gasNano - row.hasNano);
}

function add(a: Nano, b: bigint): Nano {
  return nano(a + b);
}

function sum(values: readonly Nano[]): Nano {
  return nano(values.reduce((total, value) => total + value, 0n));
}
