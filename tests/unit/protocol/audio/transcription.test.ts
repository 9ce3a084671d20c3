import fc from 'fast-check';
import { readTranscription, transcriptionFingerprint } from '../../../../src/protocol/audio/transcription';
import { CocoonError } from '../../../../src/protocol/errors';
import { oggFile, wavFile } from '../../../support/sounds';

const SOUND = oggFile();

const TIMES = 'timestamp_granularities[]';
const VERBOSE: Field = ['response_format', 'verbose_json'];
const thrice = (field: Field): Field[] => [field, field, field];

type Field = [name: string, value: string | Buffer];
const GOOD: Field[] = [
  ['file', SOUND],
  ['model', 'ear'],
];

async function encode(fields: readonly Field[]): Promise<{ type: string; body: Buffer }> {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), 'voice.ogg');
  }
  const response = new Response(form);
  return { type: response.headers.get('content-type')!, body: Buffer.from(await response.arrayBuffer()) };
}

async function read(fields: readonly Field[]) {
  const { type, body } = await encode(fields);
  return readTranscription(type, body);
}

async function refusal(reading: Promise<unknown>): Promise<[code: string, param: string | null]> {
  try {
    await reading;
  } catch (error) {
    const { code, param } = error as CocoonError;
    return [code, param];
  }
  return ['accepted', null];
}

describe('a transcription form', () => {
  it('is read with its sound byte for byte, and its options', async () => {
    const options: Field[] = [
      ['language', 'en-GB'],
      ['prompt', 'Héron'],
      ['temperature', '0.2'],
      ['response_format', 'verbose_json'],
      ['stream', 'false'],
    ];
    const form = await read([...GOOD, ...options]);
    expect(form).toMatchObject({
      model: 'ear',
      sound: { container: 'ogg' },
      options: { language: 'en-GB', prompt: 'Héron', temperature: '0.2', response_format: 'verbose_json' },
    });
    expect(form.options).not.toHaveProperty('stream');
    expect(form.file.equals(SOUND)).toBe(true);
  });

  it('carries any bytes, also those that look like its own boundaries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const junk = Buffer.concat([Buffer.from('\r\n--'), Buffer.from(bytes), Buffer.from('\r\n\r\n')]);
        const sound = wavFile({ frames: 10, extra: [['JUNK', junk]] });
        expect(
          (
            await read([
              ['file', sound],
              ['model', 'ear'],
            ])
          ).file.equals(sound),
        ).toBe(true);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it.each<[string, Field[], string, string]>([
    ['no file', [['model', 'ear']], 'invalid_request', 'file'],
    [
      'a text for a file',
      [
        ['file', 'x'],
        ['model', 'ear'],
      ],
      'invalid_request',
      'file',
    ],
    ['two files', [...GOOD, ['file', SOUND]], 'invalid_request', 'file'],
    ['no model', [['file', SOUND]], 'invalid_request', 'model'],
    [
      'a file for a model',
      [
        ['file', SOUND],
        ['model', SOUND],
      ],
      'invalid_request',
      'model',
    ],
    [
      'subtitles asked for',
      [...GOOD, ['response_format', 'srt']],
      'unsupported_parameter',
      'response_format',
    ],
    ['a stream asked for', [...GOOD, ['stream', 'true']], 'unsupported_parameter', 'stream'],
    ['a field of tomorrow', [...GOOD, ['diarize', 'yes']], 'unsupported_parameter', 'diarize'],
    ['times in JSON', [...GOOD, [TIMES, 'word']], 'invalid_request', TIMES],
    ['times of notes', [...GOOD, VERBOSE, [TIMES, 'note']], 'invalid_request', TIMES],
    ['times three times', [...GOOD, VERBOSE, ...thrice([TIMES, 'word'])], 'invalid_request', TIMES],
    ['a language in words', [...GOOD, ['language', 'English']], 'invalid_request', 'language'],
    ['a temperature of 1.1', [...GOOD, ['temperature', '1.1']], 'invalid_request', 'temperature'],
    ['a temperature in words', [...GOOD, ['temperature', 'hot']], 'invalid_request', 'temperature'],
    ['a prompt that is too long', [...GOOD, ['prompt', 'x'.repeat(8_193)]], 'invalid_request', 'prompt'],
    [
      'a sound of another format',
      [
        ['file', Buffer.from('ID3 and more')],
        ['model', 'ear'],
      ],
      'unsupported_parameter',
      'file',
    ],
  ])('with %s is refused, naming the field', async (_, fields, code, param) => {
    expect(await refusal(read(fields))).toEqual([code, param]);
  });

  it('may ask for times of words and of segments', async () => {
    const form = await read([...GOOD, VERBOSE, [TIMES, 'word'], [TIMES, 'segment']]);
    expect(form.granularities).toEqual(['word', 'segment']);
  });

  it.each(['0', '1', '1.0', '0.55'])('may ask for a temperature of %s', async (temperature) => {
    expect((await read([...GOOD, ['temperature', temperature]])).options.temperature).toBe(temperature);
  });

  it('that is no multipart, or a cut or broken one, is refused', async () => {
    const { type, body } = await encode(GOOD);
    expect(await refusal(readTranscription('application/json', body))).toEqual([
      'unsupported_media_type',
      null,
    ]);
    expect(await refusal(readTranscription('multipart/form-data', body))).toEqual([
      'unsupported_media_type',
      null,
    ]);
    const bad = ['invalid_request', null];
    expect(await refusal(readTranscription('multipart/form-data; boundary=other', body))).toEqual(bad);
    expect(await refusal(readTranscription(type, body.subarray(0, -20)))).toEqual(bad);
    expect(await refusal(readTranscription(type, body.subarray(0, 60)))).toEqual(bad);
    expect(await refusal(readTranscription(type, Buffer.alloc(0)))).toEqual(bad);
  });

  it('is the same request whatever boundary and order it travels with, and another one with another word', async () => {
    const print = async (fields: Field[]) => transcriptionFingerprint(await read(fields)).toString('hex');
    const one = await print([...GOOD, ['prompt', 'p'], ['language', 'en']]);
    expect(
      await print([
        ['language', 'en'],
        ['prompt', 'p'],
        ['model', 'ear'],
        ['file', SOUND],
      ]),
    ).toBe(one);
    expect(await print([...GOOD, ['prompt', 'q'], ['language', 'en']])).not.toBe(one);
    expect(
      await print([
        ['file', wavFile()],
        ['model', 'ear'],
        ['prompt', 'p'],
        ['language', 'en'],
      ]),
    ).not.toBe(one);
  });
});
