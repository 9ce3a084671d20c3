import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { mnemonicNew } from '@ton/crypto';
import { createChain } from '../../src/chain/chain';
import { walletKeyFromMnemonic, walletOf } from '../../src/chain/wallet';
import { createDevnet, type Devnet } from '../../src/devnet/devnet';
import { registryAddress } from '../../wrappers/Registry';

/** An id of its own, so that the deployments file of this run is nobody else's. */
const NETWORK_ID = -1771;
const ROOT = join(__dirname, '..', '..');

describe('npx blueprint run --custom on the devnet', () => {
  let devnet: Devnet;
  let mnemonic: string;
  beforeAll(async () => {
    devnet = await createDevnet({ dataDir: null, blockIntervalMs: 200, networkId: NETWORK_ID });
    mnemonic = (await mnemonicNew()).join(' ');
  });
  afterAll(async () => {
    await devnet.close();
    rmSync(join(ROOT, 'deployments', `devnet${NETWORK_ID}.json`), { force: true });
  });

  /** Runs a script as a maintainer types it; resolves with its exit code and everything that it printed. */
  function blueprint(script: string, ...args: string[]): Promise<{ code: number | null; text: string }> {
    const custom = ['--custom', devnet.apiUrl, '--custom-version', 'v2', '--custom-type', 'custom'];
    const child = spawn(
      process.execPath,
      [require.resolve('@ton/blueprint/dist/cli/cli.js'), 'run', script, ...args, ...custom, '--mnemonic'],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          WALLET_MNEMONIC: mnemonic,
          WALLET_VERSION: 'v5r1',
          WALLET_NETWORK_ID: String(NETWORK_ID),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
  }

  test('maintainer whose wallet is empty reads one sentence, with the address to pay to', async () => {
    const { publicKey } = await walletKeyFromMnemonic(mnemonic);
    const owner = walletOf('v5r1', publicKey, NETWORK_ID).address.toString({ bounceable: false });
    const { code, text } = await blueprint('deployRegistry', 'root=simulated', 'salt=0');
    expect(code).toBe(1);
    expect(text).toContain(`The new wallet ${owner} holds 0 TON; this takes up to 0.11 TON, fees included.`);
    expect(text).not.toMatch(/Axios|^ +at /m);
  }, 60_000);

  test('maintainer deploys a registry, a second run changes nothing, a third shows it', async () => {
    const { publicKey } = await walletKeyFromMnemonic(mnemonic);
    const owner = walletOf('v5r1', publicKey, NETWORK_ID).address;
    await devnet.faucet(owner, 10_000_000_000n);
    const registry = await registryAddress('simulated', owner, 0);
    const chain = await createChain({ endpoint: devnet.apiUrl, registry });

    const first = await blueprint('deployRegistry', 'root=simulated', 'salt=0');
    expect(first).toMatchObject({ code: 0 });
    expect(await chain.isDeployed(registry)).toBe(true);
    const balance = await chain.balance(owner);

    const second = await blueprint('deployRegistry', 'root=simulated', 'salt=0');
    expect(second).toMatchObject({ code: 0, text: expect.stringContaining('already') as string });
    expect(await chain.balance(owner)).toBe(balance);

    const shown = await blueprint('showRegistry', `registry=${registry.toString()}`);
    expect(shown).toMatchObject({ code: 0, text: expect.stringContaining(owner.toString()) as string });
  }, 180_000);
});
