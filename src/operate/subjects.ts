import { Address } from '@ton/core';
import { platformAddress, ppidHash } from '../../wrappers/Platform';
import { readRegistryRoot } from '../chain/registryRoot';
import { CocoonError } from '../protocol/errors';
import type { Session } from './session';

const HASH = /^(0x)?[0-9a-fA-F]{64}$/;
const PPID = /^(0x)?[0-9a-fA-F]{32}$/;

/** What a block speaks of: an image id, or the account of a Worker or a Platform, by its hash in hex or by its address. */
export async function askSubject(session: Session): Promise<Buffer> {
  const said = await session.answers.text('subject', 'Image id, or the address of a worker or a platform');
  return HASH.test(said) ? bytesOf(said) : addressOf('subject', said).hash;
}

/** The account of a machine: named by its address, by the SHA-256 of its PPID, or by the PPID itself, in hex. */
export async function askPlatform(session: Session): Promise<Address> {
  const said = await session.answers.text(
    'platform',
    'Address of the platform, its PPID, or the hash of that',
  );
  if (!HASH.test(said) && !PPID.test(said)) return addressOf('platform', said);
  const { registry } = await session.chain();
  const root = await readRegistryRoot(session.client, registry);
  const hash = HASH.test(said) ? bytesOf(said) : ppidHash(bytesOf(said));
  return platformAddress(root, registry, hash);
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replace(/^0x/, ''), 'hex');
}

function addressOf(name: string, said: string): Address {
  try {
    return Address.parse(said);
  } catch (cause) {
    throw new CocoonError('invalid_request', `${name} cannot be "${said}".`, { cause });
  }
}
