import { createSlotPool } from '../../../src/engine/slotPool';

const never = new AbortController().signal;
const any = (): number => 0;

describe('slot pool', () => {
  it('gives the slot that the request prefers', async () => {
    const pool = createSlotPool(['a', 'b', 'c'], 0);
    const lease = await pool.acquire((slot) => (slot === 'b' ? 1 : 0), never);
    expect(lease.slot).toBe('b');
    expect(pool.running()).toBe(1);
  });

  it('lets as many requests wait as the queue holds, and answers the next one 429', async () => {
    const pool = createSlotPool(['a'], 1);
    const first = await pool.acquire(any, never);
    const second = pool.acquire(any, never);
    expect(pool.waiting()).toBe(1);
    await expect(pool.acquire(any, never)).rejects.toMatchObject({
      status: 429,
      code: 'rate_limit_exceeded',
    });
    first.release();
    expect((await second).slot).toBe('a');
  });

  it('serves those who wait in the order in which they came', async () => {
    const pool = createSlotPool(['a'], 2);
    const served: string[] = [];
    const first = await pool.acquire(any, never);
    const waiting = ['second', 'third'].map(async (name) => {
      const lease = await pool.acquire(any, never);
      served.push(name);
      lease.release();
    });
    first.release();
    await Promise.all(waiting);
    expect(served).toEqual(['second', 'third']);
  });

  it('forgets a waiting client that goes away, and frees its place in line', async () => {
    const pool = createSlotPool(['a'], 1);
    const first = await pool.acquire(any, never);
    const client = new AbortController();
    const waiting = pool.acquire(any, client.signal);
    client.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(pool.waiting()).toBe(0);
    first.release();
    expect(pool.running()).toBe(0);
  });

  it('refuses a client that is gone already', async () => {
    const pool = createSlotPool(['a'], 1);
    await expect(pool.acquire(any, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(pool.running()).toBe(0);
  });

  it('is not confused by a second release after the slot went to somebody else', async () => {
    const pool = createSlotPool(['a'], 1);
    const first = await pool.acquire(any, never);
    first.release();
    await pool.acquire(any, never);
    first.release();
    expect(pool.running()).toBe(1);
  });
});
