/** Opus (RFC 6716, section 3) as far as a packet's first bytes tell how long it plays. */

/** Everything in Opus is counted at this rate, whatever was recorded. */
export const OPUS_RATE = 48_000;
/** 120 ms: no packet plays longer. */
export const PACKET_SAMPLES_MAX = 5_760;

const SILK_FRAMES = [480, 960, 1_920, 2_880] as const;
const HYBRID_FRAMES = [480, 960] as const;
const CELT_FRAMES = [120, 240, 480, 960] as const;
const FIRST_HYBRID = 12;
const FIRST_CELT = 16;

/**
 * How many samples per channel a packet holds, from its first two bytes and its length; null when no packet begins so.
 */
export function packetSamples(first: number, second: number, bytes: number): number | null {
  if (bytes < 1) return null;
  const frames = frameCount(first, second, bytes);
  const samples = frames * frameSamples(first >> 3);
  return frames > 0 && samples <= PACKET_SAMPLES_MAX ? samples : null;
}

function frameSamples(config: number): number {
  if (config < FIRST_HYBRID) return SILK_FRAMES[config & 3]!;
  if (config < FIRST_CELT) return HYBRID_FRAMES[config & 1]!;
  return CELT_FRAMES[config & 3]!;
}

function frameCount(first: number, second: number, bytes: number): number {
  const code = first & 3;
  if (code === 0) return 1;
  if (code < 3) return 2;
  return bytes < 2 ? 0 : second & 0x3f;
}
