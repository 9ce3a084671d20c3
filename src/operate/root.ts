import { CocoonError } from '../protocol/errors';
import type { Root } from '../protocol/root';

const MAINNET = -239;
const TESTNET = -3;

/**
 * Whose signature a new registry takes for hardware's: Intel's where people hold money, the simulated root's on a chain of one's
 * own, unless `said`. Throws CocoonError `invalid_request` for another name, and for the simulated root on mainnet: whoever
 * reads the keys in this repository could attest there, so its contracts refuse that network anyway.
 */
export function chooseRoot(networkId: number, said: string): Root {
  if (said !== 'intel' && said !== 'simulated') {
    throw new CocoonError('invalid_request', `root cannot be "${said}".`, {
      remedy: 'Name "intel", or "simulated" on a network that holds no money.',
    });
  }
  if (said === 'simulated' && networkId === MAINNET) {
    throw new CocoonError(
      'invalid_request',
      'A registry of the simulated root works on any network but mainnet.',
      {
        remedy: 'Use root=intel: the keys of the simulated root are public.',
      },
    );
  }
  return said;
}

export function usualRoot(networkId: number): Root {
  return networkId === MAINNET || networkId === TESTNET ? 'intel' : 'simulated';
}
