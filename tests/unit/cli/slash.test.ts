import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address } from '@ton/core';
import type { OutgoingMessage, WalletSender, WorkerState } from '../../../src/chain/types';
import { runFile } from '../../../src/cli/slash/file';
import { runFind } from '../../../src/cli/slash/find';
import { nano } from '../../../src/protocol/amounts';
import { heldJson, imagesOf } from '../../../src/settle/held';
import { fileSource } from '../../../src/settle/sources';
import { parseProof } from '../../../src/slash';
import { KEY_SLASHED, slashBody } from '../../../wrappers/Worker';
import { held, KEYS, WORKER } from '../slash/support';

const PLATFORM = Buffer.alloc(32, 3);

describe('cocoon slash', () => {
  let folder: string;
  let text: string;
  const to = { colours: false, write: (more: string): void => void (text += more) };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cocoon-slash-'));
    text = '';
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const source = (name: string, ...receipts: ReturnType<typeof held>[]) => {
    const path = join(folder, name);
    writeFileSync(path, receipts.map((one) => `${JSON.stringify(heldJson(imagesOf(one)))}\n`).join(''));
    return fileSource(path);
  };
  const proofs = (): string[] => readdirSync(folder).filter((name) => name.startsWith('slash-'));

  it('find says that honest sources agree, and exits with 0', async () => {
    const sources = [
      source('a', held(), held({ jobs: 8n, total: 800n })),
      source('b', held({ issuedAt: 9 })),
    ];
    expect(await runFind(sources, { out: folder, json: false }, to)).toBe(0);
    expect(text).toBe('3 receipts, 2 histories\nNo two contradict each other.\n');
    expect(proofs()).toEqual([]);
  });

  it('find writes the proof of a contradiction across sources, and exits with 3', async () => {
    const sources = [source('a', held()), source('b', held({ total: 701n }))];
    expect(await runFind(sources, { out: folder, json: true }, to)).toBe(3);
    const [name] = proofs();
    const proof = parseProof(readFileSync(join(folder, name!), 'utf8'));
    expect(JSON.parse(text)).toEqual({
      ...{ receipts: 2, invalid: 0, histories: 2 },
      contradictions: [
        {
          ...{ proof: join(folder, name!), worker: new Address(0, WORKER).toString(), jobs: '7' },
          worker_key: KEYS.publicKey.toString('hex'),
          line_id: proof.first.value.lineId.toString('hex'),
          totals_nano: ['700', '701'],
          sources: [join(folder, 'a'), join(folder, 'b')],
        },
      ],
    });
  });

  it('find does not take a forged receipt for a contradiction', async () => {
    const forged = held();
    const value = { ...forged.receipt.value, total: 1n };
    const sources = [source('a', held(), { ...forged, receipt: { ...forged.receipt, value } })];
    expect(await runFind(sources, { out: folder, json: false }, to)).toBe(0);
    expect(text).toContain('1 that are no receipts of their lines');
  });

  it('find without a source is a mistake', async () => {
    await expect(runFind([], { out: folder, json: false }, to)).rejects.toThrow('nothing to search');
  });

  const proof = () => {
    const [first, second] = [held(), held({ total: 701n })];
    return { worker: WORKER, workerKey: KEYS.publicKey, first: first.receipt, second: second.receipt };
  };
  const chain = (state: Partial<WorkerState> | null) => ({
    worker: () =>
      Promise.resolve(
        state &&
          ({
            stakeNano: nano(10_000_000_000n),
            provider: new Address(0, PLATFORM),
            keys: [],
            ...state,
          } as never),
      ),
  });
  const key = (activeUntil: number) => ({
    keys: [{ workerKey: KEYS.publicKey, activeUntil, lastSettleBy: 2, platform: PLATFORM }],
  });

  it('file says what a proof would do, and sends nothing without a wallet', async () => {
    await runFile(proof(), { chain: chain(key(1)), wallet: null }, false, to);
    expect(text).toMatch(/stake that is lost +10 TON/);
    expect(text).toMatch(/reward, at most +1 TON/);
    expect(text).toContain('Nothing was sent');
  });

  it('file sends the proof to the Worker and says what was gained', async () => {
    const sent: OutgoingMessage[] = [];
    const report = { spentNano: nano(-994_000_000n), feesNano: nano(6_000_000n), failure: null };
    const wallet = {
      transfer: (messages: OutgoingMessage[]) => {
        sent.push(...messages);
        return Promise.resolve({ ...report, hash: Buffer.alloc(32, 7) });
      },
    } as unknown as WalletSender;
    await runFile(proof(), { chain: chain(key(1)), wallet }, true, to);
    const { first, second } = proof();
    expect(sent).toHaveLength(1);
    expect(sent[0]!.to.hash).toEqual(WORKER);
    expect(sent[0]!.body!.equals(slashBody(KEYS.publicKey, first, second))).toBe(true);
    expect(JSON.parse(text)).toMatchObject({
      ...{ stake_nano: '10000000000', reward_nano: '1000000000', platform: PLATFORM.toString('hex') },
      filed: { gained_nano: '994000000', hash: Buffer.alloc(32, 7).toString('hex') },
    });
  });

  it.each([
    ['a Worker of another registry', null, 'not_found'],
    ['a key that was never admitted', {}, 'chain_refused'],
    ['a key that was slashed before', key(KEY_SLASHED), 'chain_refused'],
    ['a Worker without a stake', { ...key(1), stakeNano: nano(0) }, 'chain_refused'],
  ])('file refuses %s before anything is paid', async (_what, state, code) => {
    const refused = runFile(proof(), { chain: chain(state), wallet: null }, false, to);
    await expect(refused).rejects.toMatchObject({ code });
  });
});
