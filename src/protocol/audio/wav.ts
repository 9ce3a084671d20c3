import { demandOfFile, fileProblem } from './problem';

/** Microsoft's RIFF/WAVE container with samples that are not compressed: integers of 8 to 32 bits, or floats. */
const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FORMAT_BYTES = 16;
/** Behind which the real tag stands in the first bytes of a GUID, at byte 24 of the chunk. */
const EXTENSIBLE = 0xfffe;
const EXTENSIBLE_BYTES = 40;
const SUBFORMAT_AT = 24;
const PCM = 1;
const FLOAT = 3;
const DEPTHS: Readonly<Record<number, readonly number[]>> = { [PCM]: [8, 16, 24, 32], [FLOAT]: [32, 64] };
const CHANNELS_MAX = 8;
const RATE_MIN = 4_000;
const RATE_MAX = 192_000;

interface WavFormat {
  /** Sample frames per second. */
  rate: number;
  /** Bytes of one sample of all channels. */
  frameBytes: number;
}

export function isWav(file: Buffer): boolean {
  return file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, HEADER_BYTES) === 'WAVE';
}

/**
 * How long a WAV file plays, in milliseconds, rounded up. Its header must tell the truth about every length: who
 * decodes it reads what was billed, neither more nor less. Throws CocoonError `invalid_request`.
 */
export function wavMilliseconds(file: Buffer): number {
  demandOfFile(file.length >= HEADER_BYTES, 'The WAV file is cut.');
  const said = file.readUInt32LE(4) + CHUNK_HEADER_BYTES;
  demandOfFile(said === file.length, `The WAV file says that it has ${said} bytes, and ${file.length} came.`);
  let format: WavFormat | null = null;
  let dataBytes: number | null = null;
  for (const { name, body } of chunksOf(file)) {
    if (name === 'fmt ') {
      demandOfFile(format === null, 'The WAV file has two formats.');
      format = readFormat(body);
    }
    if (name !== 'data') continue;
    demandOfFile(dataBytes === null, 'The WAV file has two pieces of sound.');
    demandOfFile(format !== null, 'The WAV file has sound before its format.');
    dataBytes = body.length;
  }
  if (!format || dataBytes === null) throw fileProblem('The WAV file has no sound in it.');
  demandOfFile(dataBytes > 0, 'The WAV file is empty.');
  demandOfFile(dataBytes % format.frameBytes === 0, 'The WAV file ends within a sample.');
  return Math.ceil(((dataBytes / format.frameBytes) * 1_000) / format.rate);
}

function* chunksOf(file: Buffer): Generator<{ name: string; body: Buffer }> {
  for (let at = HEADER_BYTES; at < file.length;) {
    demandOfFile(at + CHUNK_HEADER_BYTES <= file.length, 'The WAV file ends within a header.');
    const name = file.toString('latin1', at, at + 4);
    const bytes = file.readUInt32LE(at + 4);
    const from = at + CHUNK_HEADER_BYTES;
    const left = file.length - from;
    demandOfFile(bytes <= left, `A part of the WAV file claims ${bytes} bytes, and ${left} came.`);
    yield { name, body: file.subarray(from, from + bytes) };
    // Odd parts are padded; some writers leave the pad of the last one out.
    at = from + bytes + (bytes % 2);
  }
}

function readFormat(body: Buffer): WavFormat {
  demandOfFile(body.length >= FORMAT_BYTES, 'The format of the WAV file is cut.');
  const given = body.readUInt16LE(0);
  demandOfFile(
    given !== EXTENSIBLE || body.length >= EXTENSIBLE_BYTES,
    'The extended format of the WAV file is cut.',
  );
  const tag = given === EXTENSIBLE ? body.readUInt16LE(SUBFORMAT_AT) : given;
  const [channels, rate] = [body.readUInt16LE(2), body.readUInt32LE(4)];
  const [frameBytes, bits] = [body.readUInt16LE(12), body.readUInt16LE(14)];
  demandOfFile(
    DEPTHS[tag]?.includes(bits) ?? false,
    'A WAV file holds integers of 8, 16, 24 or 32 bits, or floats of 32 or 64.',
  );
  demandOfFile(
    channels >= 1 && channels <= CHANNELS_MAX && frameBytes === (channels * bits) / 8,
    `A WAV file has 1 to ${CHANNELS_MAX} channels, and as many bytes per sample as those take.`,
  );
  demandOfFile(
    rate >= RATE_MIN && rate <= RATE_MAX,
    `A WAV file has ${RATE_MIN} to ${RATE_MAX} samples per second.`,
  );
  return { rate, frameBytes };
}
