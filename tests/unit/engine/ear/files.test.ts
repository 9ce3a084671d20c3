import { ApiError } from '../../../../src/engine/apiError';
import { hear, openRecording } from '../../../../src/engine/ear/ear';
import { oggChecksum } from '../../../../src/engine/signals/ogg';
import { encodeOggOpus, encodeWav, morseSamples } from '../../../../src/engine/signals';

const sampleRate = 8_000;
const samples = morseSamples('SOS', { sampleRate });
const wav = encodeWav([samples], sampleRate);
const ogg = encodeOggOpus([samples], { sampleRate });

function refusal(file: Buffer, maxSeconds = 60): { code: string; status: number; message: string } | null {
  try {
    openRecording(file, maxSeconds);
    return null;
  } catch (error) {
    const { code, status, message, param } = error as ApiError;
    expect(param).toBe('file');
    return { code, status, message };
  }
}

function edited(file: Buffer, edit: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(file);
  edit(copy);
  return copy;
}

/** The same with the checksum of its last page made right again. */
function resealed(file: Buffer, edit: (page: Buffer) => void): Buffer {
  return edited(file, (copy) => {
    const page = copy.subarray(copy.lastIndexOf('OggS'));
    edit(page);
    page.writeUInt32LE(oggChecksum(page), 22);
  });
}

