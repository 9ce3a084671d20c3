import { nano } from '../../../src/protocol/amounts';
import { jobFee } from '../../../src/protocol/price';
import { textBytesOf, usageOf } from '../../../src/worker/engineReply';
import {
  affordableTokens,
  billWithin,
  boundedUsage,
  NO_USAGE,
  type Evidence,
} from '../../../src/worker/metering';

const PRICES = {
  promptPrice: 1_000_000n,
  cachedPrice: 500_000n,
  completionPrice: 2_000_000n,
  audioPrice: 0n,
};
const SEEN: Evidence = {
  requestBytes: 400,
  deliveredTextBytes: 100,
  maxTokens: 50,
  choices: 1,
  audioMs: 0,
  complete: true,
};
const COUNTS = { promptTokens: 90, cachedTokens: 10, completionTokens: 20, reasoningTokens: 5 };
const REPORTED = { ...COUNTS, audioSeconds: null };

describe('worker meters a job', () => {
  it('worker bills the usage that the engine reported', () => {
    expect(boundedUsage(REPORTED, SEEN)).toEqual({ ...COUNTS, audioMs: 0 });
  });

  it.each([
    ['more completion tokens than max_tokens', { ...SEEN, maxTokens: 19 }, 19],
    ['exactly max_tokens', { ...SEEN, maxTokens: 20 }, 20],
    ['more tokens than the delivered bytes and the end mark hold', { ...SEEN, deliveredTextBytes: 3 }, 19],
    ['as many as they hold', { ...SEEN, deliveredTextBytes: 4 }, 20],
    ['an end mark that a cut answer did not have', { ...SEEN, deliveredTextBytes: 4, complete: false }, 4],
  ])('worker never bills %s', (_name, seen, completionTokens) => {
    expect(boundedUsage(REPORTED, seen).completionTokens).toBe(completionTokens);
  });

  it('worker multiplies max_tokens by the number of answers', () => {
    const many = { ...REPORTED, completionTokens: 99 };
    expect(boundedUsage(many, { ...SEEN, choices: 2, deliveredTextBytes: 500 }).completionTokens).toBe(99);
    expect(boundedUsage(many, { ...SEEN, choices: 1, deliveredTextBytes: 500 }).completionTokens).toBe(50);
  });

  it('worker bounds the prompt by the bytes of the request and a template', () => {
    const most = SEEN.requestBytes + 1_024;
    expect(boundedUsage({ ...REPORTED, promptTokens: most }, SEEN).promptTokens).toBe(most);
    expect(boundedUsage({ ...REPORTED, promptTokens: most + 1 }, SEEN).promptTokens).toBe(most);
  });

  it('worker keeps cached tokens within the prompt and reasoning within the completion', () => {
    const usage = boundedUsage({ ...REPORTED, cachedTokens: 91, reasoningTokens: 21 }, SEEN);
    expect(usage).toMatchObject({ cachedTokens: 90, reasoningTokens: 20 });
  });

  it.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])(
    'worker takes a count of %p for none',
    (completionTokens) => {
      expect(boundedUsage({ ...REPORTED, completionTokens }, SEEN).completionTokens).toBe(0);
    },
  );

  it('worker bills nothing for an answer that broke off before its first word, whatever the engine reported', () => {
    const usage = boundedUsage(REPORTED, { ...SEEN, deliveredTextBytes: 0, complete: false });
    expect(jobFee(PRICES, usage)).toBe(0n);
  });

  it('worker takes delivered bytes, never chunks, where the engine reported nothing', () => {
    const usage = boundedUsage(null, { ...SEEN, complete: false });
    expect(usage).toMatchObject({ promptTokens: 100, completionTokens: 25, cachedTokens: 0 });
  });
});

