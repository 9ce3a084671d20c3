import fc from 'fast-check';
import OpusScript from 'opusscript';
import { CocoonError } from '../../../../src/protocol/errors';
import { soundOf } from '../../../../src/protocol/audio/sound';
import {
  finishPage,
  oggFile,
  oggPage,
  OPUS_PRE_SKIP,
  opusHead,
  opusTags,
  PACKET_20_MS,
  wavFile,
  type OggFacts,
  type WavFacts,
} from '../../../support/sounds';

const milliseconds = (file: Buffer): number => soundOf(file).milliseconds;

/** Code, field and message of the refusal. */
function refusal(file: Buffer): { code: string; param: string | null; message: string } {
  try {
    soundOf(file);
  } catch (error) {
    const { code, param, message } = error as CocoonError;
    return { code, param, message };
  }
  return { code: 'accepted', param: null, message: '' };
}
const lie = (words: RegExp) => ({
  code: 'invalid_request',
  param: 'file',
  message: expect.stringMatching(words) as string,
});

describe('a WAV file', () => {
  it('lasts as many milliseconds as its samples take, rounded up, whatever it holds', () => {
    const kinds = [8, 16, 24, 32].map((bits) => ({ bits, float: false }));
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds, { bits: 32, float: true }, { bits: 64, float: true }),
        fc.integer({ min: 4_000, max: 192_000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.boolean(),
        (kind, rate, channels, frames, extensible) => {
          const file = wavFile({ ...kind, rate, channels, frames, extensible });
          expect(milliseconds(file)).toBe(Math.ceil((frames * 1_000) / rate));
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is measured past parts that are not sound', () => {
    const extra: WavFacts['extra'] = [
      ['LIST', Buffer.alloc(9)],
      ['fact', Buffer.alloc(4)],
    ];
    expect(milliseconds(wavFile({ extra }))).toBe(1_000);
  });

  it.each<[string, Buffer, RegExp]>([
    ['more sound than came', wavFile({ dataBytes: 32_002 }), /claims 32002 bytes, and 32000 came/],
    ['sound without end', wavFile({ dataBytes: 0xffff_ffff }), /claims/],
    ['less sound than came', wavFile({ dataBytes: 2 }), /claims|ends within|two/],
    ['a longer file', wavFile({ riffBytes: 32_037 }), /says that it has 32045 bytes, and 32044 came/],
    ['a shorter file', wavFile({ riffBytes: 32_035 }), /says that it has/],
    ['half a sample', wavFile({ bits: 24, frames: 2, dataBytes: 5 }), /within a sample|claims|header/],
    ['no sound', wavFile({ frames: 0 }), /empty/],
    ['a file of its first bytes', wavFile().subarray(0, 11), /neither|cut/],
    ['a cut file', wavFile().subarray(0, 20_000), /says that it has/],
    ['compressed sound', withTag(wavFile(), 2), /integers of 8, 16, 24 or 32 bits/],
    ['samples of 12 bits', wavFile({ bits: 12, frames: 4 }), /integers/],
    ['floats of 16 bits', wavFile({ bits: 16, float: true }), /integers/],
    ['nine channels', wavFile({ channels: 9, frames: 10 }), /1 to 8 channels/],
    ['no channel', withChannels(wavFile(), 0, 0), /1 to 8 channels/],
    ['samples that take more bytes than they do', withChannels(wavFile(), 1, 4), /as many bytes per sample/],
    ['samples that take fewer', withChannels(wavFile(), 2, 2), /as many bytes per sample/],
    ['3999 samples per second', wavFile({ rate: 3_999 }), /4000 to 192000/],
    ['192001 samples per second', wavFile({ rate: 192_001 }), /4000 to 192000/],
    ['two pieces of sound', wavFile({ extra: [['data', Buffer.alloc(2)]] }), /two pieces/],
    ['two formats', wavFile({ extra: [['fmt ', wavFile().subarray(20, 36)]] }), /two formats/],
  ])('that claims %s is refused', (_, file, words) => {
    const refused = refusal(file);
    expect(refused.code).not.toBe('accepted');
    expect(refused).toMatchObject({ param: 'file', message: expect.stringMatching(words) as string });
  });
});

describe('an OGG/Opus file', () => {
  it('lasts from its pre-skip to its last position', () => {
    expect(milliseconds(oggFile())).toBe(Math.ceil((50 * 960 - OPUS_PRE_SKIP) / 48));
    expect(milliseconds(oggFile({ preSkip: 0 }))).toBe(1_000);
  });

  it('lasts as long as a decoder makes it, for sound that an encoder made', () => {
    const decoder = new OpusScript(48_000, 1, OpusScript.Application.VOIP);
    for (const frames of [1, 7, 60]) {
      const packets = encoded(frames);
      const samples = packets.reduce((sum, packet) => sum + decoder.decode(packet).length / 2, 0);
      const file = oggFile({ packets, perPage: 20 });
      expect(milliseconds(file)).toBe(Math.ceil(((samples - OPUS_PRE_SKIP) * 1_000) / 48_000));
    }
    decoder.delete();
  });

  it('is measured the same however its packets lie on pages', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (sizes, perPage) => {
          const packets = sizes.map((size) => Buffer.concat([PACKET_20_MS, Buffer.alloc(size % 900)]));
          const whole = Math.ceil((packets.length * 960 - OPUS_PRE_SKIP) / 48);
          expect(milliseconds(oggFile({ packets, perPage: Math.min(perPage, 40) }))).toBe(whole);
        },
      ),
      { seed: 2, numRuns: 100 },
    );
  });

  it('may end up to 120 ms before its last packet does, and not a sample more', () => {
    const at = (trimmed: number) => oggFile({ lastGranule: BigInt(50 * 960 - trimmed) });
    expect(milliseconds(at(5_760))).toBe(Math.ceil((50 * 960 - 5_760 - OPUS_PRE_SKIP) / 48));
    expect(refusal(at(5_761))).toEqual(lie(/holds more sound than its positions say/));
  });

  it('pays for what was lost in its middle', () => {
    const gap: OggFacts['bend'] = (pages) =>
      pages.map((p, i) => (i < 2 ? p : { ...p, granule: p.granule + 48_000n }));
    expect(milliseconds(oggFile({ bend: gap, preSkip: 0 }))).toBe(2_000);
  });

  it('whose tags run over several pages is read', () => {
    const tags = opusTags('x'.repeat(600));
    const page = (lacing: number[], from: number, more: object) => {
      const bytes = lacing.reduce((a, b) => a + b);
      const body = tags.subarray(from, from + bytes);
      return finishPage({ lacing, body, granule: 0n, flags: 0, serial: 7, sequence: 1, ...more });
    };
    const file = Buffer.concat([
      oggPage({ packets: [opusHead(0)], granule: 0n, flags: 2 }),
      page([255], 0, { granule: -1n }),
      page([255, 106], 255, { flags: 1, sequence: 2 }),
      oggPage({ packets: [PACKET_20_MS], granule: 960n, flags: 4, sequence: 3 }),
    ]);
    expect(tags).toHaveLength(616);
    expect(milliseconds(file)).toBe(20);
  });

  it.each<[string, { lacing: number[]; flags: number }[], RegExp]>([
    [
      'that nothing goes on with',
      [
        { lacing: [255], flags: 0 },
        { lacing: [2], flags: 4 },
      ],
      /half a packet/,
    ],
    [
      'that nothing began',
      [
        { lacing: [2], flags: 1 },
        { lacing: [2], flags: 4 },
      ],
      /half a packet/,
    ],
    ['at its end', [{ lacing: [2, 255], flags: 4 }], /ends within a packet/],
  ])('with half a packet %s is refused', (_, pages, words) => {
    const sound = Buffer.alloc(300, 0xf8);
    const file = Buffer.concat([
      oggPage({ packets: [opusHead(0)], granule: 0n, flags: 2 }),
      oggPage({ packets: [opusTags()], granule: 0n, sequence: 1 }),
      ...pages.map(({ lacing, flags }, i) => {
        const body = sound.subarray(
          0,
          lacing.reduce((a, b) => a + b),
        );
        return finishPage({ lacing, body, flags, granule: 4_800n, serial: 7, sequence: i + 2 });
      }),
    ]);
    expect(refusal(file)).toEqual(lie(words));
  });

  it('that is cut anywhere is refused', () => {
    const file = oggFile({ packets: encoded(12), perPage: 4 });
    expect(refusal(file).code).toBe('accepted');
    for (let bytes = 4; bytes < file.length; bytes++) {
      expect(refusal(file.subarray(0, bytes))).toMatchObject({ code: 'invalid_request', param: 'file' });
    }
  });

  it('of which any byte was changed after its writing is refused', () => {
    const file = oggFile({ packets: encoded(3) });
    for (let at = 0; at < file.length; at++) {
      const changed = Buffer.from(file);
      changed[at]! ^= 0x10;
      expect(refusal(changed).code).not.toBe('accepted');
    }
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'positions that run backwards',
      bent((pages) => pages.map((p, i) => (i === 2 ? { ...p, granule: 50_000n } : p)), 20),
      /positions/,
    ],
    [
      'positions below its packets',
      bent((pages) => pages.map((p, i) => (i === 2 ? { ...p, granule: 10n } : p)), 20),
      /positions/,
    ],
    [
      'no last position',
      bent((pages) => [...pages.slice(0, -1), { ...pages.at(-1)!, granule: -1n }]),
      /where it ends/,
    ],
    ['two streams', bent((pages) => pages.map((p, i) => ({ ...p, serial: i }))), /more than one stream/],
    ['a missing page', bent((pages) => pages.filter((_, i) => i !== 2), 20), /missing/],
    ['a second stream behind it', Buffer.concat([oggFile(), oggFile()]), /follows the end/],
    [
      'two beginnings',
      bent((pages) => pages.map((p) => ({ ...p, flags: (p.flags ?? 0) | 2 }))),
      /begin once/,
    ],
    [
      'no tags',
      bent((pages) => pages.map((p, i) => (i === 1 ? { ...p, packets: [PACKET_20_MS] } : p))),
      /tags/,
    ],
    [
      'Vorbis',
      bent((pages) => pages.map((p, i) => (i === 0 ? { ...p, packets: [Buffer.from('\x01vorbis')] } : p))),
      /not hold Opus/,
    ],
    ['an empty packet', oggFile({ packets: [Buffer.alloc(0)] }), /not Opus/],
    ['a packet of 180 ms', oggFile({ packets: [Buffer.from([(3 << 3) | 3, 3])] }), /not Opus/],
    ['no sound', bent((pages) => [pages[0]!, { ...pages[1]!, flags: 4 }]), /no sound/],
    ['less than its pre-skip', oggFile({ packets: [PACKET_20_MS], preSkip: 960 }), /empty/],
  ])('with %s is refused', (_, file, words) => {
    expect(refusal(file)).toEqual(lie(words));
  });
});

