import { PassThrough } from 'node:stream';
import { createBodyReader } from '../../../src/worker/body';
import { createTestTimers } from './support/timers';

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'read',
    (error: { code: string }) => error.code,
  );

describe('worker reads bodies', () => {
  it('body of exactly the limit is read, one byte more is refused', async () => {
    const read = createBodyReader(createTestTimers());
    const fits = new PassThrough();
    fits.end(Buffer.alloc(10));
    expect(await read(fits, 10)).toHaveLength(10);
    const over = new PassThrough();
    over.end(Buffer.alloc(11));
    expect(await code(read(over, 10))).toBe('body_too_large');
  });

  it('body that takes longer than a minute is refused', async () => {
    const timers = createTestTimers();
    const slow = new PassThrough();
    const refused = code(createBodyReader(timers)(slow, 10));
    slow.write('a');
    timers.advance(59_999);
    timers.advance(1);
    expect(await refused).toBe('request_timeout');
  });

  it('body that is cut is refused', async () => {
    const cut = new PassThrough();
    const refused = code(createBodyReader(createTestTimers())(cut, 10));
    cut.write('a');
    cut.destroy();
    expect(await refused).toBe('invalid_request');
  });

  it('bodies beyond the number or the bytes that may arrive at once are refused, and room comes back', async () => {
    const read = createBodyReader(createTestTimers(), { bodies: 2, bytes: 8 });
    const [first, second, third] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const reading = [read(first, 10), code(read(second, 10))];
    expect(await code(read(third, 10))).toBe('worker_busy');
    first.write(Buffer.alloc(4));
    second.write(Buffer.alloc(5));
    expect(await reading[1]).toBe('worker_busy');
    first.end(Buffer.alloc(4));
    expect(await reading[0]).toHaveLength(8);
    const next = new PassThrough();
    next.end(Buffer.alloc(8));
    expect(await read(next, 10)).toHaveLength(8);
  });
});
