import { join, resolve } from 'node:path';
import { parseClientFile } from '../../../src/client/config';
import { readClientFile } from '../../../src/client/connect';

const FILE = {
  chain: { endpoint: 'http://127.0.0.1:8081', registry: 'EQAA' },
  routers: ['http://127.0.0.1:9000/'],
  escrow: 'EQBB',
  signerSeedFile: 'signer.hex',
  dataDir: 'data',
};

it('a configuration file gets its defaults', () => {
  const file = parseClientFile(JSON.stringify(FILE));
  expect(file.routers).toEqual(['http://127.0.0.1:9000']);
  expect(file.gateway).toMatchObject({ host: '127.0.0.1', port: 8_787, corsOrigins: [] });
  expect(file.policy).toMatchObject({ allowSimulated: false, maxFee: null });
  expect(file.lines).toMatchObject({ firstCap: 50_000_000n, raiseMax: 5_000_000_000n, roomPercent: 60 });
});

it.each<[string, object]>([
  ['an unknown key', { ...FILE, colour: 'red' }],
  ['an unknown key inside', { ...FILE, policy: { maxFe: '1' } }],
  ['no router', { ...FILE, routers: [] }],
  ['a router that is no URL', { ...FILE, routers: ['router'] }],
  ['an amount as a number', { ...FILE, policy: { maxFee: 1 } }],
  ['an amount with ten decimals', { ...FILE, policy: { maxFee: '0.0000000001' } }],
  ['a port beyond the last', { ...FILE, gateway: { port: 65_536 } }],
  ['more room than there is', { ...FILE, lines: { roomPercent: 101 } }],
])('a configuration file with %s is refused', (_, file) => {
  expect(() => parseClientFile(JSON.stringify(FILE))).not.toThrow();
  expect(() => parseClientFile(JSON.stringify(file))).toThrow();
});

it('the example is a configuration file, and its paths are relative to it', () => {
  const folder = resolve(__dirname, '../../../examples/client');
  const file = readClientFile(join(folder, 'client.json'));
  expect(file.signerSeedFile).toBe(join(folder, 'signer.hex'));
  expect(file.policy.maxFee).toBe(50_000_000n);
});
