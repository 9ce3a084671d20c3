import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Address, beginCell, external, internal, SendMode, storeMessage } from '@ton/core';
import { keyPairFromSeed } from '@ton/crypto';
import { TonClient, WalletContractV5R1 } from '@ton/ton';
import { failingDevnet, startDevnetProcess, type DevnetProcess } from './devnetProcess';

const WALLETS = 5;
const KILLS = 20;
const SEED = 20_261_125;

/** A small seeded generator: the same kill points every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Payer {
  contract: WalletContractV5R1;
  secretKey: Buffer;
  receiver: Address;
  /** Sequence numbers that are known to be taken: acknowledged, or found after a kill. */
  acknowledged: number;
  sent: number;
  /** Replies that said ok, over all kills. */
  replies: number;
}

function createPayer(networkId: number, seed: number): Payer {
  const { publicKey, secretKey } = keyPairFromSeed(Buffer.alloc(32, seed));
  const context = { workchain: 0, walletVersion: 'v5r1', subwalletNumber: 0 } as const;
  const contract = WalletContractV5R1.create({
    publicKey,
    walletId: { networkGlobalId: networkId, context },
  });
  return {
    contract,
    secretKey,
    receiver: new Address(0, Buffer.alloc(32, 100 + seed)),
    acknowledged: 0,
    sent: 0,
    replies: 0,
  };
}

describe('the devnet as a process', () => {
  let folder: string;
  let running: DevnetProcess | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'devnet-'));
  });
  afterEach(async () => {
    await running?.stop('SIGKILL');
    running = null;
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (...args: string[]): Promise<DevnetProcess> => {
    running = await startDevnetProcess(['--data-dir', folder, ...args]);
    return running;
  };

  test('ends cleanly on SIGTERM and goes on from the same state', async () => {
    const first = await start('--block-interval', '20');
    const account = new Address(0, Buffer.alloc(32, 9));
    await post(`${first.url}/faucet`, { address: account.toString(), amount: '5000' });
    await post(`${first.url}/clock`, { advance: 86_400 });
    const before = await new TonClient({ endpoint: first.apiUrl }).getMasterchainInfo();
    expect(await first.stop('SIGTERM')).toBe(0);

    const second = await start('--block-interval', '20');
    const client = new TonClient({ endpoint: second.apiUrl });
    expect(await client.getBalance(account)).toBe(5_000n);
    expect((await client.getMasterchainInfo()).latestSeqno).toBeGreaterThanOrEqual(before.latestSeqno);
    const { unix } = (await (await fetch(`${second.url}/clock`)).json()) as { unix: number };
    expect(unix - Date.now() / 1000).toBeGreaterThan(86_000);
  });

  test('a second devnet cannot open the same folder, nor one with another network id', async () => {
    const first = await start();
    const rival = await failingDevnet(['--data-dir', folder]);
    expect(rival).toMatchObject({
      code: 1,
      text: expect.stringContaining('in use by another devnet') as string,
    });
    await first.stop('SIGKILL');
    const other = await failingDevnet(['--data-dir', folder, '--network-id', '-7']);
    expect(other).toMatchObject({ code: 1, text: expect.stringContaining('network id -1001') as string });
    expect((await start()).networkId).toBe(-1001);
  });

  test(`loses no acknowledged message and doubles none over ${KILLS} kills`, async () => {
    const random = createRandom(SEED);
    const funding = await start('--block-interval', '30');
    const payers = Array.from({ length: WALLETS }, (_, i) => createPayer(funding.networkId, i + 1));
    await Promise.all(
      payers.map(({ contract }) =>
        post(`${funding.url}/faucet`, { address: contract.address.toString(), amount: '1000000000000' }),
      ),
    );

    let lastLt = 0n;
    for (let kill = 0; kill < KILLS; kill++) {
      const devnet = running!;
      const client = new TonClient({ endpoint: devnet.apiUrl });
      const stop = new AbortController();
      const payments = payers.map((payer) => payUntil(stop.signal, devnet, client, payer));
      // Somewhere in the work: after a few replies, and then at any moment of what follows.
      const replies = acknowledged(payers) + 1 + Math.floor(random() * 10);
      while (acknowledged(payers) < replies) await pause(1);
      await pause(random() * 60);
      stop.abort();
      await devnet.stop('SIGKILL');
      await Promise.all(payments);

      const restarted = await start('--block-interval', '30');
      await untilIdle(restarted);
      const after = new TonClient({ endpoint: restarted.apiUrl });
      for (const payer of payers) {
        const done = await seqnoOf(after, payer);
        expect(done).toBeGreaterThanOrEqual(payer.acknowledged);
        expect(done).toBeLessThanOrEqual(payer.sent);
        // One delivery for each: none lost on the way, none twice. (The balance would show the rent too.)
        expect(await after.getTransactions(payer.receiver, { limit: 100 })).toHaveLength(done);
        // A message that was taken in but not acknowledged counts as sent from now on.
        payer.sent = done;
        payer.acknowledged = done;
        const { lastTransaction } = await after.getContractState(payer.contract.address);
        lastLt = lastLt > BigInt(lastTransaction!.lt) ? lastLt : BigInt(lastTransaction!.lt);
      }
    }
    const replies = payers.reduce((sum, payer) => sum + payer.replies, 0);
    const found = acknowledged(payers);
    process.stdout.write(
      `devnet: ${KILLS} kills, ${replies} acknowledged, ${found} recovered, seed ${SEED}\n`,
    );
    expect(replies).toBeGreaterThan(KILLS);
    expect(found).toBeGreaterThanOrEqual(replies);
    expect(lastLt).toBeGreaterThan(0n);
  }, 900_000);
});

const acknowledged = (payers: readonly Payer[]): number =>
  payers.reduce((sum, payer) => sum + payer.acknowledged, 0);

/** Makes one payment after the other until it is stopped or the devnet is gone. */
async function payUntil(
  stop: AbortSignal,
  devnet: DevnetProcess,
  client: TonClient,
  payer: Payer,
): Promise<void> {
  try {
    while (!stop.aborted) {
      const seqno = payer.sent;
      const body = payer.contract.createTransfer({
        seqno,
        timeout: 0xffffffff,
        secretKey: payer.secretKey,
        sendMode: SendMode.PAY_GAS_SEPARATELY,
        messages: [internal({ to: payer.receiver, value: 1_000n, bounce: false })],
      });
      const message = external({ to: payer.contract.address, init: payer.contract.init, body });
      const boc = beginCell().store(storeMessage(message)).endCell().toBoc().toString('base64');
      payer.sent++;
      await post(`${devnet.url}/api/v2/sendBoc`, { boc });
      payer.acknowledged++;
      payer.replies++;
      while (!stop.aborted && (await seqnoOf(client, payer)) === seqno) await pause(10);
    }
  } catch (error) {
    // Once the process is gone, what it said before that is what counts.
    if (!stop.aborted) throw error;
  }
}

async function seqnoOf(client: TonClient, payer: Payer): Promise<number> {
  const { stack, exit_code: exit } = await client.runMethodWithError(payer.contract.address, 'seqno');
  return exit === 0 ? stack.readNumber() : 0;
}

async function untilIdle({ url }: DevnetProcess): Promise<void> {
  for (;;) {
    const { waiting } = (await (await fetch(`${url}/healthz`)).json()) as { waiting: number };
    if (waiting === 0) return;
    await pause(20);
  }
}

async function post(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${await response.text()}`);
}
