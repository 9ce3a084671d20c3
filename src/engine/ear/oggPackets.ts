import { oggChecksum } from '../signals/ogg';
import { brokenAudio, unsupportedAudio } from './audioError';

const HEAD_BYTES = 27;
const FLAG_CONTINUED = 1;
const FLAG_FIRST = 2;
const FLAG_LAST = 4;
/** A segment of this size goes on in the next one. */
const SEGMENT_BYTES = 255;
/** The position of a page on which no packet ends. */
const NO_POSITION = -1n;

export interface OggStream {
  packets: Uint8Array[];
  /** Position of the last page on which a packet ends. */
  lastGranule: bigint;
}

interface Page {
  flags: number;
  granule: bigint;
  serial: number;
  sequence: number;
  lacing: Uint8Array;
  body: Uint8Array;
  end: number;
}

export function isOgg(file: Buffer): boolean {
  return file.toString('latin1', 0, 4) === 'OggS';
}

/**
 * The packets of a file with one logical stream (RFC 3533). Throws ApiError 400 when a page is damaged, missing or cut
 * off, and for several streams in one file.
 */
export function readOgg(file: Buffer): OggStream {
  const packets: Uint8Array[] = [];
  let open: Uint8Array[] = [];
  let lastGranule = 0n;
  let [serial, sequence, ended] = [-1, 0, false];
  for (let at = 0; at < file.length; sequence++) {
    const page = readPage(file, at);
    at = page.end;
    if (sequence === 0) serial = page.serial;
    if (page.serial !== serial || ended || (page.flags & FLAG_FIRST) !== (sequence === 0 ? FLAG_FIRST : 0)) {
      throw unsupportedAudio('An Ogg file with several streams is not taken.');
    }
    if (page.sequence !== sequence) throw brokenAudio(`page ${sequence} is missing.`);
    if ((page.flags & FLAG_CONTINUED) !== (open.length > 0 ? FLAG_CONTINUED : 0)) {
      throw brokenAudio(`a packet is torn at page ${sequence}.`);
    }
    open = collectPackets(page, open, packets);
    if (page.granule !== NO_POSITION) lastGranule = page.granule;
    ended = (page.flags & FLAG_LAST) !== 0;
  }
  if (open.length > 0) throw brokenAudio('its last packet is cut off.');
  return { packets, lastGranule };
}

function readPage(file: Buffer, at: number): Page {
  const head = file.subarray(at, at + HEAD_BYTES);
  if (head.length < HEAD_BYTES || head.toString('latin1', 0, 4) !== 'OggS' || head[4] !== 0) {
    throw brokenAudio(`at byte ${at} a page should begin.`);
  }
  const lacing = file.subarray(at + HEAD_BYTES, at + HEAD_BYTES + head[26]!);
  const bodyAt = at + HEAD_BYTES + head[26]!;
  const end = lacing.reduce((sum, size) => sum + size, bodyAt);
  if (end > file.length) throw brokenAudio('its last page is cut off.');
  if (oggChecksum(file.subarray(at, end)) !== head.readUInt32LE(22)) {
    throw brokenAudio(`the page at byte ${at} has a wrong checksum.`);
  }
  return {
    flags: head[5]!,
    granule: head.readBigInt64LE(6),
    serial: head.readUInt32LE(14),
    sequence: head.readUInt32LE(18),
    lacing,
    body: file.subarray(bodyAt, end),
    end,
  };
}

/** Adds the page's packets to `packets`, the first one behind what is `open`, and gives back what stays open. */
function collectPackets(page: Page, open: Uint8Array[], packets: Uint8Array[]): Uint8Array[] {
  let [from, at] = [0, 0];
  for (const size of page.lacing) {
    at += size;
    if (size === SEGMENT_BYTES) continue;
    packets.push(Buffer.concat([...open, page.body.subarray(from, at)]));
    open = [];
    from = at;
  }
  return from < at ? [...open, page.body.subarray(from, at)] : open;
}