describe('a sound file', () => {
  it('lasts as long as its samples, in either format', () => {
    const ms = (samples.length / sampleRate) * 1_000;
    expect(openRecording(wav, 60).durationMs).toBe(ms);
    expect(openRecording(ogg, 60).durationMs).toBeCloseTo(ms, 9);
  });

  it('may last as long as the limit, and not a sample longer', () => {
    const seconds = (frames: number): Buffer => encodeWav([new Float32Array(frames)], sampleRate);
    expect(refusal(seconds(16_000), 2)).toBeNull();
    expect(refusal(seconds(16_001), 2)).toMatchObject({ status: 400, code: 'audio_too_long' });
  });

  it('of another kind is refused with the two that are taken', () => {
    const mp3 = refusal(Buffer.from('ID3 and so on'));
    expect(mp3).toMatchObject({ status: 400, code: 'unsupported_parameter' });
    expect(mp3!.message).toMatch(/WAV .* OGG\/Opus/);
    expect(refusal(Buffer.alloc(0))).toMatchObject({ code: 'unsupported_parameter' });
  });

  it.each<[string, (copy: Buffer) => void]>([
    ['a format that is no PCM', (copy) => copy.writeUInt16LE(6, 20)],
    ['12 bits', (copy) => copy.writeUInt16LE(12, 34)],
    ['three channels', (copy) => copy.writeUInt16LE(3, 22)],
    ['no channels', (copy) => copy.writeUInt16LE(0, 22)],
    ['7,999 samples per second', (copy) => copy.writeUInt32LE(7_999, 24)],
    ['48,001 samples per second', (copy) => copy.writeUInt32LE(48_001, 24)],
  ])('as WAV with %s is not taken', (_name, edit) => {
    expect(refusal(edited(wav, edit))).toMatchObject({ status: 400, code: 'unsupported_parameter' });
  });

  it.each<[string, Buffer]>([
    ['that ends before its announced size', wav.subarray(0, -1)],
    ['without samples', edited(wav, (copy) => copy.write('LIST', 36, 'latin1'))],
    ['with samples before their format', edited(wav, (copy) => copy.write('junk', 12, 'latin1'))],
    ['with half a sample', edited(wav, (copy) => copy.writeUInt32LE(samples.length * 2 - 1, 40))],
    ['with frames of a wrong size', edited(wav, (copy) => copy.writeUInt16LE(4, 32))],
    ['with nothing in it', edited(wav, (copy) => copy.writeUInt32LE(0, 40))],
  ])('as WAV %s is broken', (_name, file) => {
    expect(refusal(file)).toMatchObject({ status: 400, code: 'invalid_audio' });
  });

  it('as WAV may have other chunks and the extensible format', () => {
    const extra = Buffer.from('LIST\x03\0\0\0abc\0', 'latin1');
    expect(refusal(Buffer.concat([wav.subarray(0, 12), extra, wav.subarray(12)]))).toBeNull();
    const format = Buffer.alloc(40);
    wav.copy(format, 0, 20, 36);
    format.writeUInt16LE(0xfffe, 0);
    format.writeUInt16LE(1, 24);
    const head = Buffer.concat([wav.subarray(0, 16), Buffer.from([40, 0, 0, 0]), format]);
    expect(refusal(Buffer.concat([head, wav.subarray(36)]))).toBeNull();
  });

  const second = ogg.indexOf('OggS', 1);
  const third = ogg.indexOf('OggS', second + 1);
  const last = ogg.lastIndexOf('OggS');
  it.each<[string, Buffer]>([
    ['with one wrong bit', edited(ogg, (copy) => void (copy[copy.length - 1]! ^= 1))],
    ['that is cut off', ogg.subarray(0, -1)],
    ['with something behind', Buffer.concat([ogg, Buffer.from('more')])],
    ['without its tags', Buffer.concat([ogg.subarray(0, second), ogg.subarray(third)])],
    ['without a page in the middle', Buffer.concat([ogg.subarray(0, third), ogg.subarray(last)])],
    ['whose position is ahead of its packets', resealed(ogg, (page) => page.writeBigInt64LE(9_000_000n, 6))],
    ['whose position is before its beginning', resealed(ogg, (page) => page.writeBigInt64LE(312n, 6))],
    ['whose last packet goes on nowhere', resealed(ogg, (page) => void (page[26 + page[26]!] = 255))],
  ])('as OGG %s is broken', (_name, file) => {
    expect(refusal(file)).toMatchObject({ status: 400, code: 'invalid_audio' });
  });

  it('as OGG without a page is told which one', () => {
    const torn = Buffer.concat([ogg.subarray(0, third), ogg.subarray(last)]);
    expect(refusal(torn)!.message).toContain('page 2 is missing');
  });

  it('as OGG with something else than Opus, or with several streams, is not taken', () => {
    const vorbis = edited(ogg, (copy) => {
      copy.write('vorbisX!', 28, 'latin1');
      copy.writeUInt32LE(oggChecksum(copy.subarray(0, second)), 22);
    });
    expect(refusal(vorbis)).toMatchObject({ code: 'unsupported_parameter' });
    const chained = Buffer.concat([ogg, encodeOggOpus([samples], { sampleRate, serial: 2 })]);
    expect(refusal(chained)).toMatchObject({ code: 'unsupported_parameter' });
    const surround = edited(ogg, (copy) => {
      copy.writeUInt8(6, 28 + 9);
      copy.writeUInt32LE(oggChecksum(copy.subarray(0, second)), 22);
    });
    expect(refusal(surround)).toMatchObject({ code: 'unsupported_parameter' });
  });

  it('as OGG with packets that no decoder takes is told so when it is heard', async () => {
    // The decoder writes what it thinks of such a packet to the console as well.
    const complaint = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    // Two frames of equal size in an odd number of bytes.
    const torn = resealed(ogg, (page) => {
      const bodyAt = 27 + page[26]!;
      const odd = page.subarray(27, bodyAt).findIndex((size) => size % 2 === 0);
      const at = page.subarray(27, 27 + odd).reduce((sum, size) => sum + size, bodyAt);
      page[at] = (page[at]! & 0xfc) | 1;
    });
    const heard = hear(openRecording(torn, 60), new AbortController().signal);
    await expect(heard).rejects.toMatchObject({ status: 400, code: 'invalid_audio', param: 'file' });
    complaint.mockRestore();
  });
});

describe('the signals', () => {
  it('refuse what has no code', () => {
    expect(() => morseSamples('naïve')).toThrow('no Morse code for "Ï"');
  });
});
