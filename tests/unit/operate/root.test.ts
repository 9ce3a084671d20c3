import { chooseRoot, usualRoot } from '../../../src/operate/root';

const [MAINNET, TESTNET, DEVNET] = [-239, -3, -1001];

test("a registry of Intel's root is usual where people hold money, one of the simulated root on a chain of one's own", () => {
  expect([MAINNET, TESTNET, DEVNET].map(usualRoot)).toEqual(['intel', 'intel', 'simulated']);
});

test('the simulated root is refused on mainnet, and on no other network', () => {
  expect(() => chooseRoot(MAINNET, 'simulated')).toThrow('any network but mainnet');
  expect([TESTNET, DEVNET].map((network) => chooseRoot(network, 'simulated'))).toEqual([
    'simulated',
    'simulated',
  ]);
  expect([MAINNET, TESTNET, DEVNET].map((network) => chooseRoot(network, 'intel'))).toEqual([
    'intel',
    'intel',
    'intel',
  ]);
});

test('a root of another name is refused', () => {
  expect(() => chooseRoot(DEVNET, 'Intel')).toThrow('root cannot be "Intel".');
});