describe('a sound', () => {
  it.each(['ID3\x03', '\xff\xfb\x90\x00', 'fLaC', '\x00\x00\x00\x1cftypM4A ', ''])(
    'of another format (%j) is refused, and the two that are taken are named',
    (start) => {
      const file = Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(100)]);
      expect(refusal(file)).toEqual({
        code: 'unsupported_parameter',
        param: 'file',
        message: 'The file is neither WAV (PCM) nor OGG/Opus.',
      });
    },
  );

  it('lasts four hours at most', () => {
    const hours = 4 * 3_600 * 4_000;
    const longest = wavFile({ rate: 4_000, bits: 8, frames: hours });
    expect(milliseconds(longest)).toBe(14_400_000);
    expect(refusal(wavFile({ rate: 4_000, bits: 8, frames: hours + 1 }))).toEqual(
      lie(/at most 14400 seconds/),
    );
  });
});

function withChannels(file: Buffer, channels: number, frameBytes: number): Buffer {
  file.writeUInt16LE(channels, 22);
  file.writeUInt16LE(frameBytes, 32);
  return file;
}

function withTag(file: Buffer, tag: number): Buffer {
  file.writeUInt16LE(tag, 20);
  return file;
}

function bent(bend: NonNullable<OggFacts['bend']>, perPage = 50): Buffer {
  return oggFile({ bend, perPage });
}

/** Frames of 20 ms of a rising tone, as libopus encodes them. */
function encoded(frames: number): Buffer[] {
  const encoder = new OpusScript(48_000, 1, OpusScript.Application.VOIP);
  const packets = Array.from({ length: frames }, (_, frame) => {
    const pcm = Buffer.alloc(960 * 2);
    for (let i = 0; i < 960; i++)
      pcm.writeInt16LE(Math.round(8_000 * Math.sin((frame * 960 + i) / 15)), i * 2);
    return Buffer.from(encoder.encode(pcm, 960));
  });
  encoder.delete();
  return packets;
}
