import type { LlamaContextSequence, Token } from 'node-llama-cpp';
import { KINDS } from './model/grammar';
import { createVocabulary } from './model/vocabulary';
import { createTokenTexts, type TokenText } from './tokenTexts';

/** How tokens are drawn; OpenAI's meanings. */
export interface Sampling {
  temperature: number;
  topP: number;
  topK: number;
  minP: number;
  frequencyPenalty: number;
  presencePenalty: number;
  seed: number;
  /** Added to the logits of these tokens. */
  bias: ReadonlyMap<number, number>;
  /** A GBNF grammar that the text must follow from its first character to its last. */
  grammar: string | null;
  /** How many of the likeliest tokens are reported beside each drawn one; null: no probabilities at all. */
  alternatives: number | null;
}

/** A token with the natural logarithm of its probability. */
export interface TokenChance {
  token: number;
  logprob: number;
}

/** A token that was drawn; its chance and those of the likeliest ones are what it was drawn from. */
export interface DrawnToken extends TokenChance {
  top: TokenChance[];
}

/** One sequence of the context: it runs one request at a time and remembers the tokens of the last one. */
export interface Slot {
  /** Requests with this salt may reuse what is cached here; null: nobody may. */
  salt: string | null;
  sequence: LlamaContextSequence;
}

export interface Runtime {
  readonly contextLength: number;
  readonly slots: readonly Slot[];
  /** Null for a model whose texts begin with no token of their own. */
  readonly beginToken: number | null;
  readonly endToken: number;
  readonly vocabularySize: number;
  /** A text of more bytes cannot fit the context, however well it is tokenized. */
  readonly promptMaxBytes: number;
  /**
   * Text as plain tokens, begin-of-sequence in front: control tokens in a prompt have no effect. Blocks the process for
   * longer than the text grows, so the caller checks `promptMaxBytes` first.
   */
  promptTokens(text: string): number[];
  readonly detokenize: (tokens: readonly number[]) => string;
  /** One token alone. */
  readonly tokenText: (token: number) => TokenText;
  /** Tokens of the prompt that are cached in the slot for this salt. */
  cachedTokens(slot: Slot, prompt: readonly number[], salt: string | null): number;
  /** Generates without end. Reports the cached tokens it used before the first one is drawn. */
  generate(
    slot: Slot,
    prompt: readonly number[],
    salt: string | null,
    sampling: Sampling,
    onCached: (cachedTokens: number) => void,
  ): AsyncGenerator<DrawnToken, void>;
  /** The chance of each token of the prompt, given those before it; none for the first. Empties the slot's cache. */
  score(slot: Slot, prompt: readonly number[], alternatives: number): Promise<(DrawnToken | null)[]>;
  embed(tokens: readonly number[]): Promise<number[]>;
  close(): Promise<void>;
}

/** What OpenAI writes for a token that cannot occur. */
const IMPOSSIBLE_LOGPROB = -9_999;
/** At this bias, OpenAI's lowest, a token is banned. */
const BANNED_BIAS = -100;

interface Scored {
  token: Token;
  /** The likeliest token first. */
  probabilities?: ReadonlyMap<Token, number>;
}

/** Frequency and presence count over this many tokens back. */
const PENALTY_WINDOW_TOKENS = 4_096;

/**
 * Loads llama.cpp and a model on the CPU. One thread: the model is so small that a second one only waits for the
 * first, and on a busy machine the two wait for the scheduler (measured: 1,900 tokens/s against 2). One thread also
 * keeps the order of additions, and so the output, the same.
 */
