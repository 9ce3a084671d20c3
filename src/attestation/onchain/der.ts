/** The few forms of DER that Intel's certificates are written in; contracts/shared/certificate-text.tact is the twin. */

/** Header of at most 65,535 bytes of content, in the shortest form of length. */
function header(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  if (length < 0x100) return Buffer.from([tag, 0x81, length]);
  return Buffer.from([tag, 0x82, length >> 8, length & 0xff]);
}

export function tagged(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([header(tag, length), ...content]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tagged(0x30, ...content);
export const octets = (...content: readonly Uint8Array[]): Buffer => tagged(0x04, ...content);

/** The shortest INTEGER of a number that is not negative. */
export function integer(value: bigint): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return bytes[0]! < 0x80 ? tagged(0x02, bytes) : tagged(0x02, Buffer.of(0), bytes);
}

export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0));
