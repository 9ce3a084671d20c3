import { AEAD_ID, NONCE_BYTES } from './aead';
import { KEM_ID } from './kem';
import { KDF_ID, labeledExpand, labeledExtract } from './labeled';

/**
 * The key schedule of RFC 9180 (section 5.1) in base mode. One message travels per context, so there is no
 * sequence number here: the request is sealed with the base nonce and everything later comes from the exporter.
 */
export interface HpkeContext {
  readonly key: Buffer;
  readonly baseNonce: Buffer;
  /** `Context.Export` of section 5.3. */
  exportSecret(context: Buffer, bytes: number): Buffer;
}

const MODE_BASE = Buffer.from([0]);
const NOTHING = Buffer.alloc(0);
const PSK_ID_HASHES = new Map<number, Buffer>();

/** `aeadId` and `keyBytes` are arguments only so that the published AES-128 vectors can be run against this code. */
export function keySchedule(
  shared: Buffer,
  info: Buffer,
  aeadId: number = AEAD_ID,
  keyBytes = 32,
): HpkeContext {
  const suite = suiteId(aeadId);
  const infoHash = labeledExtract(suite, NOTHING, 'info_hash', info);
  const context = Buffer.concat([MODE_BASE, emptyPskIdHash(suite, aeadId), infoHash]);
  const secret = labeledExtract(suite, shared, 'secret', NOTHING);
  const exporter = labeledExpand(suite, secret, 'exp', context, 32);
  return {
    key: labeledExpand(suite, secret, 'key', context, keyBytes),
    baseNonce: labeledExpand(suite, secret, 'base_nonce', context, NONCE_BYTES),
    exportSecret: (label, bytes) => labeledExpand(suite, exporter, 'sec', label, bytes),
  };
}

/** Base mode has no PSK, so this hash depends on the suite alone. */
function emptyPskIdHash(suite: Buffer, aeadId: number): Buffer {
  const known = PSK_ID_HASHES.get(aeadId);
  if (known) return known;
  const hash = labeledExtract(suite, NOTHING, 'psk_id_hash', NOTHING);
  PSK_ID_HASHES.set(aeadId, hash);
  return hash;
}

function suiteId(aeadId: number): Buffer {
  const id = Buffer.alloc(10);
  id.write('HPKE', 0, 'latin1');
  id.writeUInt16BE(KEM_ID, 4);
  id.writeUInt16BE(KDF_ID, 6);
  id.writeUInt16BE(aeadId, 8);
  return id;
}
