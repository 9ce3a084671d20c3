import { CocoonError } from '../protocol/errors';
import { keptRow } from './database';
import { PLATFORM, type Platform } from './platform';
import type { WebKeys } from './signer';

const DATABASE = 'cocoon-compute signers';
const TABLE = 'signers';

/**
 * A signer that was made in this browser and never leaves it: no script can read its key, this page's own neither, though
 * any script of this site can have it sign. The same name gives the same one, until the site's data are cleared; `name`
 * tells several apart. Throws CocoonError `signer_failed` where the
 * browser has no Ed25519 or keeps nothing.
 */
export async function keptSigner(name = 'signer', platform: Platform = PLATFORM): Promise<WebKeys> {
  const { indexedDB } = platform;
  if (!indexedDB) throw new CocoonError('signer_failed', 'This browser keeps no keys: it has no IndexedDB.');
  const at = { database: DATABASE, table: TABLE, key: name };
  return (await keptRow(indexedDB, at, await makeKeys())) as WebKeys;
}

/** The public key in hex, by which an escrow names its signer. */
export async function publicKeyOf({ publicKey }: Pick<WebKeys, 'publicKey'>): Promise<string> {
  return Buffer.from(await globalThis.crypto.subtle.exportKey('raw', publicKey)).toString('hex');
}

async function makeKeys(): Promise<WebKeys> {
  try {
    return (await globalThis.crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as WebKeys;
  } catch (cause) {
    throw new CocoonError('signer_failed', 'This browser makes no Ed25519 keys.', { cause });
  }
}
