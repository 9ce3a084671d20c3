import { createCoalescer, type Timers } from '../../../src/channel';

/** Timers that fire when told to. */
function manualTimers(): Timers<number> & { fire(): void; delays: number[] } {
  const pending = new Map<number, () => void>();
  const delays: number[] = [];
  let next = 0;
  return {
    delays,
    set(callback, delayMs) {
      delays.push(delayMs);
      pending.set(++next, callback);
      return next;
    },
    clear: (timer) => pending.delete(timer),
    fire() {
      const due = [...pending.values()];
      pending.clear();
      due.forEach((callback) => callback());
    },
  };
}

function setup(options: { maxEvents?: number; maxBytes?: number } = {}) {
  const out: string[] = [];
  const timers = manualTimers();
  const coalescer = createCoalescer({ flush: (joined) => out.push(joined.toString()), timers, ...options });
  const push = (text: string) => coalescer.push(Buffer.from(text));
  return { out, timers, coalescer, push };
}

describe('the coalescer', () => {
  it('lets the first event go at once and holds later ones for at most 40 ms', () => {
    const { out, timers, push } = setup();
    push('a');
    expect(out).toEqual(['a']);
    push('b');
    push('c');
    expect(out).toEqual(['a']);
    expect(timers.delays).toEqual([40]);
    timers.fire();
    expect(out).toEqual(['a', 'bc']);
  });

  it('flushes the eighth waiting event without waiting, and not the seventh', () => {
    const { out, push } = setup();
    push('a');
    for (let i = 0; i < 7; i++) push('x');
    expect(out).toEqual(['a']);
    push('x');
    expect(out).toEqual(['a', 'xxxxxxxx']);
  });

  it('flushes when bytes reach the bound, and not one below', () => {
    const { out, push } = setup({ maxBytes: 4 });
    push('a');
    push('bcd');
    expect(out).toEqual(['a']);
    push('e');
    expect(out).toEqual(['a', 'bcde']);
  });

  it('starts a new timer after a flush and none when nothing waits', () => {
    const { out, timers, coalescer, push } = setup();
    push('a');
    push('b');
    coalescer.flush();
    coalescer.flush();
    timers.fire();
    expect(out).toEqual(['a', 'b']);
    push('c');
    coalescer.close();
    timers.fire();
    expect(out).toEqual(['a', 'b', 'c']);
  });
});
