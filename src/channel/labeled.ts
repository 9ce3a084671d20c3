import { hkdf } from '../protocol/crypto';

/** HKDF-SHA256 in the labelled forms of RFC 9180, section 4. */
export const KDF_ID = 0x0001;
const VERSION = Buffer.from('HPKE-v1', 'latin1');

export function labeledExtract(suite: Buffer, salt: Buffer, label: string, input: Buffer): Buffer {
  return hkdf.extract(salt, Buffer.concat([VERSION, suite, Buffer.from(label, 'latin1'), input]));
}

export function labeledExpand(
  suite: Buffer,
  prk: Buffer,
  label: string,
  info: Buffer,
  bytes: number,
): Buffer {
  const length = Buffer.from([bytes >> 8, bytes & 0xff]);
  return hkdf.expand(prk, Buffer.concat([length, VERSION, suite, Buffer.from(label, 'latin1'), info]), bytes);
}
