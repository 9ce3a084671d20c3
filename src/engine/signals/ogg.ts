/** Flags of a page's header, of the Ogg encapsulation format (RFC 3533, section 6). */
const FIRST_PAGE = 2;
const LAST_PAGE = 4;
/** Where a page holds its own checksum, counted as zero while it is computed. */
const CHECKSUM_AT = 22;
const CHECKSUM_POLYNOMIAL = 0x04c1_1db7;
/** A packet is cut into segments of this size, the last one shorter. */
const SEGMENT_BYTES = 255;
const SEGMENTS_MAX = 255;

/** One packet of a logical stream and the position that its end has. */
export interface OggPacket {
  bytes: Uint8Array;
  /** Samples up to the end of this packet, in the codec's own unit. */
  granule: bigint;
  /** Begins a new page behind it, as the headers of Opus ask for. */
  endsPage?: boolean;
}

/** The bytes of an Ogg stream; packets are put on pages of at most 255 segments, and none spans two pages. */
export function encodeOgg(packets: readonly OggPacket[], serial: number): Buffer {
  const pages: OggPacket[][] = [[]];
  let segments = 0;
  for (const packet of packets) {
    const needed = segmentsOf(packet.bytes.length);
    if (needed > SEGMENTS_MAX)
      throw new RangeError(`A packet of ${packet.bytes.length} bytes needs two pages.`);
    if (segments + needed > SEGMENTS_MAX) {
      pages.push([]);
      segments = 0;
    }
    pages.at(-1)!.push(packet);
    segments += needed;
    if (packet.endsPage) segments = SEGMENTS_MAX;
  }
  return Buffer.concat(
    pages.map((page, index) => {
      const flags = (index === 0 ? FIRST_PAGE : 0) | (index === pages.length - 1 ? LAST_PAGE : 0);
      return encodePage(page, serial, index, flags);
    }),
  );
}

function encodePage(packets: readonly OggPacket[], serial: number, sequence: number, flags: number): Buffer {
  const lacing = packets.flatMap(({ bytes: { length } }) => [
    ...Array<number>(Math.floor(length / SEGMENT_BYTES)).fill(SEGMENT_BYTES),
    length % SEGMENT_BYTES,
  ]);
  const head = Buffer.alloc(27);
  head.write('OggS', 0, 'latin1');
  head.writeUInt8(flags, 5);
  head.writeBigInt64LE(packets.at(-1)!.granule, 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head.writeUInt8(lacing.length, 26);
  const page = Buffer.concat([head, Buffer.from(lacing), ...packets.map(({ bytes }) => bytes)]);
  page.writeUInt32LE(oggChecksum(page), CHECKSUM_AT);
  return page;
}

function segmentsOf(bytes: number): number {
  return Math.floor(bytes / SEGMENT_BYTES) + 1;
}

const CHECKSUM_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? CHECKSUM_POLYNOMIAL : 0);
  return value;
});

/** The checksum of a page, whose own field counts as zero. */
export function oggChecksum(page: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= CHECKSUM_AT && at < CHECKSUM_AT + 4 ? 0 : page[at]!;
    sum = (sum << 8) ^ CHECKSUM_OF_BYTE[(sum >>> 24) ^ byte]!;
  }
  return sum >>> 0;
}
