import type { RequestPlaintext } from '../../src/channel';
import type { EngineAnswer } from '../unit/client/network/worker';

/** Words that must never be seen in the open, nor in the caller's log: in each prompt, and in each answer. */
export const PROMPT_SECRET = 'žlutý heron of Königsberg ž';
export const ANSWER_SECRET = 'žlutý marmot of Þingvellir ž';

export const WORDS = ['The', ' answer', ' is ', ANSWER_SECRET];
export const USED = { promptTokens: 30, cachedTokens: 10, completionTokens: 12 };
export const USAGE = {
  prompt_tokens: USED.promptTokens,
  completion_tokens: USED.completionTokens,
  total_tokens: USED.promptTokens + USED.completionTokens,
  prompt_tokens_details: { cached_tokens: USED.cachedTokens },
  completion_tokens_details: { reasoning_tokens: 0 },
};

/** What an honest engine says, as one answer or as events; the usage may be another. */
export function wholeAnswer(text: string = WORDS.join(''), usage: object = USAGE): EngineAnswer {
  const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: text } }];
  const body = { id: 'c1', object: 'chat.completion', created: 1, model: 'tiny', choices, usage };
  return answerOf(200, 'application/json', [JSON.stringify(body)]);
}

export function events(words: readonly string[] = WORDS, usage: object = USAGE): string[] {
  const choice = (delta: object, reason: string | null): object => ({
    index: 0,
    delta,
    finish_reason: reason,
  });
  return [
    ...words.map((content) => event({ choices: [choice({ content }, null)] })),
    event({ choices: [choice({}, 'stop')] }),
    event({ choices: [], usage }),
    DONE,
  ];
}

export const DONE = 'data: [DONE]\n\n';

export function event(fields: object): string {
  const common = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'tiny' };
  return `data: ${JSON.stringify({ ...common, ...fields })}\n\n`;
}

export function answerOf(
  status: number,
  contentType: string,
  pieces: string[],
  usage: EngineAnswer['usage'] = status === 200 ? USED : {},
): EngineAnswer {
  return { status, contentType, pieces, usage };
}

export function streamOf(pieces: string[], usage: EngineAnswer['usage'] = USED): EngineAnswer {
  return answerOf(200, 'text/event-stream', pieces, usage);
}

export function honestEngine(request: RequestPlaintext): EngineAnswer {
  return isStream(request) ? streamOf(events()) : wholeAnswer();
}

export function isStream(request: RequestPlaintext): boolean {
  return (JSON.parse(request.body.toString()) as { stream?: boolean }).stream === true;
}
