import { demandOfFile } from './problem';

/** One page of an Ogg stream (RFC 3533, section 6). */
export interface OggPage {
  continued: boolean;
  isFirst: boolean;
  isLast: boolean;
  /** Null where no packet ends in this page. */
  granule: bigint | null;
  serial: number;
  sequence: number;
  /** The parts of packets in it; all but the last end here, and that one too unless `open`. */
  parts: Buffer[];
  open: boolean;
}

const HEADER_BYTES = 27;
const FLAG_CONTINUED = 1;
const FLAG_FIRST = 2;
const FLAG_LAST = 4;
const CRC_AT = 22;
const FULL_SEGMENT = 255;
const NO_GRANULE = -1n;

export function isOgg(file: Buffer): boolean {
  return file.toString('latin1', 0, 4) === 'OggS';
}

/** Every page to the last byte; throws CocoonError `invalid_request` for one that is cut or damaged. */
export function* readPages(file: Buffer): Generator<OggPage> {
  for (let at = 0; at < file.length;) {
    const segments = file[at + HEADER_BYTES - 1] ?? 0;
    const bodyAt = at + HEADER_BYTES + segments;
    demandOfFile(bodyAt <= file.length, 'The OGG file is cut within the header of a page.');
    const page = file.subarray(at);
    demandOfFile(isOgg(page) && page[4] === 0, 'The OGG file has something else where a page should begin.');
    const lengths = file.subarray(at + HEADER_BYTES, bodyAt);
    const end = lengths.reduce((sum, length) => sum + length, bodyAt);
    demandOfFile(end <= file.length, 'The OGG file is cut within a page.');
    demandOfFile(
      pageChecksum(file.subarray(at, end)) === page.readUInt32LE(CRC_AT),
      'A page of the OGG file is damaged.',
    );
    const flags = page[5]!;
    const granule = page.readBigInt64LE(6);
    yield {
      continued: (flags & FLAG_CONTINUED) !== 0,
      isFirst: (flags & FLAG_FIRST) !== 0,
      isLast: (flags & FLAG_LAST) !== 0,
      granule: granule === NO_GRANULE ? null : granule,
      serial: page.readUInt32LE(14),
      sequence: page.readUInt32LE(18),
      ...partsOf(lengths, file.subarray(bodyAt, end)),
    };
    at = end;
  }
}

/** A packet ends at the first segment that is not full. */
function partsOf(lengths: Buffer, body: Buffer): Pick<OggPage, 'parts' | 'open'> {
  const parts: Buffer[] = [];
  let from = 0;
  let to = 0;
  let open = false;
  for (const length of lengths) {
    to += length;
    open = length === FULL_SEGMENT;
    if (open) continue;
    parts.push(body.subarray(from, to));
    from = to;
  }
  if (open) parts.push(body.subarray(from, to));
  return { parts, open };
}

/** CRC-32 of polynomial 0x04c11db7, most significant bit first, from zero, over the page with its own field as zeros. */
export function pageChecksum(page: Buffer): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= CRC_AT && i < CRC_AT + 4 ? 0 : page[i]!;
    crc = ((crc << 8) ^ CRC_TABLE[(crc >>> 24) ^ byte]!) >>> 0;
  }
  return crc;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000_0000 ? (crc << 1) ^ 0x04c1_1db7 : crc << 1;
  return crc >>> 0;
});
