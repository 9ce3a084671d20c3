import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDeploymentsFile, networkName, withAccount } from '../../../src/operate/deployments';

const CODE = 'ab'.repeat(32);
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'deployments-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the chain's own id names the file", () => {
  expect(networkName(-239)).toBe('mainnet');
  expect(networkName(-3)).toBe('testnet');
  expect(networkName(-1001)).toBe('devnet-1001');
});

test('what was deployed is kept, each address once', () => {
  const file = createDeploymentsFile(folder, -3);
  expect(file.read().registry).toBeNull();
  const router = { address: 'a', codeHash: CODE, owner: 'o' };
  file.write((known) => ({ ...known, routers: withAccount(known.routers, router) }));
  file.write((known) => ({ ...known, routers: withAccount(known.routers, { ...router, owner: 'p' }) }));
  expect(createDeploymentsFile(folder, -3).read().routers).toEqual([{ ...router, owner: 'p' }]);
});

test.each([
  ['no JSON', '{'],
  [
    'unknown keys',
    JSON.stringify({
      version: 1,
      networkId: -3,
      registry: null,
      workers: [],
      routers: [],
      escrows: [],
      more: 1,
    }),
  ],
  [
    'another network',
    JSON.stringify({ version: 1, networkId: -239, registry: null, workers: [], routers: [], escrows: [] }),
  ],
])('a file with %s is refused, not overwritten', (_what, text) => {
  const file = createDeploymentsFile(folder, -3);
  writeFileSync(file.path, text);
  expect(() => file.write((known) => known)).toThrow('is not a list of deployments on network -3');
});
