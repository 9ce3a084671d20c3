import type { RequestPlaintext } from '../../../../src/channel';
import type { EngineAnswer } from './worker';

const WORDS = ['Hel', 'lo', ' wor', 'ld'];
const USAGE = { promptTokens: 10, cachedTokens: 2, completionTokens: 4 };
const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };

/** Answers "Hello world" in whichever form was asked for. */
export function talkativeEngine(request: RequestPlaintext): EngineAnswer {
  const body = JSON.parse(request.body.toString()) as { stream?: boolean };
  if (request.head.path === '/v1/embeddings') {
    const data = [{ object: 'embedding', index: 0, embedding: [0.5, -0.5] }];
    return json(
      { object: 'list', model: 'tiny', data, usage: { prompt_tokens: 3, total_tokens: 3 } },
      { promptTokens: 3 },
    );
  }
  const isChat = request.head.path === '/v1/chat/completions';
  if (!body.stream) {
    const choice = isChat
      ? { message: { role: 'assistant', content: WORDS.join('') } }
      : { text: WORDS.join('') };
    const object = isChat ? 'chat.completion' : 'text_completion';
    return json(
      {
        id: 'c1',
        object,
        created: 1,
        model: 'tiny',
        choices: [{ index: 0, finish_reason: 'stop', ...choice }],
        usage,
      },
      USAGE,
    );
  }
  const chunk = (fields: object): string =>
    `data: ${JSON.stringify({ id: 'c1', object: isChat ? 'chat.completion.chunk' : 'text_completion', created: 1, model: 'tiny', ...fields })}\n\n`;
  const delta = (text: string): object => (isChat ? { delta: { content: text } } : { text });
  return {
    status: 200,
    contentType: 'text/event-stream',
    pieces: [
      ...WORDS.map((word) => chunk({ choices: [{ index: 0, ...delta(word), finish_reason: null }] })),
      chunk({ choices: [{ index: 0, ...delta(''), finish_reason: 'stop' }] }),
      chunk({ choices: [], usage }),
      'data: [DONE]\n\n',
    ],
    usage: USAGE,
  };
}

export function json(body: unknown, used: EngineAnswer['usage'], status = 200): EngineAnswer {
  return { status, contentType: 'application/json', pieces: [JSON.stringify(body)], usage: used };
}
