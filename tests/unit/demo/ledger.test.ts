import { Address } from '@ton/core';
import { TonClient } from '@ton/ton';
import { createChain, type ConnectedChain } from '../../../src/chain/chain';
import { closeBooks, ledgerCsv, readHistories, type Ledger, type Party } from '../../../src/demo/ledger';
import { createActor, type Actor } from '../../../src/demo/cast';
import { createDevnet, type Devnet } from '../../../src/devnet/devnet';

const START_UNIX = 1_800_000_000;
const GIFT = 5_000_000_000n;
const STRANGER = new Address(0, Buffer.alloc(32, 7));
/** Nobody's registry: these tests only send money. */
const REGISTRY = new Address(0, Buffer.alloc(32, 1));

describe('the books of the demo', () => {
  let devnet: Devnet;
  let chain: ConnectedChain;
  let payer: Actor;
  let payee: Actor;

  beforeEach(async () => {
    devnet = await createDevnet({
      dataDir: null,
      port: 0,
      blockIntervalMs: 0,
      startUnix: START_UNIX,
      frozen: true,
    });
    chain = await createChain({ endpoint: devnet.apiUrl, registry: REGISTRY });
    payer = createActor(chain, 1, 'payer');
    payee = createActor(chain, 1, 'payee');
    await devnet.faucet(payer.wallet.address, GIFT);
    await devnet.faucet(payee.wallet.address, GIFT);
    await payer.wallet.send({ to: payee.wallet.address, valueNano: 1_234_567_891n, bounce: false });
  });

  afterEach(() => devnet.close());

  const books = async (): Promise<Ledger> => {
    const parties: Party[] = [
      { name: 'payer', role: 'client', accounts: [{ label: 'wallet', address: payer.wallet.address }] },
      { name: 'payee', role: 'provider', accounts: [{ label: 'wallet', address: payee.wallet.address }] },
    ];
    return closeBooks(parties, await readHistories(new TonClient({ endpoint: devnet.apiUrl }), parties));
  };

  it('close to the nanoton, with every fee in them', async () => {
    const ledger = await books();
    expect(ledger.differenceNano).toBe(0n);
    expect(ledger.flows).toEqual([{ from: 'payer', to: 'payee', nano: 1_234_567_891n }]);
    const [paid, earned] = ledger.rows;
    expect(paid).toMatchObject({ hadNano: GIFT, paidNano: 1_234_567_891n, earnedNano: 0n });
    expect(earned).toMatchObject({ hadNano: GIFT, paidNano: 0n, earnedNano: 1_234_567_891n });
    expect(paid!.gasNano).toBeGreaterThan(0n);
  });

  it('show one nanoton that somebody moved aside', async () => {
    await payer.wallet.send({ to: STRANGER, valueNano: 1n, bounce: false });
    const ledger = await books();
    expect(ledger.differenceNano).toBe(1n);
    expect(ledger.rows.find(({ name }) => name === 'payer')?.differenceNano).toBe(1n);
    expect(ledgerCsv(ledger)).toMatch(/^payer,.*,1$/m);
  });

  it('take off what came straight back', async () => {
    await payee.wallet.send({ to: payer.wallet.address, valueNano: 234_567_891n, bounce: false });
    expect((await books()).flows).toEqual([{ from: 'payer', to: 'payee', nano: 1_000_000_000n }]);
  });

  it('read histories longer than a page', async () => {
    for (let times = 0; times < 60; times++) {
      await devnet.faucet(payer.wallet.address, 1n);
      await devnet.faucet(payer.wallet.address, 1n);
    }
    const ledger = await books();
    expect(ledger.transactions).toBeGreaterThan(120);
    expect(ledger.differenceNano).toBe(0n);
  });
});
