import { constants } from 'node:http2';
import { oggFile, wavFile } from '../../support/sounds';
import type { EngineCall } from './support/scriptedEngine';
import { openReply, type OpenedReply } from './support/testClient';
import { openJob } from './support/testRouter';
import { createWorld, MODEL_HASH, testModel, type World } from './support/world';

const EAR_HASH = 'ea'.repeat(32);
/** 987 ms at 60,000 nanotons a minute: 987 nanotons. */
const VOICE = wavFile({ rate: 8_000, frames: 7_893 });
const FEE = 987n;
const EAR = {
  ...{ id: 'ear', engineModel: 'engine-ear', hash: EAR_HASH, contextLength: 1, maxOutputTokens: 1 },
  ...{ capabilities: ['audio'], minCap_nano: '1000' },
  floor: { prompt_nano: '0', cached_nano: '0', completion_nano: '0', audio_nano: '60000' },
};

async function form(fields: Record<string, string | Buffer>): Promise<{ type: string; body: Buffer }> {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, new Blob([new Uint8Array(value)]), 'my holiday.wav');
  }
  const response = new Response(data);
  return { type: response.headers.get('content-type')!, body: Buffer.from(await response.arrayBuffer()) };
}

describe('a worker that hears', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ config: { models: [testModel(), EAR] } });
  });
  afterAll(() => world.end());
  beforeEach(() => {
    world.engine.calls.length = 0;
    world.engine.answer((call) => {
      call.response.writeHead(200, { 'content-type': 'application/json' });
      call.response.end(JSON.stringify({ text: 'hello', usage: { type: 'duration', seconds: 60 } }));
    });
  });

  const job = async (fields: Record<string, string | Buffer>, maxFee = 10_000n, hash = EAR_HASH) => {
    const { type, body } = await form(fields);
    const path = '/v1/audio/transcriptions';
    const head = { method: 'POST' as const, path, headers: { 'content-type': type } };
    return world.job({ path, maxFee, modelHash: Buffer.from(hash, 'hex') }, { plaintext: { head, body } });
  };
  const hear = async (...given: Parameters<typeof job>): Promise<OpenedReply> => {
    const sealed = await job(...given);
    return openReply(sealed, (await world.send(sealed)).frames);
  };
  const codeOf = ({ body }: OpenedReply) =>
    (JSON.parse(body) as { error: { code: string; param: string } }).error;

  it('worker hands the sound on byte for byte, under its own name, and bills its milliseconds', async () => {
    const opened = await hear({ file: VOICE, model: 'ear', language: 'en', response_format: 'json' });
    expect(JSON.parse(opened.body)).toMatchObject({ text: 'hello' });
    expect(opened.settlement.record).toMatchObject({
      audioMs: 987,
      fee: FEE,
      completionTokens: 0,
      promptTokens: 0,
    });
    const [call] = world.engine.calls;
    expect(call).toMatchObject({ path: '/v1/audio/transcriptions' });
    expect(call!.body).toEqual({ model: 'engine-ear', language: 'en', response_format: 'json' });
    expect(call!.files['file']!.equals(VOICE)).toBe(true);
  });

  it('worker counts the seconds that it billed', async () => {
    const seconds = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${world.worker.adminPort}/metrics`)).text();
      return Number(/^cocoon_worker_audio_seconds_total (\S+)$/m.exec(text)![1]);
    };
    const before = await seconds();
    await hear({ file: VOICE, model: 'ear' });
    await world.until(() => world.worker.status().running === 0);
    expect((await seconds()) - before).toBeCloseTo(0.987, 9);
  });

  it('worker passes on a plain text, and bills less where the engine heard less', async () => {
    world.engine.answer((call) => {
      call.response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
      call.response.end('héllo');
    });
    const plain = await hear({ file: oggFile({ preSkip: 0 }), model: 'ear', response_format: 'text' });
    expect(plain.body).toBe('héllo');
    expect(plain.settlement.record.audioMs).toBe(1_000);
    world.engine.answer((call) => {
      call.response.writeHead(200, { 'content-type': 'application/json' });
      call.response.end(JSON.stringify({ text: '', usage: { type: 'duration', seconds: 0.5 } }));
    });
    expect((await hear({ file: VOICE, model: 'ear' })).settlement.record.audioMs).toBe(500);
  });

  it('worker refuses a bad form before its engine sees it, and bills nothing', async () => {
    const cases: [Record<string, string | Buffer>, string, string][] = [
      [{ model: 'ear' }, 'invalid_request', 'file'],
      [{ file: Buffer.from('ID3 not taken'), model: 'ear' }, 'unsupported_parameter', 'file'],
      [{ file: VOICE.subarray(0, -2), model: 'ear' }, 'invalid_request', 'file'],
      [{ file: oggFile().subarray(0, -9), model: 'ear' }, 'invalid_request', 'file'],
      [{ file: VOICE, model: 'tiny' }, 'model_not_found', 'model'],
      [{ file: VOICE, model: 'ear', response_format: 'vtt' }, 'unsupported_parameter', 'response_format'],
    ];
    for (const [fields, code, param] of cases) {
      const opened = await hear(fields);
      expect(codeOf(opened)).toMatchObject({ code, param });
      expect(opened.settlement.record).toMatchObject({ fee: 0n, audioMs: 0 });
    }
    expect(world.engine.calls).toHaveLength(0);
  });

  it('worker hears for a ticket of exactly the fee, and not for a nanoton less', async () => {
    expect((await hear({ file: VOICE, model: 'ear' }, FEE)).settlement.record.fee).toBe(FEE);
    const poor = await hear({ file: VOICE, model: 'ear' }, FEE - 1n);
    expect(poor.status).toBe(422);
    expect(codeOf(poor).code).toBe('price_above_max');
  });

  it('worker sends no sound to a model that reads, and no chat to one that hears', async () => {
    const sound = await hear({ file: VOICE, model: 'tiny' }, 10_000n, MODEL_HASH.toString('hex'));
    expect(codeOf(sound)).toMatchObject({ code: 'unsupported_parameter', param: 'model' });
    const chat = await world.run({ modelHash: Buffer.from(EAR_HASH, 'hex') });
    expect(codeOf(chat)).toMatchObject({ code: 'unsupported_parameter', param: 'model' });
  });

  it('worker frees the engine when its client hangs up before the transcript, and bills nothing', async () => {
    const before = (await hear({ file: VOICE, model: 'ear' })).receipt.value;
    const silent = nextCall();
    const reply = openJob(await world.router.link(), (await job({ file: VOICE, model: 'ear' })).bytes);
    const { closed } = await silent;
    reply.stream.close(constants.NGHTTP2_CANCEL);
    await closed;
    await world.until(() => world.worker.status().free === 4);
    world.engine.answer((call) => world.engine.say(call, 'x'));
    const { value } = (await hear({ file: VOICE, model: 'ear' })).receipt;
    expect(value).toMatchObject({ jobs: before.jobs + 2n, total: before.total + FEE });
  });

  /** An engine that takes the next request and says nothing. */
  function nextCall(): Promise<EngineCall> {
    return new Promise((resolve) => world.engine.answer(resolve));
  }
});
