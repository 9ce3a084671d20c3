import { createInterface } from 'node:readline';
import { createChain } from '../../../src/chain/chain';
import { createWalletSender } from '../../../src/chain/wallet';
import { parseLine } from '../../../src/protocol/line';
import { decodeSigned, receiptLayout } from '../../../src/protocol/signed';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { createSettlement, openSettleStore } from '../../../src/settle';

/** What a settling process is told, as one JSON line; bytes in hex. */
export interface SettleOrder {
  endpoint: string;
  registry: string;
  walletSeed: string;
  nowUnix: number;
  /** Path of its store. */
  store: string;
  escrow: string;
  held: { line: string; receipt: string }[];
  /** Dies at its nth request to the chain: before it is sent, or once it was answered. */
  dieAt: { request: number; when: 'before' | 'after' };
}

/** A process that settles what it is given and is killed on the way. */
async function settle(order: SettleOrder): Promise<void> {
  let requests = 0;
  const mortalFetch: typeof fetch = async (...args) => {
    const mine = ++requests;
    const dies = (when: string): boolean => mine === order.dieAt.request && when === order.dieAt.when;
    if (dies('before')) die();
    const answer = await fetch(...args);
    if (dies('after')) die();
    return answer;
  };
  const chain = await createChain(
    { endpoint: order.endpoint, registry: order.registry },
    { fetch: mortalFetch },
  );
  // Connecting is not settling: the count begins here.
  requests = 0;
  const wallet = createWalletSender(chain, keyPairFromSeed(Buffer.from(order.walletSeed, 'hex')));
  const clock = { now: () => order.nowUnix };
  const store = openSettleStore(order.store);
  const settlement = createSettlement({ chain, clock, wallet, store });
  const held = order.held.map(({ line, receipt }) => ({
    escrow: Buffer.from(order.escrow, 'hex'),
    line: parseLine(Buffer.from(line, 'hex')),
    receipt: decodeSigned(receiptLayout, Buffer.from(receipt, 'hex')),
  }));
  await settlement.run(held, { all: true });
  process.stdout.write(`survived ${requests} requests\n`);
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen here.
  for (;;);
}

createInterface({ input: process.stdin }).once('line', (line) => {
  void settle(JSON.parse(line) as SettleOrder).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
