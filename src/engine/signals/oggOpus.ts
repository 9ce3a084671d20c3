import OpusEncoder from 'opusscript';
import { encodeOgg, type OggPacket } from './ogg';

/** Rates at which an Opus encoder takes samples. */
export type OpusSampleRate = 8_000 | 12_000 | 16_000 | 24_000 | 48_000;

export interface OpusFile {
  sampleRate: OpusSampleRate;
  /** Bits per second, default 16,000: what messengers use for voice. */
  bitrate?: number;
  /** Serial number of the stream, default 1. */
  serial?: number;
}

/** Positions of an Opus stream count at this rate, whatever the samples came at (RFC 7845, section 4). */
const GRANULES_PER_SECOND = 48_000;
const PACKET_MS = 20;
/** What the encoder looks ahead, and so what a player drops in front: 6.5 ms. */
const PRE_SKIP = 312;

/** Channels of equal length, samples in -1..1, as a voice message: Opus packets of 20 ms in an Ogg stream. */
export function encodeOggOpus(channels: readonly Float32Array[], file: OpusFile): Buffer {
  const { sampleRate, bitrate = 16_000, serial = 1 } = file;
  const length = channels[0]!.length;
  const end = PRE_SKIP + Math.round((length * GRANULES_PER_SECOND) / sampleRate);
  const granulesPerPacket = (GRANULES_PER_SECOND * PACKET_MS) / 1_000;
  const encoder = new OpusEncoder(sampleRate, channels.length, OpusEncoder.Application.AUDIO);
  try {
    encoder.setBitrate(bitrate);
    const count = Math.ceil(end / granulesPerPacket);
    const frame = (sampleRate * PACKET_MS) / 1_000;
    const packets = Array.from({ length: count }, (_, index): OggPacket => {
      const bytes = encoder.encode(interleaved(channels, index * frame, frame), frame);
      // The last position is short of the last packet's end: that is how a player knows what to drop behind.
      const granule = BigInt(Math.min(end, (index + 1) * granulesPerPacket));
      return { bytes, granule, endsPage: index % 50 === 49 };
    });
    return encodeOgg([...heads(channels.length, sampleRate), ...packets], serial);
  } finally {
    encoder.delete();
  }
}

/** The two packets in front of the sound, each on a page of its own. */
function heads(channels: number, sampleRate: number): OggPacket[] {
  const head = Buffer.alloc(19);
  head.write('OpusHead', 0, 'latin1');
  head.writeUInt8(1, 8);
  head.writeUInt8(channels, 9);
  head.writeUInt16LE(PRE_SKIP, 10);
  head.writeUInt32LE(sampleRate, 12);
  const vendor = Buffer.from('cocoon', 'latin1');
  const tags = Buffer.alloc(16 + vendor.length);
  tags.write('OpusTags', 0, 'latin1');
  tags.writeUInt32LE(vendor.length, 8);
  vendor.copy(tags, 12);
  return [head, tags].map((bytes) => ({ bytes, granule: 0n, endsPage: true }));
}

/** 16-bit samples of all channels in turn, zero behind the end. */
function interleaved(channels: readonly Float32Array[], from: number, frames: number): Buffer {
  const out = Buffer.alloc(frames * channels.length * 2);
  channels.forEach((samples, channel) => {
    for (let frame = 0; frame < frames; frame++) {
      const sample = Math.max(-1, Math.min(1, samples[from + frame] ?? 0));
      out.writeInt16LE(Math.round(sample * 32_767), (frame * channels.length + channel) * 2);
    }
  });
  return out;
}
