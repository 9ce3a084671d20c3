import fc from 'fast-check';
import { createStopFilter, createTokenJoiner } from '../../../src/engine/text';

/** Tokens that are single bytes, as a vocabulary with byte fallback has them. */
const bytesToText = (tokens: readonly number[]): string => Buffer.from(tokens).toString('utf8');

describe('token joiner', () => {
  it('gives a character out only when all its bytes are there', () => {
    const joiner = createTokenJoiner(bytesToText);
    expect([...Buffer.from('a🌊é')].map((byte) => joiner.push(byte))).toEqual([
      'a',
      '',
      '',
      '',
      '🌊',
      '',
      'é',
    ]);
    expect(joiner.flush()).toBe('');
  });

  it('joins every text to itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const whole = Buffer.from(text).toString('utf8');
        const joiner = createTokenJoiner(bytesToText);
        const parts = [...Buffer.from(whole)].map((byte) => joiner.push(byte));
        expect(parts.join('') + joiner.flush()).toBe(whole);
      }),
    );
  });

  it('does not hold broken bytes back for ever', () => {
    const joiner = createTokenJoiner(bytesToText);
    const parts = [0xff, 0xff, 0xff, 0xff].map((byte) => joiner.push(byte));
    expect(parts).toEqual(['', '', '', '\ufffd\ufffd\ufffd\ufffd']);
  });

  it('gives up what is held when the answer ends inside a character', () => {
    const joiner = createTokenJoiner(bytesToText);
    expect(joiner.push(0xc3)).toBe('');
    expect(joiner.flush()).toBe('\ufffd');
  });
});

describe('stop filter', () => {
  const run = (stops: string[], parts: string[]): { text: string; stopped: boolean } => {
    const filter = createStopFilter(stops);
    let text = '';
    for (const part of parts) {
      const step = filter.push(part);
      text += step.text;
      if (step.stopped) return { text, stopped: true };
    }
    return { text: text + filter.flush(), stopped: false };
  };

  it('ends at a stop string that is spread over pieces', () => {
    expect(run(['END'], ['one E', 'N', 'D two'])).toEqual({ text: 'one ', stopped: true });
  });

  it('ends at the first of several stop strings', () => {
    expect(run(['two', 'one'], ['zero one two'])).toEqual({ text: 'zero ', stopped: true });
  });

  it('gives out what only looked like a stop string', () => {
    expect(run(['END'], ['one E', 'Nothing', ' EN'])).toEqual({ text: 'one ENothing EN', stopped: false });
  });

  it('never lets any part of a stop string out, however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 })), (parts) => {
        const whole = parts.join('');
        const at = whole.indexOf('aba');
        expect(run(['aba'], parts)).toEqual({ text: at < 0 ? whole : whole.slice(0, at), stopped: at >= 0 });
      }),
    );
  });
});
