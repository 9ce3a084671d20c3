import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { readWorkerConfig } from '../../../src/worker/config';
import { readWalletKey } from '../../../src/chain/walletKeyFile';
import { NETWORK_ID, REGISTRY, testModel, WORKER } from './support/world';

const GOOD = {
  stateDir: '/run/cocoon',
  network: { endpoint: 'https://ton.example', networkId: NETWORK_ID, registry: REGISTRY.toRawString() },
  worker: WORKER.toRawString(),
  imageId: 'ab'.repeat(32),
  routers: ['https://router.example'],
  engine: { url: 'http://127.0.0.1:8000' },
  models: [testModel()],
};

describe('worker configuration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cocoon-config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const read = (config: object) => {
    const path = join(folder, 'worker.json');
    writeFileSync(path, JSON.stringify(config));
    return readWorkerConfig(path);
  };

  it('configuration is read with its defaults', () => {
    const config = read(GOOD);
    expect(config).toMatchObject({ slots: 8, adminPort: 0, finalReceiptsOnDrain: false, logLevel: 'info' });
    expect(config.worker.equals(WORKER)).toBe(true);
    expect(config.models[0]!.floor.completionPrice).toBe(2_000_000n);
  });

  it.each([
    ['an unknown key', { ...GOOD, colour: 'red' }, 'colour'],
    ['an unknown key deep inside', { ...GOOD, engine: { ...GOOD.engine, key: 'secret' } }, 'key'],
    ['an engine elsewhere', { ...GOOD, engine: { url: 'http://10.0.0.9:8000' } }, 'on this machine'],
    ['no router', { ...GOOD, routers: [] }, 'routers'],
    ['an address of the masterchain', { ...GOOD, worker: `-1:${'0'.repeat(64)}` }, 'workchain 0'],
    [
      'a price that is a number',
      { ...GOOD, models: [{ ...testModel(), floor: { prompt_nano: 1 } }] },
      'floor',
    ],
    ['an image id that is too short', { ...GOOD, imageId: 'ab' }, '32 bytes'],
  ])('configuration with %s is refused and says where', (_name, config, words) => {
    expect(() => read(config)).toThrow(words);
  });

  it('wallet key is read from a file of its owner only, as a seed or as words', async () => {
    const path = join(folder, 'key');
    const seed = Buffer.alloc(32, 7);
    writeFileSync(path, `${seed.toString('hex')}\n`, { mode: 0o600 });
    expect((await readWalletKey(path)).publicKey).toEqual(keyPairFromSeed(seed).publicKey);
    writeFileSync(path, 'neither');
    await expect(readWalletKey(path)).rejects.toThrow('neither a seed');
    await expect(readWalletKey(join(folder, 'none'))).rejects.toThrow('no such key file');
    const open = join(folder, 'open');
    writeFileSync(open, seed.toString('hex'), { mode: 0o640 });
    await expect(readWalletKey(open)).rejects.toThrow('chmod 600');
  });
});
