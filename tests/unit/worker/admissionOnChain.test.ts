import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address, Cell } from '@ton/core';
import { orderRegistry, stakeWorker } from '../../../src/chain/accounts';
import { attestWorker } from '../../../src/chain/attest';
import type { WalletSender } from '../../../src/chain/types';
import { workerDomain } from '../../../src/protocol/domain';
import { sha256 } from '../../../src/protocol/hash';
import { createAdmission } from '../../../src/worker/attestation';
import { workerConfigSchema } from '../../../src/worker/config';
import { createHpkeKeyring } from '../../../src/worker/hpkeKeys';
import type { Logger } from '../../../src/worker/logger';
import { simulatedMeasurements } from '../../../src/worker/quotes/simulator';
import { createStandingWatch, type StandingWatch } from '../../../src/worker/standing';
import { createStatements } from '../../../src/worker/statement';
import {
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  allowTcbBody,
  revokeModelBody,
} from '../../../wrappers/Registry';
import { createEconomy, DAY, key, START_UNIX, TON, type Economy } from '../chain/economy';
import { createTestTimers } from './support/timers';
import { testModel } from './support/world';

const MODEL = sha256(Buffer.from('model'));
const ANY_FAMILY = Buffer.alloc(6);
const FLOOR = { pceId: 0, pceSvn: 0, sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), qeIsvSvn: 0 };

interface Running {
  watch: StandingWatch;
  worker: Address;
  stateDir: string;
  warnings: string[];
}

describe('a worker is admitted by the contracts', () => {
  let economy: Economy;
  let provider: WalletSender;
  const folders: string[] = [];
  let index = 0;

  beforeAll(async () => {
    economy = await createEconomy();
    const { imageId, shape } = await simulatedMeasurements();
    for (const order of [
      allowImageBody(imageId, START_UNIX + 365 * DAY),
      allowShapeBody(shape),
      allowTcbBody(ANY_FAMILY, FLOOR),
      allowModelBody(MODEL, 'tiny'),
    ]) {
      await orderRegistry(economy.maintainer, economy.chain.registry, order);
    }
    provider = await economy.wallet(2, 1_000n);
  });
  afterAll(async () => {
    await economy.close();
    folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  });

  /** A staked Worker, and what of its process speaks with the chain. */
  const start = async (attestation: object, operator: WalletSender | null): Promise<Running> => {
    const { chain, clock } = economy;
    const { registry } = chain;
    const staked = { registry, index: index++, stakeNano: TON, operator: provider.address };
    const { contract: worker } = await stakeWorker(provider, staked);
    const stateDir = mkdtempSync(join(tmpdir(), 'cocoon-admission-'));
    folders.push(stateDir);
    const { imageId } = await simulatedMeasurements();
    const config = workerConfigSchema.parse({
      ...{ stateDir, attestation, worker: worker.toString(), imageId: imageId.toString('hex') },
      network: { endpoint: economy.devnet.apiUrl, registry: registry.toString() },
      ...{ routers: ['http://127.0.0.1:1'], engine: { url: 'http://127.0.0.1:1' } },
      models: [{ ...testModel(), hash: MODEL.toString('hex') }],
    });
    const warnings: string[] = [];
    const silent = (): void => undefined;
    const warn = (_fields: object, text: string): void => void warnings.push(text);
    const log: Logger = { debug: silent, info: silent, warn, error: warn };
    const timers = createTestTimers();
    const receiptKeys = key(100 + index);
    const scope = { networkId: chain.networkId, registry: registry.hash, self: worker.hash };
    const hpke = createHpkeKeyring(
      { stateDir, domain: workerDomain(scope), receiptKeys },
      { now: () => clock.now(), random: randomBytes },
    );
    const facts = {
      ...{ networkId: chain.networkId, registry: registry.hash, worker: worker.hash },
      ...{ receiptKey: receiptKeys.publicKey, modelHashes: [MODEL] },
      ...{ gpuEvidenceHash: Buffer.alloc(32), hostTier: 0 },
    };
    const watch = createStandingWatch(
      { worker, receiptKey: receiptKeys.publicKey, stateDir },
      {
        ...{ chain, clock, log, timers, random: () => 0.5 },
        statements: createStatements(stateDir, facts, hpke),
        ...(await createAdmission(config, operator, { chain, clock, log, timers, randomBytes })),
      },
    );
    return { watch, worker, stateDir, warnings };
  };

  it('by itself, and again before the day ends', async () => {
    const { watch, warnings, worker } = await start({ source: 'simulated' }, provider);
    await watch.tick();
    expect(watch.current().admitted).toBe(true);
    expect(warnings).toEqual(['SIMULATED attestation']);
    const { activeUntil } = watch.current();

    economy.devnet.advance(17 * 3_600);
    await watch.tick();
    expect(watch.current().activeUntil).toBe(activeUntil + 17 * 3_600);
    expect(watch.attestation()).toMatchObject({ simulated: true, failures: 0, step: 'idle' });
    expect((await economy.chain.worker(worker))!.keys).toHaveLength(1);
  });

  it('not with software that nobody listed, and it names what is wrong', async () => {
    const { watch, warnings } = await start({ source: 'simulated', image: 'my own' }, provider);
    await watch.tick();
    expect(watch.current().admitted).toBe(false);
    expect(watch.attestation()).toMatchObject({ failures: 1, lastFailure: { reason: 'image not allowed' } });
    expect(warnings.join('\n')).toContain('refused the message: image not allowed (');
    expect(warnings.join('\n')).toContain('another image than imageId says');
  });

  it('not with a model that nobody listed, and no quote is paid for', async () => {
    await orderRegistry(economy.maintainer, economy.chain.registry, revokeModelBody(MODEL));
    const { watch } = await start({ source: 'simulated' }, provider);
    await watch.tick();
    expect(watch.attestation()).toMatchObject({
      step: 'announce',
      lastFailure: { reason: 'model not allowed' },
    });

    await orderRegistry(economy.maintainer, economy.chain.registry, allowModelBody(MODEL, 'tiny'));
    economy.devnet.advance(90);
    await watch.tick();
    expect(watch.current().admitted).toBe(true);
  });

  it('by files, where its operator’s wallet is elsewhere', async () => {
    const { watch, worker, stateDir, warnings } = await start({ source: 'simulated' }, null);
    await watch.tick();
    const file = join(stateDir, 'hand-over', 'announce.json');
    const message = JSON.parse(readFileSync(file, 'utf8')) as Record<'to' | 'valueNano' | 'body', string>;
    await provider.send({
      to: Address.parse(message.to),
      valueNano: BigInt(message.valueNano),
      body: Cell.fromBase64(message.body),
    });
    await watch.tick();
    const quote = readFileSync(join(stateDir, 'hand-over', 'attest.quote'));
    await attestWorker(await economy.wallet(50), economy.chain, { worker, quote });
    await watch.tick();
    expect(watch.current().admitted).toBe(true);
    expect(watch.attestation().failures).toBe(0);
    expect(warnings.filter((text) => text.includes('waits'))).toHaveLength(2);
    expect(statSync(join(stateDir, 'hand-over')).mode & 0o077).toBe(0);
  });

  it('never by genuine hardware where the registry is simulated', async () => {
    await expect(start({ source: 'tdx' }, provider)).rejects.toMatchObject({ code: 'root_mismatch' });
  });
});
