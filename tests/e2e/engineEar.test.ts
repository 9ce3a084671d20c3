import OpenAI, { toFile } from 'openai';
import { ENGINE_LIMITS } from '../../src/engine/limits';
import { dtmfSamples, encodeOggOpus, encodeWav, morseSamples, withNoise } from '../../src/engine/signals';
import { eventually, startEngine, type EngineProcess } from './engineProcess';

const model = 'tiny-ear';
const sampleRate = 16_000;
const voice = (text: string): Buffer =>
  encodeOggOpus([withNoise(morseSamples(text, { sampleRate }), 0.03, 1)], { sampleRate });

describe('a client that sends sound to the development engine', () => {
  let engine: EngineProcess;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  const transcribe = async (bytes: Buffer, body: object = {}, name = 'voice.ogg') =>
    engine.client.audio.transcriptions.create({ model, file: await toFile(bytes, name), ...body });

  it('finds the model that hears beside the one that writes', async () => {
    const { data } = await engine.client.models.list();
    expect(data.map(({ id }) => id)).toEqual(['tiny-llama', model]);
    expect(await engine.client.models.retrieve(model)).toEqual(data[1]);
  });

  it('gets the text of a voice message and the seconds that it took', async () => {
    const answer = await transcribe(voice('SEND HELP'));
    expect(answer.text).toBe('SEND HELP');
    const seconds = morseSamples('SEND HELP', { sampleRate }).length / sampleRate;
    expect(answer.usage).toEqual({ type: 'duration', seconds: expect.closeTo(seconds, 4) });
  });

  it('gets the digits of a telephone from a WAV file, as plain text when it asks for that', async () => {
    const wav = encodeWav([dtmfSamples('0699 4242', { sampleRate: 8_000 })], 8_000);
    expect(await transcribe(wav, { response_format: 'text' }, 'call.wav')).toBe('0699 4242\n');
  });

  it('gets the times of segments and words when it asks for everything', async () => {
    const answer = (await transcribe(voice('ONE TWO'), {
      response_format: 'verbose_json',
      timestamp_granularities: ['segment', 'word'],
      language: 'en',
      prompt: 'numbers',
      temperature: 0.2,
    })) as unknown as OpenAI.Audio.TranscriptionVerbose;
    expect(answer).toMatchObject({ task: 'transcribe', language: 'en', text: 'ONE TWO' });
    expect(answer.segments).toMatchObject([{ id: 0, text: 'ONE TWO', temperature: 0.2 }]);
    expect(answer.words!.map(({ word }) => word)).toEqual(['ONE', 'TWO']);
    const [one, two] = answer.words!;
    expect(one!.start).toBeCloseTo(0.12, 1);
    expect(two!.start - one!.end).toBeCloseTo(7 * 0.06, 1);
    expect(two!.end).toBeLessThan(answer.duration);
  });

  it('gets no text for silence', async () => {
    const wav = encodeWav([new Float32Array(8_000)], 8_000);
    expect(await transcribe(wav)).toMatchObject({ text: '', usage: { seconds: 1 } });
  });

  it.each([
    ['stream', { stream: true }],
    ['include', { include: ['logprobs'] }],
    ['chunking_strategy', { chunking_strategy: 'auto' }],
    ['response_format', { response_format: 'srt' }],
    ['known_speaker_names', { known_speaker_names: ['ada'] }],
    ['speed', { speed: 2 }],
  ])('is told that %s is not supported', async (param, body) => {
    const refused = transcribe(voice('E'), body);
    await expect(refused).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param });
  });

  it.each([
    ['temperature', { temperature: 1.01 }],
    ['language', { language: 'English!' }],
    ['timestamp_granularities', { timestamp_granularities: ['word'] }],
    ['timestamp_granularities.0', { timestamp_granularities: ['letter'], response_format: 'verbose_json' }],
    ['prompt', { prompt: 'x'.repeat(4_097) }],
    ['model', { model: 'tiny-llama' }],
  ])('is told that its %s is wrong', async (param, body) => {
    await expect(transcribe(voice('E'), body)).rejects.toMatchObject({ status: 400, param });
  });

  it('is told what is wrong with its file', async () => {
    const file = voice('E');
    await expect(transcribe(file.subarray(0, -1))).rejects.toMatchObject({
      code: 'invalid_audio',
      param: 'file',
    });
    const mp3 = transcribe(Buffer.from('ID3 is how an MP3 file begins'));
    await expect(mp3).rejects.toMatchObject({ code: 'unsupported_parameter', param: 'file' });
    await expect(mp3).rejects.toThrow(/WAV.*OGG\/Opus/);
    const missing = engine.client.post('/audio/transcriptions', { body: new FormData() });
    await expect(missing).rejects.toMatchObject({ status: 400 });
    await expect(transcribe(file, { model: 'whisper-1' })).rejects.toMatchObject({
      status: 404,
      param: 'model',
    });
  });

  it('may send sound up to the limit of its length, and not one sample more', async () => {
    const wav = (samples: number): Buffer => {
      // Silence of any length from a head alone: encoding minutes of it would take longer than a connection is kept.
      const head = encodeWav([new Float32Array(2)], 8_000, 'pcm8').subarray(0, 44);
      head.writeUInt32LE(samples, 40);
      return Buffer.concat([head, Buffer.alloc(samples, 128)]);
    };
    const most = ENGINE_LIMITS.audioMaxSeconds * 8_000;
    expect(await transcribe(wav(most))).toMatchObject({ usage: { seconds: ENGINE_LIMITS.audioMaxSeconds } });
    await expect(transcribe(wav(most + 1))).rejects.toMatchObject({ status: 400, code: 'audio_too_long' });
  });

  it('is answered 413 for a body above the limit', async () => {
    const refused = transcribe(Buffer.alloc(ENGINE_LIMITS.audioBodyMaxBytes));
    await expect(refused).rejects.toMatchObject({ status: 413, code: 'body_too_large' });
  });

  it('frees the ear by going away', async () => {
    const gone = new AbortController();
    const wav = encodeWav([morseSamples('PARIS '.repeat(20).trim(), { sampleRate: 8_000 })], 8_000);
    const file = await toFile(wav, 'long.wav');
    const answer = engine.client.audio.transcriptions.create({ model, file }, { signal: gone.signal });
    await eventually(async () => (await engine.metric('vllm:num_requests_running')) === 1);
    gone.abort();
    await expect(answer).rejects.toThrow('aborted');
    await eventually(async () => (await engine.metric('vllm:num_requests_running')) === 0);
  });

  it('is counted in the metrics', async () => {
    const before = await engine.metric('cocoon_engine_audio_seconds_total');
    const { usage } = await transcribe(voice('SOS'));
    const after = await engine.metric('cocoon_engine_audio_seconds_total');
    expect(after - before).toBeCloseTo((usage as { seconds: number }).seconds, 4);
  });
});
