import { CocoonError } from '../../../src/protocol/errors';
import { generatedTextBytes } from '../../../src/protocol/generatedText';
import { refusalOf, smoothed } from '../../../src/worker/engineReply';

const MODEL = { id: 'tiny', engineModel: 'engine-tiny' };

describe("an engine's answer", () => {
  it('bears the name of the model that the worker offers', () => {
    expect(smoothed({ model: 'engine-tiny', choices: [] }, MODEL)).toEqual({ model: 'tiny', choices: [] });
    expect(smoothed({ model: 'tiny' }, { id: 'tiny', engineModel: 'tiny' })).toBeNull();
    expect(smoothed({ choices: [] }, MODEL)).toBeNull();
    expect(smoothed('text', MODEL)).toBeNull();
  });

  it.each(['message', 'delta'])('has arguments of calls as strings, in every %s', (part) => {
    const call = (given: unknown) => ({
      id: 'c',
      type: 'function',
      function: { name: 'look', arguments: given },
    });
    const choice = (given: unknown) => ({ index: 0, [part]: { tool_calls: [call('{"a":1}'), call(given)] } });
    const answer = { choices: [choice({ at: 'pond' }), { index: 1, [part]: { content: 'x' } }] };
    expect(smoothed(answer, { id: 'a', engineModel: 'a' })).toEqual({
      choices: [choice('{"at":"pond"}'), answer.choices[1]],
    });
    expect(smoothed({ choices: [choice('{}')] }, { id: 'a', engineModel: 'a' })).toBeNull();
  });

  it('counts as text what the model wrote, never what repeats it', () => {
    const logprobs = { content: [{ token: 'hello', logprob: -0.1, bytes: [104], top_logprobs: [] }] };
    expect(generatedTextBytes({ choices: [{ index: 0, message: { content: 'hello' }, logprobs }] })).toBe(5);
    const calls = [{ id: 'call_123', type: 'function', function: { name: 'look', arguments: '{}' } }];
    expect(generatedTextBytes({ choices: [{ message: { role: 'assistant', tool_calls: calls } }] })).toBe(6);
    expect(generatedTextBytes({ choices: [{ delta: { content: 'é' } }, { delta: { content: 'a' } }] })).toBe(
      3,
    );
    expect(generatedTextBytes({ data: [{ embedding: 'AAAA' }] })).toBeNull();
  });
});

describe("an engine's refusal", () => {
  const ours = { message: 'No tools here.', type: 'invalid_request_error', param: 'tools', code: 'no_tools' };

  it.each<[string, unknown, object]>([
    ["OpenAI's", { error: ours }, ours],
    ["an older vLLM's", { object: 'error', ...ours, code: 400 }, { ...ours, code: 'invalid_request' }],
    ["FastAPI's", { detail: 'Bad file' }, { message: 'Bad file', param: null, code: 'invalid_request' }],
    ['that of a proxy', null, { message: 'The engine refused the request (422).', param: null }],
  ])('in %s words is told in one shape', (_, json, told) => {
    const { error } = refusalOf(422, json);
    expect(error).toMatchObject(told);
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
  });

  it.each([
    [500, 'worker_failed'],
    [502, 'worker_failed'],
    [503, 'worker_busy'],
    [504, 'engine_timeout'],
    [401, 'worker_failed'],
    [404, 'worker_failed'],
  ])("of status %p is the worker's fault", (status, code) => {
    expect(() => refusalOf(status, {})).toThrow(expect.objectContaining({ code }) as CocoonError);
  });

  it.each([400, 413, 415, 422, 429])('of status %p is the answer', (status) => {
    expect(refusalOf(status, {}).error['code']).toBe('invalid_request');
  });
});
