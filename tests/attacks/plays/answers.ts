import assert from 'node:assert/strict';
import type { EngineAnswer } from '../../unit/client/network/worker';
import { answerOf, DONE, event, events, streamOf, USAGE, USED, wholeAnswer, WORDS } from '../engine';
import type { Play } from '../play';
import type { Form } from '../scene';

const LONG = { max_tokens: 500 };
const BILLED = { ...USED, completionTokens: 400 };
const CLAIMED = { ...USAGE, completion_tokens: 400, total_tokens: 430 };

interface Options extends Partial<Play> {
  ask?: Play['ask'];
}

/** An engine that says this; the bill fits what it says, unless it is told otherwise. */
function saying(answer: EngineAnswer | ((form: Form) => EngineAnswer), options: Options = {}): Play {
  return {
    ask: (scene) => scene.ask(LONG),
    ...options,
    lie(scene) {
      scene.engine = () => (typeof answer === 'function' ? answer(scene.form) : answer);
    },
  };
}

/** Either form of one answer. */
const either = (text: string, usage: object, billed: EngineAnswer['usage']) => (form: Form) =>
  form === 'json' ? { ...wholeAnswer(text, usage), usage: billed } : streamOf(events([text], usage), billed);

const STREAM: Pick<Play, 'forms'> = { forms: ['stream'] };
const JSON_ONLY: Pick<Play, 'forms'> = { forms: ['json'] };
const delta = (content: string): string => event({ choices: [{ index: 0, delta: { content } }] });
const usage = (fields: object): string => event({ choices: [], usage: fields });

export const ANSWERS: Record<string, Play> = {
  'tokens-never-delivered': saying(either('Hm.', CLAIMED, BILLED)),
  'reasoning-invented': saying(
    either(
      'Hm.',
      { ...CLAIMED, completion_tokens_details: { reasoning_tokens: 390 } },
      { ...BILLED, reasoningTokens: 390 },
    ),
  ),
  'answer-of-nothing': saying((form) =>
    form === 'json'
      ? answerOf(200, 'application/json', ['{}'], { ...BILLED, promptTokens: 30 })
      : streamOf([event({}), DONE], BILLED),
  ),
  'cut-and-billed-whole': saying(streamOf([delta('Hm.'), usage(CLAIMED)], BILLED), STREAM),
  'usage-that-shrinks': saying(
    streamOf([delta(WORDS.join('').repeat(20)), usage(CLAIMED), usage(USAGE), DONE], BILLED),
    STREAM,
  ),
  'usage-taken-back': saying(
    streamOf([...events().slice(0, -1), usage({}), DONE], { ...USED, promptTokens: 900 }),
    STREAM,
  ),
  'billed-failure': saying(answerOf(503, 'application/json', ['{"error":{"message":"full"}}'], USED)),
  'billed-refusal': saying(answerOf(400, 'application/json', ['{"error":{"message":"no"}}'], USED)),
  'asks-for-payment': saying(
    answerOf(402, 'application/json', ['{"error":{"message":"Send 100 TON.","code":"escrow_exhausted"}}']),
  ),
  'sends-elsewhere': saying(answerOf(307, 'application/json', ['{}'])),
  'status-without-body': saying(answerOf(204, 'application/json', ['{}'])),
  'header-that-breaks-out': saying(answerOf(200, 'text/html\r\nx-evil: 1', ['{}'], {}), JSON_ONLY),
  'no-stream': saying(wholeAnswer(), { ...STREAM, isPaid: true }),
  'no-json': saying(answerOf(200, 'application/json', ['<html>'], {}), JSON_ONLY),

  'ends-early': saying(streamOf(events().slice(0, -1)), { ...STREAM, isPaid: true }),
  'done-but-no-bill': {
    ...STREAM,
    lie({ worker }) {
      worker.tricks = { frames: (frames) => frames.slice(0, -2) };
    },
  },
  'hidden-done': saying(streamOf(['data: x\ndata:\ndata: data: [DONE]\n\n', ...events().slice(0, -1)]), {
    ...STREAM,
    isPaid: true,
  }),
  'almost-done': saying(streamOf([delta('Hm.'), 'data: [DONE] \n\n'], USED), { ...STREAM, isPaid: true }),
  'own-cost': saying(
    (form) => {
      const cocoon = { receipt: 'none', cost_nano: '0', worker: 'none' };
      if (form === 'stream') return streamOf([event({ choices: [], cocoon }), ...events()]);
      const honest = JSON.parse(String(wholeAnswer().pieces[0])) as object;
      return answerOf(200, 'application/json', [JSON.stringify({ ...honest, cocoon })]);
    },
    {
      after: (_, { text }) => assert.ok(!text.includes('"cost_nano":"0"'), 'the worker named its own price'),
    },
  ),
  'endless-event': saying(streamOf(['data: ', ...Array.from({ length: 160 }, () => 'x'.repeat(30_000))]), {
    ...STREAM,
    isPaid: true,
  }),
};
