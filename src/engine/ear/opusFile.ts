import { brokenAudio, unsupportedAudio } from './audioError';
import { readOgg } from './oggPackets';
import { mixed, type Recording } from './recording';

/** An Opus decoder gives samples, and counts positions, at this rate (RFC 7845, section 4). */
const SAMPLE_RATE = 48_000;
/** Samples of a frame for each of the 32 configurations (RFC 6716, table 2). */
const SPEECH_FRAMES = [480, 960, 1_920, 2_880] as const;
const HYBRID_FRAMES = [480, 960] as const;
const MUSIC_FRAMES = [120, 240, 480, 960] as const;
const PACKET_MAX_SAMPLES = 5_760;
const PART_BYTES = 1 << 14;

/** Reads the frame of an OGG/Opus file; throws ApiError 400 for what is broken or not taken. */
export function openOggOpus(file: Buffer): Recording {
  const { packets, lastGranule } = readOgg(file);
  const [head, tags, ...sounds] = packets;
  const preSkip = readHead(head);
  if (Buffer.from(tags ?? []).toString('latin1', 0, 8) !== 'OpusTags') {
    throw brokenAudio('its second packet has no tags.');
  }
  const held = sounds.reduce((sum, packet) => sum + packetSamples(packet), 0);
  const samples = Number(lastGranule) - preSkip;
  // A position ahead of the packets would be billed without being heard.
  if (samples <= 0 || Number(lastGranule) > held) {
    throw brokenAudio(`its packets hold ${held} samples, its last position is ${lastGranule}.`);
  }
  return { durationMs: (samples * 1_000) / SAMPLE_RATE, sampleRate: SAMPLE_RATE, parts: () => decode(file) };
}

/** The samples to drop in front. */
function readHead(packet: Uint8Array | undefined): number {
  const head = Buffer.from(packet ?? []);
  if (head.toString('latin1', 0, 8) !== 'OpusHead')
    throw unsupportedAudio('An Ogg file without Opus is not taken.');
  if (head.length < 19 || head[8]! >> 4 !== 0) throw brokenAudio('its head is of an unknown version.');
  const [channels, mapping] = [head[9]!, head[18]!];
  if (mapping !== 0 || channels < 1 || channels > 2)
    throw unsupportedAudio(`${channels} channels are not taken.`);
  return head.readUInt16LE(10);
}

/** How many samples a packet gives, read from its first bytes (RFC 6716, section 3). */
function packetSamples(packet: Uint8Array): number {
  if (packet.length === 0) throw brokenAudio('it has an empty packet.');
  const configuration = packet[0]! >> 3;
  const code = packet[0]! & 3;
  const frames = code === 3 ? (packet[1] ?? 0) & 0x3f : code === 0 ? 1 : 2;
  const samples = frames * frameSamples(configuration);
  if (samples === 0 || samples > PACKET_MAX_SAMPLES)
    throw brokenAudio('it has a packet of impossible length.');
  return samples;
}

function frameSamples(configuration: number): number {
  if (configuration < 12) return SPEECH_FRAMES[configuration % 4]!;
  if (configuration < 16) return HYBRID_FRAMES[configuration % 2]!;
  return MUSIC_FRAMES[configuration % 4]!;
}

async function* decode(file: Buffer): AsyncGenerator<Float32Array, void> {
  // Loaded when a voice message comes, not with the engine: it unpacks its own machine code.
  const { OggOpusDecoder } = await import('ogg-opus-decoder');
  const decoder = new OggOpusDecoder();
  try {
    await decoder.ready;
    for (let at = 0; at < file.length; at += PART_BYTES) {
      // Its type says that this is no promise, but it is one.
      yield samplesOf(await Promise.resolve(decoder.decode(file.subarray(at, at + PART_BYTES))));
    }
    yield samplesOf(await decoder.flush());
  } finally {
    decoder.free();
  }
}

function samplesOf(decoded: {
  channelData: Float32Array[];
  errors: readonly { message: string }[];
}): Float32Array {
  const [error] = decoded.errors;
  if (error) throw brokenAudio(`a packet cannot be decoded: ${error.message}`);
  return decoded.channelData.length === 0 ? new Float32Array(0) : mixed(decoded.channelData);
}
