import { createIdempotency, type Idempotency, type RequestName } from '../../../src/client/idempotency';
import { createRecording } from '../../../src/client/recording';
import { CocoonError } from '../../../src/protocol/errors';

const LIMITS = {
  idempotencyKeys: 3,
  idempotencyKeyChars: 10,
  idempotencyAnswerBytes: 100,
  idempotencyBytes: 150,
};
const NOBODY = new AbortController().signal;

/** Something to ask, that counts how often it was asked. */
function createAsker() {
  let pieces: ReadableStreamDefaultController<Uint8Array> | null = null;
  const asker = {
    asked: 0,
    signal: NOBODY,
    say: (text: string) => pieces!.enqueue(new TextEncoder().encode(text)),
    end: () => pieces!.close(),
    whole:
      (text: string, status = 200) =>
      (signal: AbortSignal) => {
        asker.asked += 1;
        asker.signal = signal;
        return Promise.resolve(
          new Response(text, { status, headers: { 'content-type': 'application/json' } }),
        );
      },
    stream: (signal: AbortSignal) => {
      asker.asked += 1;
      asker.signal = signal;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (pieces = controller) });
      signal.addEventListener('abort', () => pieces?.error(signal.reason));
      return Promise.resolve(new Response(body, { headers: { 'content-type': 'text/event-stream' } }));
    },
  };
  return asker;
}

