import { pageChecksum } from '../../src/protocol/audio/oggPages';

/** Writers of sound files, with every lie that a test wants to tell. */

export interface WavFacts {
  rate?: number;
  channels?: number;
  bits?: number;
  float?: boolean;
  extensible?: boolean;
  /** Sample frames. */
  frames?: number;
  /** Chunks before the sound. */
  extra?: [name: string, body: Buffer][];
  /** What the headers say instead of the truth. */
  riffBytes?: number;
  dataBytes?: number;
}

export function wavFile(facts: WavFacts = {}): Buffer {
  const { rate = 16_000, channels = 1, bits = 16, frames = 16_000, extra = [] } = facts;
  const frameBytes = (channels * bits) / 8;
  const tag = facts.float ? 3 : 1;
  const format = Buffer.alloc(facts.extensible ? 40 : 16);
  format.writeUInt16LE(facts.extensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt32LE(rate * frameBytes, 8);
  format.writeUInt16LE(frameBytes, 12);
  format.writeUInt16LE(bits, 14);
  if (facts.extensible) format.writeUInt16LE(tag, 24);
  const data = Buffer.alloc(frames * frameBytes, 0x40);
  const body = Buffer.concat([
    Buffer.from('WAVE'),
    chunk('fmt ', format),
    ...extra.map(([name, bytes]) => chunk(name, bytes)),
    chunk('data', data, facts.dataBytes),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(facts.riffBytes ?? body.length);
  return Buffer.concat([Buffer.from('RIFF'), size, body]);
}

function chunk(name: string, body: Buffer, said = body.length): Buffer {
  const head = Buffer.alloc(8, name, 'latin1');
  head.writeUInt32LE(said, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

export interface PageFacts {
  packets: Buffer[];
  granule: bigint;
  flags?: number;
  serial?: number;
  sequence?: number;
}

/** One Ogg page of whole packets. */
export function oggPage({ packets, granule, flags = 0, serial = 7, sequence = 0 }: PageFacts): Buffer {
  const lacing = packets.flatMap(({ length }) => [
    ...Array.from({ length: Math.floor(length / 255) }, () => 255),
    length % 255,
  ]);
  if (lacing.length > 255) throw new RangeError('too many packets for one page');
  return finishPage({ lacing, body: Buffer.concat(packets), granule, flags, serial, sequence });
}

/** A page of any segments, with a true checksum. */
export function finishPage(page: {
  lacing: number[];
  body: Buffer;
  granule: bigint;
  flags: number;
  serial: number;
  sequence: number;
}): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS', 'latin1');
  head.writeUInt8(page.flags, 5);
  head.writeBigInt64LE(page.granule, 6);
  head.writeUInt32LE(page.serial, 14);
  head.writeUInt32LE(page.sequence, 18);
  head.writeUInt8(page.lacing.length, 26);
  const whole = Buffer.concat([head, Buffer.from(page.lacing), page.body]);
  whole.writeUInt32LE(pageChecksum(whole), 22);
  return whole;
}

export const OPUS_PRE_SKIP = 312;

export function opusHead(preSkip = OPUS_PRE_SKIP, channels = 1): Buffer {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(channels, 9);
  head.writeUInt16LE(preSkip, 10);
  head.writeUInt32LE(48_000, 12);
  return head;
}

export function opusTags(comment = ''): Buffer {
  const head = Buffer.alloc(16);
  head.write('OpusTags', 'latin1');
  return Buffer.concat([head, Buffer.from(comment)]);
}

/** A packet of one 20 ms frame (CELT), with nothing in it: enough for who only measures. */
export const PACKET_20_MS = Buffer.from([(31 << 3) | 0, 0]);
export const PACKET_20_MS_SAMPLES = 960;

export interface OggFacts {
  packets?: Buffer[];
  samplesPerPacket?: number;
  perPage?: number;
  /** The position that the last page states instead of all samples. */
  lastGranule?: bigint;
  preSkip?: number;
  /** Bends pages before they are written. */
  bend?: (pages: PageFacts[]) => PageFacts[];
}

/** An OGG/Opus file around ready packets. */
export function oggFile(facts: OggFacts = {}): Buffer {
  const { packets = Array.from({ length: 50 }, () => PACKET_20_MS), perPage = 50 } = facts;
  const { samplesPerPacket = PACKET_20_MS_SAMPLES } = facts;
  const pages: PageFacts[] = [
    { packets: [opusHead(facts.preSkip)], granule: 0n, flags: 2 },
    { packets: [opusTags()], granule: 0n },
  ];
  for (let at = 0; at < packets.length; at += perPage) {
    const some = packets.slice(at, at + perPage);
    pages.push({ packets: some, granule: BigInt((at + some.length) * samplesPerPacket) });
  }
  const last = pages.at(-1)!;
  last.flags = 4;
  if (facts.lastGranule !== undefined) last.granule = facts.lastGranule;
  pages.forEach((page, sequence) => (page.sequence = sequence));
  return Buffer.concat((facts.bend?.(pages) ?? pages).map(oggPage));
}