export async function loadRuntime(modelPath: string, slotCount: number): Promise<Runtime> {
  const { getLlama, LlamaLogLevel, LlamaGrammarEvaluationState, TokenBias } = await import('node-llama-cpp');
  const llama = await getLlama({
    build: 'never',
    gpu: false,
    maxThreads: 1,
    logLevel: LlamaLogLevel.error,
    progressLogs: false,
  });
  const model = await llama.loadModel({ modelPath });
  const contextLength = model.trainContextSize;
  const options = { contextSize: contextLength, threads: 1, flashAttention: false };
  const embedder = await model.createEmbeddingContext({ contextSize: contextLength, threads: 1 });
  // A context each: in one batch with others a request's additions come in another order, and so may its words.
  const slots: Slot[] = [];
  for (let n = 0; n < slotCount; n++) {
    const context = await model.createContext({ ...options, sequences: 1 });
    slots.push({ salt: null, sequence: context.getSequence() });
  }
  const begin = model.tokens.bos === null ? [] : [model.tokens.bos];
  const pieces = [...model.iterateAllTokens()].map((token) => model.detokenize([token], true));
  const vocabulary = createVocabulary();
  const endToken = model.tokens.eos ?? -1;

  const cachedTokens: Runtime['cachedTokens'] = ({ salt: owner, sequence }, prompt, salt) => {
    if (salt === null || salt !== owner) return 0;
    // The last token is always evaluated: its logits are what the first answer token is drawn from.
    return sequence.compareContextTokens(prompt.slice(0, -1) as Token[]).firstDifferentIndex;
  };

  return {
    contextLength,
    slots,
    beginToken: model.tokens.bos,
    endToken,
    vocabularySize: pieces.length,
    promptMaxBytes: contextLength * Math.max(...pieces.map((piece) => Buffer.byteLength(piece))),
    promptTokens: (text) => [...begin, ...model.tokenize(text)],
    detokenize: (tokens) => model.detokenize(tokens as readonly Token[]),
    tokenText: createTokenTexts(
      (token) => model.detokenize([token as Token], true),
      (token) => vocabulary[token]?.text,
    ),
    cachedTokens,
    async *generate(slot, prompt, salt, sampling, onCached) {
      const { sequence } = slot;
      const reusable = prompt.slice(0, cachedTokens(slot, prompt, salt));
      slot.salt = null;
      if (reusable.length === 0) await sequence.clearHistory();
      else await sequence.adaptStateToTokens(reusable as Token[], false);
      const cached = sequence.nextTokenIndex;
      onCached(cached);

      const drawn: Token[] = [];
      const { frequencyPenalty, presencePenalty, bias, grammar, alternatives, ...rest } = sampling;
      const penalised = frequencyPenalty !== 0 || presencePenalty !== 0;
      const tokenBias = TokenBias.for(model);
      for (const [token, logit] of bias) {
        tokenBias.set(token as Token, logit <= BANNED_BIAS ? 'never' : { logit });
      }
      const grammarState = grammar === null ? null : await llama.createGrammar({ grammar });
      const metadata = { probabilities: alternatives !== null };
      const tokens: AsyncIterable<Scored> = sequence.evaluateWithMetadata(
        prompt.slice(cached) as Token[],
        metadata,
        {
          ...rest,
          yieldEogToken: true,
          ...(bias.size > 0 && { tokenBias }),
          ...(grammarState && {
            grammarEvaluationState: new LlamaGrammarEvaluationState({ model, grammar: grammarState }),
          }),
          ...(penalised && {
            repeatPenalty: {
              punishTokens: () => drawn.slice(-PENALTY_WINDOW_TOKENS),
              maxPunishTokens: PENALTY_WINDOW_TOKENS,
              penalty: 1,
              frequencyPenalty,
              presencePenalty,
            },
          }),
        },
      );
      try {
        for await (const { token, probabilities } of tokens) {
          if (penalised) drawn.push(token);
          yield drawnToken(token, probabilities, alternatives ?? 0);
        }
      } finally {
        slot.salt = salt;
      }
    },
    async score(slot, prompt, alternatives) {
      const { sequence } = slot;
      slot.salt = null;
      await sequence.clearHistory();
      const ask = { generateNext: { probabilities: true } };
      const scored = await sequence.controlledEvaluate(prompt.map((token) => [token as Token, ask]));
      return prompt.map((token, at) => {
        const probabilities = at === 0 ? undefined : scored[at - 1]?.next.probabilities;
        return probabilities ? drawnToken(token, probabilities, alternatives) : null;
      });
    },
    async embed(tokens) {
      const { vector } = await embedder.getEmbeddingFor(tokens as Token[]);
      // What a text is about comes first, so that a shortened embedding still tells texts apart; the kind of its last word
      // comes last.
      return unitLength([...vector.slice(KINDS.length), ...vector.slice(0, KINDS.length)]);
    },
    close: () => llama.dispose(),
  };
}

function drawnToken(token: number, probabilities: Scored['probabilities'], alternatives: number): DrawnToken {
  const logprob = (probability = 0): number => (probability > 0 ? Math.log(probability) : IMPOSSIBLE_LOGPROB);
  const top: TokenChance[] = [];
  for (const [other, probability] of probabilities ?? []) {
    if (top.length >= alternatives || probability === 0) break;
    top.push({ token: other, logprob: logprob(probability) });
  }
  return { token, logprob: logprob(probabilities?.get(token as Token)), top };
}

export function unitLength(vector: readonly number[]): number[] {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}
