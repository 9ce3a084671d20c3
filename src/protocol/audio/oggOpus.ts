import { readPages, type OggPage } from './oggPages';
import { OPUS_RATE, PACKET_SAMPLES_MAX, packetSamples } from './opusPacket';
import { demandOfFile, fileProblem } from './problem';

/** Opus in Ogg (RFC 7845), as voice messages are: one stream, from its first sample to its marked end. */
const HEAD_BYTES = 19;
const PRE_SKIP_AT = 10;

/**
 * How long an OGG/Opus file plays, in milliseconds, rounded up: the last granule position less the samples that are
 * skipped at the start, at 48 kHz. Positions must fit what the packets hold, which their first bytes tell, so that a
 * file cannot play longer than it says. Throws CocoonError `invalid_request`.
 */
export function oggOpusMilliseconds(file: Buffer): number {
  const packets = createPacketReader();
  let serial: number | null = null;
  let sequence = 0;
  let granule = 0n;
  let ended = false;
  for (const page of readPages(file)) {
    demandOfFile(!ended, 'Something follows the end of the OGG stream.');
    serial ??= page.serial;
    demandOfFile(page.serial === serial, 'The OGG file holds more than one stream.');
    demandOfFile(page.sequence === sequence, 'A page of the OGG file is missing.');
    demandOfFile(page.isFirst === (sequence === 0), 'The OGG stream does not begin once.');
    sequence += 1;
    ended = page.isLast;
    packets.take(page);
    demandOfFile(page.granule !== null || !page.isLast, 'The OGG file does not say where it ends.');
    if (page.granule !== null) {
      checkPosition(page, page.granule, granule, packets.samples());
      granule = page.granule;
    }
  }
  demandOfFile(ended, 'The OGG file is cut: the page that ends it is missing.');
  demandOfFile(packets.samples() > 0, 'The OGG file has no sound in it.');
  const samples = Number(granule) - packets.preSkip();
  demandOfFile(samples > 0, 'The OGG file is empty.');
  return Math.ceil((samples * 1_000) / OPUS_RATE);
}

/**
 * A position may run ahead of the packets, for what was lost; only the last one may lie behind them, by less than a
 * packet, so that a sound need not end with one.
 */
function checkPosition(page: OggPage, position: bigint, before: bigint, samples: number): void {
  const least = page.isLast ? samples - PACKET_SAMPLES_MAX : samples;
  demandOfFile(
    position >= before && position >= BigInt(Math.max(0, least)) && position <= Number.MAX_SAFE_INTEGER,
    'The OGG file holds more sound than its positions say.',
  );
}

/** Joins packets over pages: a head, tags, then sound. */
function createPacketReader(): { take(page: OggPage): void; samples(): number; preSkip(): number } {
  let waiting: Buffer | null = null;
  let index = 0;
  let preSkip = 0;
  let samples = 0;

  const packet = (bytes: Buffer): void => {
    if (index === 0) preSkip = readHead(bytes);
    else if (index === 1) demandOfFile(startsWith(bytes, 'OpusTags'), 'The OGG file has no Opus tags.');
    else samples += soundOf(bytes);
    index += 1;
  };

  return {
    take(page) {
      demandOfFile(page.continued === (waiting !== null), 'The OGG file has half a packet.');
      page.parts.forEach((part, i) => {
        // What counts of a packet stands at its start; tags may be long, and are not kept.
        const whole: Buffer =
          waiting && i === 0 ? Buffer.concat([waiting, part.subarray(0, HEAD_BYTES)]) : part;
        waiting = page.open && i === page.parts.length - 1 ? whole : null;
        if (!waiting) packet(whole);
      });
      demandOfFile(!(page.isLast && waiting), 'The OGG file ends within a packet.');
    },
    samples: () => samples,
    preSkip: () => preSkip,
  };
}

function readHead(bytes: Buffer): number {
  demandOfFile(startsWith(bytes, 'OpusHead'), 'The OGG file does not hold Opus.');
  demandOfFile(bytes.length >= HEAD_BYTES && bytes[8]! < 16, 'The head of the Opus stream cannot be read.');
  return bytes.readUInt16LE(PRE_SKIP_AT);
}

function soundOf(bytes: Buffer): number {
  const samples = packetSamples(bytes[0] ?? 0, bytes[1] ?? 0, bytes.length);
  if (samples === null) throw fileProblem('A packet of the OGG file is not Opus.');
  return samples;
}

function startsWith(bytes: Buffer, magic: string): boolean {
  return bytes.toString('latin1', 0, magic.length) === magic;
}
