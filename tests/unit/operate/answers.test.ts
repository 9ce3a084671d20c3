import { createAnswers } from '../../../src/operate/answers';

const silent = (question: string): Promise<string> => Promise.reject(new Error(`asked: ${question}`));

test('an argument wins over the environment, the environment over a question', async () => {
  const env = { COCOON_MIN_STAKE: '2', COCOON_INDEX: '7' };
  const answers = createAnswers(['minStake=3'], env, () => Promise.resolve('9'));
  expect(await answers.coins('minStake', 'Stake')).toBe(3_000_000_000n);
  expect(await answers.integer('index', 'Index')).toBe(7);
  expect(await answers.integer('salt', 'Salt')).toBe(9);
});

test('an empty answer takes the fallback, and is refused where there is none', async () => {
  const answers = createAnswers([], {}, () => Promise.resolve(' '));
  expect(await answers.integer('salt', 'Salt', 4)).toBe(4);
  await expect(answers.text('name', 'Name')).rejects.toThrow('name needs a value');
});

test('with COCOON_ASK=never only what has no fallback is asked', async () => {
  const answers = createAnswers([], { COCOON_ASK: 'never' }, silent);
  expect(await answers.text('name', 'Name', 'tiny')).toBe('tiny');
  await expect(answers.text('name', 'Name')).rejects.toThrow('asked: Name');
});

test.each([
  ['coins', 'amount=1,5', 'amount cannot be "1,5"'],
  ['coins', 'amount=1.0000000001', 'amount cannot be'],
  ['integer', 'amount=-1', 'amount cannot be "-1"'],
  ['address', 'amount=EQ', 'amount cannot be "EQ"'],
] as const)('%s: "%s" is refused', async (kind, arg, message) => {
  const answers = createAnswers([arg], {}, silent);
  await expect(answers[kind]('amount', 'Amount')).rejects.toThrow(message);
});

test('bytes have their size, with or without 0x', async () => {
  const read = (value: string) => createAnswers([`key=${value}`], {}, silent).bytes('key', 'Key', 2);
  expect(await read('00ff')).toEqual(Buffer.from([0, 255]));
  expect(await read('0x00FF')).toEqual(Buffer.from([0, 255]));
  await expect(read('00f')).rejects.toThrow('key cannot be');
  await expect(read('00ffaa')).rejects.toThrow('key cannot be');
  await expect(read('zzff')).rejects.toThrow('key cannot be');
});

test('an argument that is no name=value, or that nobody asked for, is refused', async () => {
  expect(() => createAnswers(['amount'], {}, silent)).toThrow('not of the form name=value');
  const answers = createAnswers(['amount=1', 'ammount=2'], {}, silent);
  await answers.coins('amount', 'Amount');
  expect(() => answers.finish()).toThrow('ammount is not known here');
});
