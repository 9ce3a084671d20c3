import { ApiError } from '../../../src/engine/apiError';
import { eventStream } from '../../../src/engine/http/sse';

/** Counts up for ever; `ended` tells whether its slot would be free again. */
function counter(): { events: AsyncGenerator<unknown, void>; ended: () => boolean } {
  let ended = false;
  async function* count(): AsyncGenerator<unknown, void> {
    try {
      for (let n = 0; ; n++) yield await Promise.resolve(n);
    } finally {
      ended = true;
    }
  }
  return { events: count(), ended: () => ended };
}

async function* two(): AsyncGenerator<unknown, void> {
  yield await Promise.resolve({ n: 1 });
  yield { n: 2 };
}

const never = new AbortController().signal;

describe('event stream', () => {
  it('ends with [DONE] when the events end', async () => {
    expect(await eventStream(two(), never).text()).toBe('data: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n');
  });

  it('ends with the error, and never with [DONE], when the events fail', async () => {
    async function* failing(): AsyncGenerator<unknown, void> {
      yield await Promise.resolve(1);
      throw new ApiError(503, 'engine_overloaded', 'The engine is stopping.');
    }
    const text = await eventStream(failing(), never).text();
    expect(text).toContain('"code":"engine_overloaded"');
    expect(text).not.toContain('[DONE]');
  });

  it('ends the events when the client cancels', async () => {
    const { events, ended } = counter();
    const reader = eventStream(events, never).body!.getReader();
    await reader.read();
    await reader.cancel();
    expect(ended()).toBe(true);
  });

  it('ends the events of a client that has stopped reading, and tells it why', async () => {
    const { events, ended } = counter();
    const job = new AbortController();
    const reader = eventStream(events, job.signal).body!.getReader();
    await reader.read();
    job.abort(new ApiError(504, 'job_timeout', 'The request ran too long.'));
    await new Promise(setImmediate);
    expect(ended()).toBe(true);

    let rest = '';
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      rest += Buffer.from(next.value).toString();
    }
    expect(rest).toContain('"code":"job_timeout"');
    expect(rest).not.toContain('[DONE]');
  });

  it('does not run ahead of a client that reads slowly', async () => {
    let made = 0;
    async function* count(): AsyncGenerator<unknown, void> {
      for (;;) yield await Promise.resolve(made++);
    }
    const reader = eventStream(count(), never).body!.getReader();
    for (let n = 0; n < 5; n++) await reader.read();
    expect(made).toBeLessThanOrEqual(7);
    await reader.cancel();
  });
});