describe('requests under one Idempotency-Key', () => {
  const name = (over: Partial<RequestName> = {}): RequestName => ({
    ...{ caller: 'ann', key: 'k', fingerprint: Buffer.from('body') },
    ...over,
  });
  const textOf = async (answer: Promise<Response>): Promise<string> => (await answer).text();
  const refused = async (act: () => Promise<unknown>): Promise<{ code: string; param: string | null }> => {
    try {
      await act();
    } catch (error) {
      const { code, param } = error as CocoonError;
      return { code, param };
    }
    return { code: 'accepted', param: null };
  };
  const conflict = { code: 'idempotency_conflict', param: 'idempotency-key' };
  let box: Idempotency;
  let asker: ReturnType<typeof createAsker>;
  beforeEach(() => {
    box = createIdempotency(LIMITS);
    asker = createAsker();
  });

  it('are asked once, one after the other and at once, and the second is told so', async () => {
    const both = [box.run(name(), NOBODY, asker.whole('one')), box.run(name(), NOBODY, asker.whole('two'))];
    expect(await Promise.all(both.map(textOf))).toEqual(['one', 'one']);
    const third = await box.run(name(), NOBODY, asker.whole('three'));
    expect(third.headers.get('idempotent-replayed')).toBe('true');
    expect((await both[0]!).headers.get('idempotent-replayed')).toBeNull();
    expect(await third.text()).toBe('one');
    expect(asker.asked).toBe(1);
  });

  it('are asked each time without a key', async () => {
    await box.run(name({ key: null }), NOBODY, asker.whole('a'));
    await box.run(name({ key: null }), NOBODY, asker.whole('a'));
    expect(asker.asked).toBe(2);
  });

  it('conflict when they ask for another thing, and belong to one caller', async () => {
    await box.run(name(), NOBODY, asker.whole('for ann'));
    const other = () => box.run(name({ fingerprint: Buffer.from('other') }), NOBODY, asker.whole('x'));
    expect(await refused(other)).toEqual(conflict);
    expect(await textOf(box.run(name({ caller: 'bob' }), NOBODY, asker.whole('for bob')))).toBe('for bob');
  });

  it('share a stream from its beginning, also while it runs', async () => {
    const first = (await box.run(name(), NOBODY, asker.stream)).body!.getReader();
    asker.say('data: 1\n\n');
    expect((await first.read()).value).toHaveLength(9);
    const second = textOf(box.run(name(), NOBODY, asker.stream));
    asker.say('data: 2\n\n');
    asker.end();
    expect(await second).toBe('data: 1\n\ndata: 2\n\n');
    expect((await first.read()).value).toHaveLength(9);
    expect((await first.read()).done).toBe(true);
    expect(await textOf(box.run(name(), NOBODY, asker.stream))).toBe('data: 1\n\ndata: 2\n\n');
    expect(asker.asked).toBe(1);
  });

  it('end a stream when the last of them leaves, not before; what was handed out is not asked for again', async () => {
    const first = await box.run(name(), NOBODY, asker.stream);
    const second = (await box.run(name(), NOBODY, asker.stream)).body!.getReader();
    asker.say('data: 1\n\n');
    await first.body!.cancel();
    expect(asker.signal.aborted).toBe(false);
    expect((await second.read()).done).toBe(false);
    await second.cancel();
    expect(asker.signal.aborted).toBe(true);
    expect(await refused(() => box.run(name(), NOBODY, asker.stream))).toEqual(conflict);
    expect(asker.asked).toBe(1);
  });

  it('are asked again when nothing had been handed out: by an abort before the answer, or of a stream before its first word', async () => {
    const early = new AbortController();
    const waiting = box.run(name(), early.signal, (signal) => {
      asker.signal = signal;
      return new Promise<Response>((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('left'))),
      );
    });
    early.abort(new Error('bored'));
    await expect(waiting).rejects.toThrow('bored');
    expect(asker.signal.aborted).toBe(true);
    await (await box.run(name(), NOBODY, asker.stream)).body!.cancel();
    expect(await textOf(box.run(name(), NOBODY, asker.whole('again')))).toBe('again');
    expect(asker.asked).toBe(2);
  });

  it('get the whole answer that was paid while its first reader left', async () => {
    const leaver = new AbortController();
    const answer = await box.run(name(), leaver.signal, asker.whole('paid'));
    leaver.abort(new Error('gone'));
    await expect(answer.text()).rejects.toThrow('gone');
    expect(await textOf(box.run(name(), NOBODY, asker.whole('twice')))).toBe('paid');
    expect(asker.asked).toBe(1);
  });

  it('may be tried again after a failure, which all that waited get', async () => {
    const busy = (): Promise<Response> => Promise.reject(new CocoonError('worker_busy', 'Busy.'));
    const both = [box.run(name(), NOBODY, busy), box.run(name(), NOBODY, asker.whole('unasked'))];
    for (const answer of await Promise.allSettled(both)) expect(answer.status).toBe('rejected');
    expect(await textOf(box.run(name(), NOBODY, asker.whole('no', 400)))).toBe('no');
    expect(await textOf(box.run(name(), NOBODY, asker.whole('yes')))).toBe('yes');
    expect(asker.asked).toBe(2);
  });

  it('break alike when the stream breaks', async () => {
    const answer = await box.run(name(), NOBODY, asker.stream);
    const again = box.run(name(), NOBODY, asker.stream).then((response) => response.text());
    asker.signal.dispatchEvent(new Event('abort'));
    await expect(answer.text()).rejects.toBeDefined();
    await expect(again).rejects.toBeDefined();
  });

  it('are bounded: an answer of 101 bytes is not kept, one of 100 is, and a name that is left is refused, not run', async () => {
    const long = (bytes: number) => asker.whole('x'.repeat(bytes));
    expect(await textOf(box.run(name({ key: 'a' }), NOBODY, long(100)))).toHaveLength(100);
    expect(await textOf(box.run(name({ key: 'a' }), NOBODY, long(100)))).toHaveLength(100);
    expect(await textOf(box.run(name({ key: 'b' }), NOBODY, long(101)))).toHaveLength(101);
    expect(await refused(() => box.run(name({ key: 'b' }), NOBODY, long(101)))).toEqual(conflict);
    // 100 and 51 are more than 150: the oldest goes.
    await textOf(box.run(name({ key: 'c' }), NOBODY, long(51)));
    expect(await refused(() => box.run(name({ key: 'a' }), NOBODY, long(100)))).toEqual(conflict);
    expect(await textOf(box.run(name({ key: 'c' }), NOBODY, long(51)))).toHaveLength(51);
    expect(asker.asked).toBe(3);
  });

  it('are bounded in number: the oldest name of four is forgotten', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await textOf(box.run(name({ key }), NOBODY, asker.whole(key)));
    await textOf(box.run(name({ key: 'b' }), NOBODY, asker.whole('b')));
    expect(asker.asked).toBe(4);
    await textOf(box.run(name({ key: 'a' }), NOBODY, asker.whole('a')));
    expect(asker.asked).toBe(5);
  });

  it('have a key of 1 to 10 characters', async () => {
    const bad = { code: 'invalid_request', param: 'idempotency-key' };
    expect(await refused(() => box.run(name({ key: '' }), NOBODY, asker.whole('')))).toEqual(bad);
    expect(await refused(() => box.run(name({ key: 'x'.repeat(11) }), NOBODY, asker.whole('')))).toEqual(bad);
    expect((await refused(() => box.run(name({ key: 'x'.repeat(10) }), NOBODY, asker.whole('')))).code).toBe(
      'accepted',
    );
  });

  it('whose answer outgrows its bound still reach whoever is reading', async () => {
    const first = (await box.run(name(), NOBODY, asker.stream)).body!.getReader();
    const second = (await box.run(name(), NOBODY, asker.stream)).body!.getReader();
    asker.say('x'.repeat(60));
    asker.say('y'.repeat(60));
    asker.say('z');
    asker.end();
    const sizes = async (reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number[]> => {
      const read: number[] = [];
      for (let next = await reader.read(); !next.done; next = await reader.read())
        read.push(next.value.length);
      return read;
    };
    expect(await sizes(first)).toEqual([60, 60, 1]);
    expect(await sizes(second)).toEqual([60, 60, 1]);
  });
});

it('an answer that is released keeps no more than its slowest reader still needs', async () => {
  const asker = createAsker();
  let kept = 0;
  const recording = createRecording(asker.stream, {
    kept: (bytes) => void (kept += bytes),
    abandoned: () => undefined,
  });
  const [fast, slow] = await Promise.all(
    [1, 2].map(async () => (await recording.read(NOBODY)).body!.getReader()),
  );
  asker.say('x'.repeat(60));
  asker.say('y'.repeat(30));
  await fast!.read();
  await fast!.read();
  expect(kept).toBe(90);
  recording.release();
  expect(kept).toBe(90);
  await slow!.read();
  expect(kept).toBe(30);
  await slow!.read();
  expect(kept).toBe(0);
});