describe('worker meters a sound', () => {
  const sound: Evidence = { ...SEEN, requestBytes: 0, maxTokens: 0, audioMs: 2_345 };

  it('worker bills its milliseconds, and no tokens whatever the engine counted', () => {
    const bill = { ...NO_USAGE, audioMs: 2_345 };
    expect(boundedUsage(null, sound)).toEqual(bill);
    expect(boundedUsage(REPORTED, sound)).toEqual(bill);
  });

  it.each([
    [2.344, 2_344],
    [2.3441, 2_345],
    [2.345, 2_345],
    [3, 2_345],
    [0, 0],
    [-1, 2_345],
    [Number.NaN, 2_345],
  ])('engine that heard %p seconds makes it %p milliseconds: it may only lower them', (seconds, audioMs) => {
    expect(boundedUsage({ ...REPORTED, audioSeconds: seconds }, sound).audioMs).toBe(audioMs);
  });

  it('worker bills nothing for a transcript that was cut off before it went out, and all of one that was out', () => {
    const cut = { ...sound, complete: false };
    expect(boundedUsage(null, { ...cut, deliveredTextBytes: 0 })).toEqual(NO_USAGE);
    expect(boundedUsage(null, { ...cut, deliveredTextBytes: 20 }).audioMs).toBe(2_345);
  });

  it('an engine tells of seconds in the usage of a duration only', () => {
    expect(usageOf({ usage: { type: 'duration', seconds: 2 } })).toMatchObject({ audioSeconds: 2 });
    expect(usageOf({ usage: { type: 'tokens', seconds: 2 } })).toMatchObject({ audioSeconds: null });
  });
});

describe('worker keeps the bill within the ticket', () => {
  const usage = { ...COUNTS, audioMs: 0 };
  const fee = jobFee(PRICES, usage);

  it('worker bills in full at exactly the maximum, and takes tokens off one nanoton below', () => {
    expect(billWithin(PRICES, usage, fee)).toEqual({ usage, fee });
    const less = billWithin(PRICES, usage, fee - 1n);
    expect(less.fee).toBeLessThanOrEqual(fee - 1n);
    expect(less.usage.completionTokens).toBe(19);
  });

  it.each([0n, 1n, 7n, 40n, 84n, 100n, 123n])(
    'worker states counts that make exactly the fee, at a maximum of %p',
    (max) => {
      const bill = billWithin(PRICES, usage, max);
      expect(bill.fee).toBeLessThanOrEqual(max);
      expect(jobFee(PRICES, bill.usage)).toBe(bill.fee);
      expect(bill.usage.cachedTokens).toBeLessThanOrEqual(bill.usage.promptTokens);
      expect(bill.usage.reasoningTokens).toBeLessThanOrEqual(bill.usage.completionTokens);
    },
  );

  it('worker allows as many tokens as the maximum pays for, and none when it pays for none', () => {
    const request = { requestBytes: 40, choices: 1, wanted: 100 };
    // Ten prompt tokens cost 10 nanotons, each completion token 2.
    expect(affordableTokens(PRICES, request, nano(210))).toBe(100);
    expect(affordableTokens(PRICES, request, nano(209))).toBe(99);
    expect(affordableTokens(PRICES, request, nano(12))).toBe(1);
    expect(affordableTokens(PRICES, request, nano(11))).toBe(0);
  });
});

describe('what an engine says', () => {
  it('usage is read with its details, and absent details count as none', () => {
    const usage = {
      prompt_tokens: 9,
      completion_tokens: 4,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 1 },
    };
    const read = {
      promptTokens: 9,
      completionTokens: 4,
      cachedTokens: 3,
      reasoningTokens: 1,
      audioSeconds: null,
    };
    expect(usageOf({ usage })).toEqual(read);
    const bare = { prompt_tokens: 9, completion_tokens: 4, prompt_tokens_details: null };
    expect(usageOf({ usage: bare })).toEqual({ ...read, cachedTokens: 0, reasoningTokens: 0 });
    expect(usageOf({ usage: null })).toBeNull();
    expect(usageOf(null)).toBeNull();
  });

  it('text is everything that the model wrote, in bytes', () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{}' } };
    expect(textBytesOf({ choices: [{ delta: { role: 'assistant', content: 'hé' } }] })).toBe(3);
    expect(
      textBytesOf({
        choices: [{ message: { content: null, reasoning_content: 'abc', tool_calls: [call] } }],
      }),
    ).toBe(9);
    expect(textBytesOf({ choices: [{ text: 'ab', logprobs: { tokens: ['a', 'b'] } }, { text: 'c' }] })).toBe(
      3,
    );
    expect(textBytesOf({ choices: [] })).toBe(0);
    expect(textBytesOf('text')).toBe(0);
  });
});
